"""Asks a server in every way that its description names, with a canary wherever a request has room for one."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import urllib3

from toolboxai.cli.errors import CommandError
from toolboxai.server.audit import places
from toolboxai.server.audit.canaries import KINDS, Canaries, Canary, Kind
from toolboxai.server.audit.careless import CARELESS

TIMEOUT_SECONDS = 30.0
METHODS = frozenset({"delete", "get", "patch", "post", "put"})
# What else a stranger may ask for, described or not.
UNDESCRIBED = ("/sentry/status", "/sentry-debug", "/privacy/policy", "/metrics", "/nowhere/{said}")


@dataclass(frozen=True, slots=True)
class Route:
    """One way to ask: a method, and a path with parameters in braces."""

    method: str
    path: str

    @property
    def only_reads(self) -> bool:
        """Whether asking changes nothing."""
        return self.method == "GET"


class Asker:
    """Somebody who puts canaries into everything they send."""

    def __init__(self, url: str, canaries: Canaries) -> None:
        self._url = url
        self._canaries = canaries
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT_SECONDS)

    def routes(self) -> list[Route]:
        """Return what the server says it answers to, and what else one may try."""
        try:
            described = self._http.request("GET", f"{self._url}/openapi.json").json()["paths"]
        except (urllib3.exceptions.HTTPError, ValueError, TypeError, KeyError) as error:
            message = f"no server that describes itself answers at {self._url}; is --url right?"
            raise CommandError(message) from error
        found = [
            Route(method.upper(), path)
            for path, methods in described.items()
            for method in methods
            if method in METHODS and path != CARELESS
        ]
        return [*found, *(Route("GET", path) for path in UNDESCRIBED)]

    def ask_carelessly(self) -> None:
        """Ask the careless route once for each kind."""
        for number, kind in enumerate(KINDS):
            self.ask(Route("POST", CARELESS), kind, number=str(number))

    def ask(self, route: Route, kind: Kind, **query: str) -> None:
        """Send a request with canaries of one kind in all places; where there is a body, in JSON and as a form."""
        path = quote(self._text(places.PATH, kind), safe="")
        filled = "".join(_filled(route.path, path))
        query |= {"q": self._text(places.QUERY, kind), **self._fact(places.QUERY, kind)}
        for content_type, body in [("text/plain", b"")] if route.only_reads else self._bodies(kind):
            self._http.request(
                route.method,
                f"{self._url}{filled}?{urlencode(query)}",
                body=body,
                headers={"Content-Type": content_type, **self._headers(kind)},
            )

    def _bodies(self, kind: Kind) -> Iterator[tuple[str, bytes]]:
        said = self._fact(places.JSON_BODY, kind) | {"note": self._text(places.JSON_BODY, kind)}
        yield "application/json", json.dumps(said).encode()
        form = self._fact(places.FORM_BODY, kind) | {"note": self._text(places.FORM_BODY, kind)}
        yield "application/x-www-form-urlencoded", urlencode(form).encode()

    def _headers(self, kind: Kind) -> Mapping[str, str]:
        named = self._fact(places.HEADER, kind).items()
        return {
            **{f"x-{name.replace('_', '-')}": _one_line(value) for name, value in named},
            "x-note": _one_line(self._text(places.HEADER, kind)),
            "user-agent": _one_line(f"Mozilla/5.0 ({self._text(places.USER_AGENT, kind)})"),
            "referer": f"http://school.example.org/?{urlencode(self._fact(places.REFERER, kind))}",
            "cookie": urlencode(self._fact(places.COOKIE, kind)),
            # uvicorn hangs up after an error, and a request on its way there would be lost.
            "connection": "close",
        }

    def _text(self, place: str, kind: Kind) -> str:
        return f"{places.tag_of(place)}: {self._canaries.planted(place, kind).sentence}"

    def _fact(self, place: str, kind: Kind) -> dict[str, str]:
        value = self._canaries.planted(place, kind).value
        return {f"{places.tag_of(place)}_{kind.field}": value}


def planted_in(wanted: Iterable[str], canaries: Canaries) -> list[Canary]:
    """Return the canaries of all kinds that were planted in some places."""
    return [canaries.planted(place, kind) for place in wanted for kind in KINDS]


def _filled(path: str, value: str) -> Iterator[str]:
    """Yield ``path`` in pieces, with ``value`` for each parameter."""
    while "{" in path:
        before, _, rest = path.partition("{")
        yield from (before, value)
        path = rest.partition("}")[2]
    yield path


def _one_line(text: str) -> str:
    return text.replace("\n", " ")
