"""What the ingest route says, as Relay says it."""

import orjson
from starlette.types import Send

from toolboxai.monitor.protocol import ProtocolError

_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-sentry-error,x-sentry-rate-limits,retry-after"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_PREFLIGHT = (
    *_CORS,
    (b"access-control-allow-methods", b"POST"),
    (
        b"access-control-allow-headers",
        (
            b"x-sentry-auth,x-requested-with,x-forwarded-for,origin,referer,accept,content-type,"
            b"authentication,authorization,content-encoding,transfer-encoding"
        ),
    ),
    (b"access-control-max-age", b"3600"),
)


async def send_accepted(send: Send, event_id: str | None) -> None:
    """Say that the envelope is durable."""
    await _send(send, 200, orjson.dumps({"id": event_id} if event_id else {}), _CORS)


async def send_preflight(send: Send) -> None:
    """Tell a browser that it may post."""
    await _send(send, 200, b"", _PREFLIGHT)


async def send_method_not_allowed(send: Send) -> None:
    """Say that only POST is answered here."""
    body = orjson.dumps({"detail": "only POST is allowed here", "causes": []})
    await _send(send, 405, body, (*_CORS, (b"allow", b"POST, OPTIONS")))


async def begin_refusal(send: Send, error: ProtocolError, *, retry_after_seconds: int) -> None:
    """Send the whole refusal, but leave the response open."""
    causes = [str(error.__cause__)] if error.__cause__ else []
    body = orjson.dumps({"detail": str(error), "causes": causes})
    headers = [*_CORS, (b"x-sentry-error", error.damage.value.encode())]
    if error.status == 503:
        headers.append((b"retry-after", b"%d" % retry_after_seconds))
    # The rest of the body may still be on its way, so the connection is of no further use.
    headers.append((b"connection", b"close"))
    await _start(send, error.status, body, headers)
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def end_refusal(send: Send) -> None:
    """Close the response."""
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(
    send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    await _start(send, status, body, list(headers))
    await send({"type": "http.response.body", "body": body})


async def _start(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
