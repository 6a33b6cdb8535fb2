"""The application's start and end: what fails there is reported, and everything is kept before the process goes."""

import sys

from anyio import to_thread
from starlette.types import Message, Send

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import Request, set_current_request
from toolboxai.telemetry.filtering import is_fault
from toolboxai.telemetry.outcome import Reporter
from toolboxai.telemetry.tracing import read_trace_headers


class Lifespan:
    """Watches one life of an application."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._request: Request | None = None

    def watched(self, send: Send) -> Send:
        """Return ``send``, which before the last words sees to it that everything is kept."""

        async def last_words(message: Message) -> None:
            with quietly:
                await self._look(message["type"])
            await send(message)

        return last_words

    async def failed(self, error: BaseException) -> None:
        """Report what the application let out."""
        self._report(error)
        await to_thread.run_sync(self._reporter.keep)  # it waits for the disk

    async def _look(self, kind: str) -> None:
        """Keep everything before the server hears that it was the last word: it may end the process at once."""
        if kind.endswith(".failed"):
            # Starlette says so from inside its `except` block.
            self._report(sys.exc_info()[1])
        if kind.endswith(".failed") or kind.startswith("lifespan.shutdown."):
            await to_thread.run_sync(self._reporter.keep)  # it waits for the disk

    def _report(self, error: BaseException | None) -> None:
        if error is None or not is_fault(error):
            return
        if self._request is None:
            self._request = Request({"type": "lifespan", "headers": ()})
            read_trace_headers(self._request)
        set_current_request(self._request)
        self._reporter.failed(self._request.fail(error), handled=False, mechanism="lifespan")
