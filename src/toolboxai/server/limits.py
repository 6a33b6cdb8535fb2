"""How much a caller may send. Knows bytes, not what they mean."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 256 * 1024


class BodyLimit:
    """Refuse bodies above the limit with a 413, before they are in memory."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = self._counting(receive, Headers(scope=scope))
        await self.app(scope, receive, send)

    def _counting(self, receive: Receive, headers: Headers) -> Receive:
        announced = headers.get("content-length", "")
        # 18 digits are beyond any limit, and Python refuses to read numbers of many thousands.
        announced_bytes = int(announced[:18]) if announced.isdecimal() else 0
        received_bytes = 0

        async def receive_within_limit() -> Message:
            nonlocal received_bytes
            self._refuse_above_limit(announced_bytes)
            message = await receive()
            received_bytes += len(message.get("body", b""))
            self._refuse_above_limit(received_bytes)
            return message

        return receive_within_limit

    def _refuse_above_limit(self, size: int) -> None:
        # FastAPI reads the body inside its own error handling and lets this one through.
        if size > self.max_bytes:
            raise HTTPException(413, f"The body may have {self.max_bytes:,} bytes at most.")
