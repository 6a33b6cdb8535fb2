"""The one broad catch: telemetry's own errors end here, counted, and never reach the application."""

import logging
from types import TracebackType

from toolboxai.telemetry.counters import counters

log = logging.getLogger(__name__)


class _Quietly:
    """``with quietly:`` swallows, counts and logs any error of the block.

    A class, not a generator: a type checker then knows that the block can be left early.
    ``strict`` makes it re-raise; tests set it, so that a swallowed bug fails them.
    """

    strict = False

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        counters.add("internal_errors")
        log.error(
            "telemetry failed, the application goes on: %s", type(error).__name__, exc_info=error
        )
        return not self.strict


quietly = _Quietly()
