"""By which names the server lets itself be asked, and by which pages: the guard against DNS rebinding.

A page of a stranger may point its own name at this machine, and then reads what the server answers
as if it were its own. The browser says that name in ``Host``, so whoever is called by a name that
nobody gave it answers nothing. An address in digits can't be pointed anywhere, so those are right;
``/health`` is open, because load balancers call a machine as they like, and it tells nothing to them.
"""

import logging
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from toolboxai.server.config import Settings
from toolboxai.server.error_handling import problem

log = logging.getLogger(__name__)

LOOPBACK_NAME = "localhost"
ANY_NAME = "*"
ANY_BELOW = "*."
OPEN_PATHS = frozenset({"/health", "/health/live", "/health/ready"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": 80, "https": 443}
POLICY_VIOLATION = 1008  # WebSocket's 403
NO_HOST = "The request must have one Host header, with a name or an address."
UNKNOWN_HOST = (
    "This server does not answer by that name. Its operator can add the name to"
    " TOOLBOXAI_ALLOWED_HOSTS."
)
FOREIGN_ORIGIN = "A page of another site may not change anything here."


class KnownHosts:
    """Answer only who asks by a name of ours, and let only pages of ours change anything."""

    def __init__(
        self, app: ASGIApp, names: Iterable[str] = (), bound_to: str = LOOPBACK_NAME
    ) -> None:
        self.app = app
        self.names = frozenset(names)
        # Other programs of this machine have pages under these, too: names of ours, but no origins.
        self.hosts = self.names | {LOOPBACK_NAME, bound_to.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            status, detail, kind = refusal
            kind = f"urn:toolboxai:problem:{kind}"
            await problem(Request(scope), status, detail, kind=kind)(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if scope["path"] not in OPEN_PATHS:
            place = place_of(hosts[0]) if len(hosts) == 1 else None
            if place is None:
                return 400, NO_HOST, "no-host"
            if not (is_in(self.hosts, place.name) or _is_address(place.name)):
                return 421, UNKNOWN_HOST, "unknown-host"
        if scope.get("method") not in SAFE_METHODS and not self._is_ours(headers):
            return 403, FOREIGN_ORIGIN, "foreign-origin"
        return None

    def _is_ours(self, headers: Headers) -> bool:
        """Say whether no page asks, or one of this server, or one whose name the operator gave."""
        origins = headers.getlist("origin")
        if not origins:
            return True
        scheme, _, authority = origins[0].lower().partition("://")
        origin = place_of(authority)
        if len(origins) > 1 or origin is None or scheme not in DEFAULT_PORTS:
            return False
        asked = place_of(headers.get("host", ""))
        # A proxy may have ended TLS, so a missing port is what the page's scheme makes of it.
        port = DEFAULT_PORTS[scheme]
        is_same = asked is not None and asked.with_port(port) == origin.with_port(port)
        return is_same or is_in(self.names - {ANY_NAME}, origin.name)


class Place(NamedTuple):
    """What a ``Host`` or ``Origin`` header names."""

    name: str
    port: int | None

    def with_port(self, default: int) -> "Place":
        """Return the place with the port that is meant where none is said."""
        return Place(self.name, self.port or default)


def place_of(host: str) -> Place | None:
    """Return the name or address in ``host`` as it is compared, and the port; ``None`` if it is neither."""
    if not host.isascii() or any(sign in host for sign in "/?#@\\ \t,"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        place = Place((parts.hostname or "").rstrip("."), parts.port)
    except ValueError:
        return None
    return place if place.name else None


def is_in(names: Iterable[str], name: str) -> bool:
    """Say whether ``name`` is one of ``names``, or below one of them that begins with ``*.``."""
    return any(
        known in {ANY_NAME, name} or (known.startswith(ANY_BELOW) and name.endswith(known[1:]))
        for known in names
    )


def warn_without_names(settings: Settings) -> None:
    """Warn where others reach the server and nobody has said by which name."""
    if not (settings.host_names or _is_loopback(settings.host)):
        log.warning(
            "listening on %s without a name: only requests to an address in digits are answered;"
            " set TOOLBOXAI_ALLOWED_HOSTS to the names under which this server is asked",
            settings.host,
        )


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host.lower() == LOOPBACK_NAME or (_is_address(host) and ip_address(host).is_loopback)
