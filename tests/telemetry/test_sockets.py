"""A WebSocket whose client has left."""

import asyncio

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.types import Message

from tests.telemetry.conftest import arrived
from tests.telemetry.sink import RecordingSink


class Leaving:
    """A server whose client leaves; what is said after that it refuses as uvicorn long did, as if it were nonsense."""

    def __init__(self) -> None:
        self._messages = ["websocket.connect", "websocket.disconnect"]
        self.refused = 0

    async def receive(self) -> Message:
        return {"type": self._messages.pop(0), "code": 1001}

    async def send(self, message: Message) -> None:
        if not self._messages:
            self.refused += 1
            msg = f"Unexpected ASGI message {message['type']!r}"
            raise RuntimeError(msg)


def test_what_is_said_to_a_client_that_has_left_is_nobodys_fault(
    app: FastAPI, sink: RecordingSink
) -> None:
    @app.websocket("/room")
    async def room(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect:
            await asyncio.wait([asyncio.create_task(websocket.send_text("too late"))])

    server = Leaving()
    scope = {"type": "websocket", "path": "/room", "headers": [], "query_string": b""}
    asyncio.run(app(scope, server.receive, server.send))

    assert server.refused == 1
    assert arrived(sink) == []
