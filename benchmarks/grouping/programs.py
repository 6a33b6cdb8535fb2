"""Events of real failures: source is written to disk, run, and what it raises is captured by sentry_sdk.

A program is run in two releases, in two folders: in the second all lines have moved.
"""

import importlib.util
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import orjson
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.transport import Transport

from benchmarks.grouping.labelled import Event, Problems

RELEASES = ("shop@1.0.0", "shop@1.1.0")
# Its own "Task exception was never retrieved" would be one more event.
ignore_logger("asyncio")


class Recorder(Transport):
    """Keeps the events that the SDK would send."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the event of an envelope, as it would arrive."""
        event = envelope.get_event()
        if event:
            self.events.append(orjson.loads(orjson.dumps(event)))


@contextmanager
def recording(release: str, root: Path) -> Iterator[list[Event]]:
    """Collect what is captured inside the block."""
    recorder = Recorder()
    client = sentry_sdk.Client(
        dsn="http://key@127.0.0.1:9/1",
        transport=recorder,
        release=release,
        project_root=str(root),
        auto_enabling_integrations=False,
    )
    with sentry_sdk.isolation_scope() as isolation, sentry_sdk.new_scope() as scope:
        isolation.set_client(client)
        scope.set_client(client)
        yield recorder.events
    client.close()


def run(
    source: str, problems: Mapping[str, Sequence[str]], *, package: str, times: int = 2
) -> Problems:
    """Return what happens when a problem's expressions are evaluated in the module ``source``.

    ``{n}`` in an expression becomes another number each time.
    """
    found: Problems = {problem: [] for problem in problems}
    for number, release in enumerate(RELEASES):
        with tempfile.TemporaryDirectory() as folder, recording(release, Path(folder)) as events:
            module = _loaded(Path(folder), package, _moved(dedent(source), lines=7 * number))
            for problem, expressions in problems.items():
                for time in range(times):
                    for place, expression in enumerate(expressions):
                        n = 100 * number + 10 * time + place + 1
                        _fail(module, expression.replace("{n}", str(n)))
                        found[problem] += events
                        events.clear()
    return found


def _fail(module: ModuleType, expression: str) -> None:
    try:
        eval(expression, vars(module))  # noqa: S307 - our own expressions
    except Exception as error:  # noqa: BLE001 - whatever fails is what we want
        sentry_sdk.capture_exception(error)


def _moved(source: str, *, lines: int) -> str:
    """Return the source as a later release has it: more text before it, and between its parts."""
    notes = "".join(f"# release note {number}\n" for number in range(lines))
    return notes + source.replace("\n\n", "\n\n\n\n" if lines else "\n\n")


def _loaded(folder: Path, package: str, source: str) -> ModuleType:
    path = folder / f"{package.replace('.', '/')}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(package, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Classes and pickles look their module up by name.
    sys.modules[package] = module
    spec.loader.exec_module(module)
    return module
