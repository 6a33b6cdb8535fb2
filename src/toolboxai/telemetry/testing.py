"""For tests of applications that use telemetry: what would have been sent, as plain dicts, and nothing leaves.

::

    def test_a_division_by_zero_is_reported() -> None:
        with captured() as seen:
            TestClient(app, raise_server_exceptions=False).get("/divide/0")
        assert seen.event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import sentry_sdk

from toolboxai.telemetry.current import Request, current_request, set_current_request
from toolboxai.telemetry.facts import epoch_of
from toolboxai.telemetry.options import Options
from toolboxai.telemetry.setup import flush, replaced
from toolboxai.telemetry.transport.sink import Answer

FLUSH_SECONDS = 10.0
# Nothing is ever sent there: `.invalid` is nobody's by standard.
DSN = "https://captured@telemetry.invalid/1"


class Seen:
    """What has been reported since the beginning, or the last ``clear``; every look waits until all is here.

    Everything went the whole way, through the privacy gate and the spool, so it is what a sink would get.
    """

    def __init__(self) -> None:
        self._bodies: list[bytes] = []
        self._is_over = False

    def __call__(self, body: bytes, /) -> Answer:
        """Take an envelope, in the place of the network."""
        self._bodies.append(body)
        return Answer(200)

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        """The envelopes: ``header`` and ``items``, each of those a ``header`` and a ``payload``."""
        self.flush()
        return [_opened(body) for body in list(self._bodies)]

    def items(self, item_type: str) -> list[dict[str, Any]]:
        """Return the payloads of all items of a type, in Sentry's spelling: ``feedback``, ``check_in``."""
        items = [item for envelope in self.envelopes for item in envelope["items"]]
        return [item["payload"] for item in items if item["header"]["type"] == item_type]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The errors and messages, in the order in which they happened."""
        return sorted(self.items("event"), key=lambda event: epoch_of(event.get("timestamp")))

    @property
    def event(self) -> dict[str, Any]:
        """The only event. Raises ``AssertionError``, naming what there is, when there isn't exactly one."""
        events = self.events
        if len(events) == 1:
            return events[0]
        found = "".join(f"\n  {title_of(event)}" for event in events)
        others = f"{len(self.transactions)} transactions, {len(self.logs)} logs"
        msg = f"expected one event, there are {len(events)} (and {others}){found}"
        raise AssertionError(msg)

    @property
    def attachments(self) -> dict[str, bytes]:
        """What was attached to events, by file name."""
        items = [item for envelope in self.envelopes for item in envelope["items"]]
        files = [item for item in items if item["header"]["type"] == "attachment"]
        return {item["header"]["filename"]: item["payload"] for item in files}

    @property
    def transactions(self) -> list[dict[str, Any]]:
        """The traces of requests, each with its ``spans``."""
        return self.items("transaction")

    @property
    def spans(self) -> list[dict[str, Any]]:
        """The spans of all transactions."""
        return [span for trace in self.transactions for span in trace["spans"]]

    @property
    def logs(self) -> list[dict[str, Any]]:
        """The log items: ``level``, ``body``, ``attributes``."""
        return [line for payload in self.items("log") for line in payload["items"]]

    def flush(self) -> None:
        """Wait until what was captured is here. Raises ``AssertionError`` when it takes too long."""
        if not self._is_over and not flush(FLUSH_SECONDS):
            msg = f"what was captured did not arrive within {FLUSH_SECONDS:g} s"
            raise AssertionError(msg)

    def clear(self) -> None:
        """Forget what was seen so far."""
        self.flush()
        self._bodies.clear()

    def end(self) -> None:
        """Expect nothing more."""
        self.flush()
        self._is_over = True


@contextmanager
def captured(**choices: Any) -> Iterator[Seen]:  # noqa: ANN401 - the fields of Options, checked there
    """See what is reported in the block instead of sending it. ``choices`` are fields of ``Options``.

    Unless chosen otherwise the environment is "development", so all traces are kept and no storm is
    held back. What the application itself chose with ``init`` goes on after the block. Raises
    ``RuntimeError`` inside of another such block, ``OptionsError`` for a choice that can't work.
    """
    seen = Seen()
    with TemporaryDirectory(prefix="telemetry-") as folder:
        given: dict[str, Any] = {
            "dsn": DSN,
            "environment": "development",
            "spool_dir": Path(folder),
        }
        with replaced(Options(**(given | choices)), seen), _apart():
            try:
                yield seen
            finally:
                seen.end()


@contextmanager
def _apart() -> Iterator[None]:
    """Begin with no request and nothing of earlier tests on the SDK's scopes, and leave nothing for later ones."""
    request = current_request()
    before = sentry_sdk.get_isolation_scope(), sentry_sdk.get_current_scope()
    fresh = sentry_sdk.Scope(), sentry_sdk.Scope()
    _enter(None, *fresh)
    try:
        yield
    finally:
        for scope in fresh:
            scope.clear()  # an application may still hold it as what all requests begin with
        _enter(request, *before)


def _enter(request: Request | None, isolation: sentry_sdk.Scope, current: sentry_sdk.Scope) -> None:
    set_current_request(request)
    sentry_sdk.Scope.set_isolation_scope(isolation)
    sentry_sdk.Scope.set_current_scope(current)


def _opened(envelope: bytes) -> dict[str, Any]:
    header, _, rest = envelope.partition(b"\n")
    return {"header": orjson.loads(header), "items": list(_items(rest))}


def _items(rest: bytes) -> Iterator[dict[str, Any]]:
    while rest:
        line, _, rest = rest.partition(b"\n")
        header = orjson.loads(line)
        content = rest[: header["length"]]
        is_file = header["type"] == "attachment"
        yield {"header": header, "payload": content if is_file else orjson.loads(content)}
        rest = rest[header["length"] + 1 :]


def title_of(event: Mapping[str, Any]) -> str:
    """Return what an event says in a line."""
    where = event.get("transaction", "outside of requests")
    values = event.get("exception", {}).get("values")
    if values:
        return f"{values[-1]['type']}: {values[-1].get('value', '')} ({where})"
    said = event.get("logentry", {}).get("formatted") or event.get("message", "")
    return f"{said} ({where})"
