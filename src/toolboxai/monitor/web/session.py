"""The signed cookie that says a browser has signed in until when. Knows no passwords and no requests."""

import hashlib
import hmac
from datetime import datetime, timedelta

from starlette.responses import Response

COOKIE_NAME = "toolboxai_monitor"
MAX_AGE = timedelta(hours=12)
_PURPOSE = b"toolboxai.monitor.session.1:"


def sealed(now: datetime, key: bytes) -> str:
    """Return a cookie value that ``is_valid`` accepts for ``MAX_AGE``."""
    expires = str(int((now + MAX_AGE).timestamp()))
    return f"{expires}.{_signature(expires, key)}"


def is_valid(cookie: str, now: datetime, key: bytes) -> bool:
    """Say whether we made ``cookie`` and it hasn't expired."""
    expires, _, signature = cookie.partition(".")
    expected = _signature(expires, key)
    genuine = hmac.compare_digest(signature.encode(errors="replace"), expected.encode())
    return genuine and now.timestamp() < int(expires)


def _signature(expires: str, key: bytes) -> str:
    signed = _PURPOSE + expires.encode(errors="replace")
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def give(response: Response, *, now: datetime, key: bytes, secure: bool) -> None:
    """Sign the browser in that gets ``response``."""
    response.set_cookie(
        COOKIE_NAME,
        sealed(now, key),
        max_age=int(MAX_AGE.total_seconds()),
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def take(response: Response, *, secure: bool) -> None:
    """Sign the browser out that gets ``response``."""
    response.delete_cookie(COOKIE_NAME, secure=secure, httponly=True, samesite="lax")
