"""SQLAlchemy, synchronous and asynchronous: every statement that a dialect hands to its driver.

The dialects' ``do_execute`` family is wrapped at the class. Engine events would do, but one listener
makes SQLAlchemy take its slower way for every statement of the process, also outside of requests. A
dialect that overrides one of the methods is wrapped there as well: those known already at once,
others when their first engine is made. An override that calls its base counts once.
"""

from collections.abc import Iterator, Mapping
from functools import wraps
from types import ModuleType
from typing import Any

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.instruments.calls import Choices
from toolboxai.telemetry.instruments.observing import Patches
from toolboxai.telemetry.instruments.queries import Queries, Query

_METHODS = ("do_execute", "do_executemany", "do_execute_no_params")


class SqlalchemyQueries(Queries):
    """``(dialect, cursor, statement, …)``."""

    def read(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> Query | None:
        """Return the statement and the dialect's name."""
        del options
        return Query(args[2], args[0].name)

    def count_rows(self, args: tuple[Any, ...], result: object) -> int | None:
        """Return the cursor's own count; drivers say -1 while they don't know."""
        del result
        rows = getattr(args[1], "rowcount", -1)
        return rows if isinstance(rows, int) and rows >= 0 else None


def observe(module: ModuleType, patches: Patches, choices: Choices) -> None:
    """Observe every dialect. ``module`` is ``sqlalchemy.engine.default``."""
    base: type = module.DefaultDialect
    observer = SqlalchemyQueries(choices)

    def observe_classes(classes: Iterator[type]) -> None:
        for dialect in classes:
            for method in _METHODS:
                patches.observe(dialect, method, observer)

    observe_classes(_family(base))
    initialise = vars(base)["__init__"]

    @wraps(initialise)
    def initialise_and_observe(self: object, *args: Any, **options: Any) -> None:  # noqa: ANN401
        with quietly:
            family = type(self).__mro__[: type(self).__mro__.index(base)]
            observe_classes(iter(family))
        initialise(self, *args, **options)

    patches.replace(base, "__init__", initialise_and_observe)


def _family(dialect: type) -> Iterator[type]:
    yield dialect
    children: list[type] = dialect.__subclasses__()
    for child in children:
        yield from _family(child)
