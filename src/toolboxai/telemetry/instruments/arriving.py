"""Says when a library has been imported, without importing it."""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from toolboxai.telemetry.border import quietly

Welcome = Callable[[ModuleType], None]


class Arrivals(MetaPathFinder):
    """Stands first among Python's finders while it waits for a module; finds nothing itself."""

    def __init__(self) -> None:
        self._waiting: dict[str, Welcome] = {}

    def expect(self, name: str, welcome: Welcome) -> None:
        """Call ``welcome`` with the module ``name`` once it is imported: now, later or never."""
        module = sys.modules.get(name)
        if module is not None:
            with quietly:
                welcome(module)
            return
        self._waiting[name] = welcome
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def forget(self) -> None:
        """Wait for nothing any more."""
        self._waiting.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Let the others find what we wait for, and look over the loader's shoulder."""
        if fullname not in self._waiting:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None:
            with quietly:
                self._watch(spec)
        return spec

    def _watch(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        if loader is None or isinstance(loader, type):
            return  # namespace packages and frozen modules: no library comes like that
        load = loader.exec_module

        def load_and_welcome(module: ModuleType) -> None:
            load(module)
            with quietly:
                self._welcome(spec.name, module)

        # On the instance, which serves this one module; tools that look at the loader still find their own.
        setattr(loader, "exec_module", load_and_welcome)  # noqa: B010 - assigning is a type error

    def _welcome(self, name: str, module: ModuleType) -> None:
        welcome = self._waiting.pop(name, None)
        if welcome is not None:
            welcome(module)
