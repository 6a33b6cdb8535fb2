"""The headers by which another service continues our trace, and who gets them."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, urlsplit

import sentry_sdk

from toolboxai.telemetry.current import Request, new_id
from toolboxai.telemetry.sdk import Span

_PREFIX = "sentry-"


def is_trusted(host: str, patterns: Iterable[str]) -> bool:
    """Say whether ``host`` is one of ``patterns``: a name, or ``*.name`` for all hosts below it."""
    name = host.lower().rstrip(".")
    return any(
        name.endswith(pattern[1:].lower()) if pattern.startswith("*.") else name == pattern.lower()
        for pattern in patterns
    )


def trace_headers(request: Request, span: Span | None) -> dict[str, str]:
    """Return ``sentry-trace`` and ``baggage``: below ``span``, or below the request itself.

    Of a trace that isn't kept too, so that the next service doesn't begin one of its own.
    """
    parent = span or request.transaction
    span_id = new_id(64) if parent is None else parent.span_id
    is_kept = parent is not None
    return {
        "sentry-trace": f"{request.trace_id}-{span_id}-{int(is_kept)}",
        "baggage": _received(request) or _own(request, is_kept=is_kept),
    }


def _received(request: Request) -> str:
    """Return what the trace's origin said of it; who else wrote into the header wrote to us, not beyond."""
    entries = (entry.strip() for entry in (request.baggage or "").split(","))
    return ",".join(entry for entry in entries if entry.startswith(_PREFIX))


def _own(request: Request, *, is_kept: bool) -> str:
    """Return what Sentry wants to know of a trace that began here.

    Not asked of the SDK: it would fix the transaction's name for good, which is still the path that
    somebody typed.
    """
    options = sentry_sdk.get_client().options
    fixed = _fixed(options.get("dsn"), options.get("environment"), options.get("release"))
    rate = getattr(request.transaction, "sample_rate", None)
    sampled = "true" if is_kept else "false"
    entries = f"{_PREFIX}trace_id={request.trace_id},{fixed}{_PREFIX}sampled={sampled}"
    return entries if rate is None else f"{entries},{_PREFIX}sample_rate={rate}"


@lru_cache(maxsize=8)
def _fixed(dsn: str | None, environment: str | None, release: str | None) -> str:
    """Return the entries that are the same for every trace of a process."""
    entries = {
        "environment": environment,
        "release": release,
        "public_key": urlsplit(dsn or "").username,
    }
    return "".join(
        f"{_PREFIX}{name}={quote(value, safe='')}," for name, value in entries.items() if value
    )
