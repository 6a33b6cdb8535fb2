"""The one broad catch: telemetry's own errors end here, counted, and never reach the application."""

import logging
from contextlib import suppress
from threading import local
from time import monotonic
from types import TracebackType

from toolboxai.telemetry.counters import counters

log = logging.getLogger(__name__)

TELL_AGAIN_SECONDS = 60.0
MAX_PLACES = 100


class _Here(local):
    is_telling = False


class _Quietly:
    """``with quietly:`` swallows, counts and logs any error of the block.

    A class, not a generator: a type checker then knows that the block can be left early.
    ``strict`` makes it re-raise; tests set it, so that a swallowed bug fails them.
    """

    strict = False

    def __init__(self) -> None:
        self._told: dict[tuple[type[Exception], str, int], float] = {}
        self._here = _Here()

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
        with suppress(Exception):  # telling of it may fail as well
            self._tell(error)
        return not self.strict

    def _tell(self, error: Exception) -> None:
        """Count, and log the same only once a minute: what fails may do so in every request."""
        counters.add("internal_errors")
        # What sees log records is telemetry, too: if that fails, logging it would go on for ever.
        if self._here.is_telling or self._was_told(error):
            return
        self._here.is_telling = True
        try:
            log.error(
                "telemetry failed, the application goes on: %s",
                type(error).__name__,
                exc_info=error,
            )
        finally:
            self._here.is_telling = False

    def _was_told(self, error: Exception) -> bool:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = ("", 0) if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        place, now = (type(error), *where), monotonic()
        was_told = now - self._told.get(place, -TELL_AGAIN_SECONDS) < TELL_AGAIN_SECONDS
        if len(self._told) >= MAX_PLACES:
            self._told.clear()
        if not was_told:
            self._told[place] = now
        return was_told


quietly = _Quietly()
