"""What goes over a WebSocket, counted: how many messages each way and how it was closed, never what they say."""

from starlette.types import Message, Receive, Send

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import Messages
from toolboxai.telemetry.filtering import excuse


def counted(seen: Messages, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Return ``receive`` and ``send``, which note in ``seen`` what passes."""

    async def receive_counted() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive":
            seen.received += 1
        elif message["type"] == "websocket.disconnect":
            seen.has_left = True
            seen.closed_with = seen.closed_with or message.get("code")
        return message

    async def send_counted(message: Message) -> None:
        if message["type"] == "websocket.send":
            seen.sent += 1
        elif message["type"] == "websocket.close":
            seen.closed_with = seen.closed_with or message.get("code", 1000)
        try:
            await send(message)
        except Exception as error:
            with quietly:
                if seen.has_left:  # some servers refuse what is then said as they refuse nonsense
                    excuse(error)
            raise

    return receive_counted, send_counted
