"""A yes that was cut off is no yes: Python takes the end of a connection for the end of an answer's head."""

from http.client import HTTPResponse, IncompleteRead
from typing import Any, cast

_LONGEST_LINE_BYTES = 65_536  # of a longer one `http.client` has its own opinion


class WholeHead(HTTPResponse):
    """An answer whose head has an end. Raises ``IncompleteRead`` for one that hasn't."""

    def begin(self) -> None:
        """Read the head."""
        connection: Any = self.fp
        self.fp = cast("Any", _WholeLines(connection))
        try:
            super().begin()
        finally:
            if self.fp is not None:  # it lets go of what isn't HTTP
                self.fp = connection


class _WholeLines:
    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - a buffered reader, or nothing any more
        self._inner = inner
        self.close = inner.close

    def readline(self, limit: int = -1) -> bytes:
        line: bytes = self._inner.readline(limit)
        if not line.endswith(b"\n") and len(line) <= _LONGEST_LINE_BYTES:
            raise IncompleteRead(line)
        return line
