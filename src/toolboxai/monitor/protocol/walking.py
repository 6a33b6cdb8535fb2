"""Going through all values below a container: no recursion, and no memory for each value."""

from collections.abc import Iterator
from typing import Any

Path = tuple[str, ...]


class Walk:
    """Yields (container, key, value). What the visitor puts in the value's place is gone into."""

    def __init__(self, root: dict[str, Any] | list[Any]) -> None:
        self._root = root
        self._trail: list[Any] = []
        self._key: Any = None

    @property
    def depth(self) -> int:
        """How many containers there are between the root and the value that was yielded last."""
        return len(self._trail)

    @property
    def path(self) -> Path:
        """Where the value is that was yielded last. Made only when asked for."""
        return (*map(str, self._trail), str(self._key))

    def __iter__(self) -> Iterator[tuple[Any, Any, Any]]:
        levels = [(self._root, _entries(self._root))]
        while levels:
            parent, entries = levels[-1]
            for self._key, value in entries:
                yield parent, self._key, value
                below = parent[self._key]
                if isinstance(below, (dict, list)):
                    self._trail.append(self._key)
                    levels.append((below, _entries(below)))
                    break
            else:
                levels.pop()
                del self._trail[-1:]


def _entries(container: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    # Both bear that a value is replaced while they are gone through.
    return iter(container.items() if isinstance(container, dict) else enumerate(container))
