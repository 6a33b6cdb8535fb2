"""The instruments themselves: they come and go without a trace, and nothing they do is noticed."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import sentry_sdk
from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.tracing import Transaction
from sqlalchemy import create_engine, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from toolboxai.telemetry import instruments
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import Request, set_current_request
from toolboxai.telemetry.instruments.calls import start_span, status_for
from toolboxai.telemetry.instruments.observing import Patches, Watch, observed


class Library:
    """Functions of a library, before anybody looked at them."""

    def answer(self, *args: object, error: BaseException | None = None) -> object:
        if error is not None:
            raise error
        return args

    async def answer_later(self, *args: object, error: BaseException | None = None) -> object:
        await asyncio.sleep(0)
        return self.answer(*args, error=error)


class Faulty:
    """An observer that fails where it is told to."""

    def __init__(self, begin: Exception | None, end: Exception | None) -> None:
        self._begin, self._end = begin, end
        self.ended = 0

    def begin(self, *_args: object) -> str:
        if self._begin:
            raise self._begin
        return "begun"

    def end(self, *_args: object) -> None:
        self.ended += 1
        if self._end:
            raise self._end


@pytest.fixture
def request_is_served() -> Iterator[None]:
    """Make this look like the inside of a request."""
    set_current_request(Request({"type": "http", "headers": ()}))
    yield
    set_current_request(None)


failures = st.sampled_from([None, RuntimeError("telemetry"), KeyError("telemetry")])
outcomes = st.sampled_from(
    [None, ValueError("own"), asyncio.CancelledError(), KeyboardInterrupt(), GeneratorExit()]
)


def outcome_of(function: Any, *args: object, error: BaseException | None) -> object:  # noqa: ANN401
    """Return what a call returned or the very exception it raised."""
    try:
        result = function(*args, error=error)
        return asyncio.run(result) if asyncio.iscoroutine(result) else result
    except BaseException as raised:  # noqa: BLE001 - the point is that it is the same one
        return raised


@pytest.mark.usefixtures("request_is_served")
@given(begin=failures, end=failures, error=outcomes, args=st.lists(st.integers()))
def test_whatever_the_observer_does_the_call_is_the_same(
    begin: Exception | None, end: Exception | None, error: BaseException | None, args: list[int]
) -> None:
    library = Library()
    watched = observed(Library.answer, Watch(Faulty(begin, end)))
    was_strict, quietly.strict = quietly.strict, False

    seen = outcome_of(watched, library, *args, error=error)

    quietly.strict = was_strict
    expected = outcome_of(library.answer, *args, error=error)
    assert seen is expected or seen == expected
    assert error is None or seen is error


@pytest.mark.usefixtures("request_is_served")
@pytest.mark.parametrize("error", [None, ValueError("own")], ids=["returns", "raises"])
@pytest.mark.parametrize("begin", [None, RuntimeError("telemetry")], ids=["begins", "fails"])
def test_an_asynchronous_call_is_the_same(
    begin: Exception | None, error: BaseException | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quietly, "strict", False)
    failed = counters.snapshot().get("internal_errors", 0)
    observer = Faulty(begin, RuntimeError("telemetry"))
    watched = observed(Library.answer_later, Watch(observer))

    seen = outcome_of(watched, Library(), 1, error=error)

    assert seen == (error or (1,))
    assert observer.ended == (0 if begin else 1)
    assert counters.snapshot()["internal_errors"] == failed + 1


def test_outside_of_a_request_nobody_looks() -> None:
    observer = Faulty(None, None)

    assert observed(Library.answer, Watch(observer))(Library(), 1) == (1,)
    assert outcome_of(observed(Library.answer_later, Watch(observer)), Library(), error=None) == ()
    assert observer.ended == 0


def functions() -> tuple[object, ...]:
    """Return some of the functions that are observed, as they are now."""
    sending = vars(httpx2.Client)["_send_single_request"]
    return DefaultDialect.do_execute, DefaultDialect.__init__, sending


def test_what_was_put_in_place_twice_is_gone_at_once() -> None:
    before = functions()
    instruments.install()
    instruments.install()
    changed = functions()

    instruments.remove()
    instruments.remove()

    assert functions() == before
    assert all(one is not other for one, other in zip(before, changed, strict=True))


@pytest.mark.usefixtures("request_is_served")
def test_somebody_elses_wrapper_around_ours_survives_and_ours_falls_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer, patches = Faulty(None, None), Patches()
    monkeypatch.setattr(Library, "answer", Library.answer)
    patches.observe(Library, "answer", observer)
    patches.observe(Library, "answer", observer)
    patches.observe(Library, "unheard_of", observer)
    ours = Library.answer

    def theirs(self: Library, *args: object) -> object:
        return ours(self, *args)

    Library.answer = theirs  # type: ignore[method-assign,assignment]
    Library().answer(1)
    patches.undo()
    Library().answer(2)

    assert Library.answer is theirs
    assert observer.ended == 1


class Broken(Request):
    """A request that fails whatever one asks of it."""

    def __getattribute__(self, name: str) -> object:
        msg = f"telemetry can't do {name}"
        raise RuntimeError(msg)


def test_with_everything_broken_the_libraries_answer_as_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quietly, "strict", False)
    sent: list[list[tuple[bytes, bytes]]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers.raw)
        return httpx2.Response(200)

    engine = create_engine("sqlite://", poolclass=StaticPool)

    def use_libraries() -> list[object]:
        with engine.connect() as connection:
            rows = [connection.execute(text(f"SELECT {n}")).scalar_one() for n in range(2)]
            with pytest.raises(OperationalError) as raised:
                connection.execute(text("SELECT 1 FROM nowhere"))
        with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
            status = client.get("http://127.0.0.1/lessons").status_code
        return [rows, str(raised.value), status]

    expected = use_libraries()
    instruments.install()
    set_current_request(Broken.__new__(Broken))
    failed = counters.snapshot().get("internal_errors", 0)

    seen = use_libraries()

    set_current_request(None)
    instruments.remove()
    engine.dispose()
    assert seen == expected
    assert sent[0] == sent[1]
    assert counters.snapshot()["internal_errors"] == failed + 4


def test_what_outlives_its_request_gets_no_span() -> None:
    request = Request({"type": "http", "headers": ()})
    request.transaction = Transaction(name="over", sampled=True)
    before = start_span(request, "db", "SELECT ?", 1.0)
    request.transaction.timestamp = datetime.now(UTC)

    after = start_span(request, "db", "SELECT ?", 1.0)

    assert (before is None, after) == (False, None)


def test_a_step_of_another_request_is_no_parent() -> None:
    request = Request({"type": "http", "headers": ()})
    request.transaction = Transaction(name="own", sampled=True)
    other = Transaction(name="other", sampled=True)

    with sentry_sdk.new_scope() as scope:
        scope.span = other.start_child(op="step", name="step")
        span = start_span(request, "db", "SELECT ?", 1.0)

    assert span is not None
    assert span.parent_span_id == request.transaction.span_id


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(asyncio.CancelledError(), "cancelled", id="cancelled"),
        pytest.param(TimeoutError(), "deadline_exceeded", id="too slow"),
        pytest.param(httpx2.ReadTimeout("x"), "deadline_exceeded", id="too slow over HTTP"),
        pytest.param(ConnectionResetError(), "unavailable", id="gone"),
        pytest.param(ValueError(), "internal_error", id="anything"),
    ],
)
def test_the_status_says_how_a_call_failed(error: BaseException, status: str) -> None:
    assert status_for(error) == status


def run_python(code: str) -> str:
    """Run ``code`` in a fresh interpreter and return what it printed."""
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_installing_imports_no_library() -> None:
    printed = run_python(
        "import sys\n"
        "from toolboxai.telemetry import instruments\n"
        "instruments.install()\n"
        "print([n for n in ('asyncpg', 'httpx', 'httpx2', 'redis', 'sqlalchemy') if n in sys.modules])"
    )

    assert printed == "[]\n"


@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("asyncpg", "connection.Connection.fetch"),
        ("httpx", "Client._send_single_request"),
        ("httpx2", "AsyncClient._send_single_request"),
        ("redis", "client.Redis.execute_command"),
        ("sqlalchemy", "engine.default.DefaultDialect.do_execute"),
    ],
)
def test_a_library_that_is_imported_later_is_observed(module: str, function: str) -> None:
    printed = run_python(
        "import importlib.util, inspect, sys\n"
        "from toolboxai.telemetry import instruments\n"
        "instruments.install()\n"
        f"importlib.util.find_spec('{module}')\n"
        f"import {module}\n"
        f"function = {module}.{function}\n"
        "observed = hasattr(function, '__wrapped__')\n"
        "instruments.remove()\n"
        f"print(observed, {module}.{function} is function.__wrapped__)\n"
        f"print(bool(inspect.getsource({module})))\n"
        "print([f for f in sys.meta_path if 'Arrivals' in repr(f)])"
    )

    assert printed == "True True\nTrue\n[]\n"


def test_a_library_that_cannot_be_imported_stays_so() -> None:
    printed = run_python(
        "from toolboxai.telemetry.instruments.arriving import Arrivals\n"
        "arrivals = Arrivals()\n"
        "arrivals.expect('no_such_library', print)\n"
        "try:\n"
        "    import no_such_library\n"
        "except ModuleNotFoundError as error:\n"
        "    print(error.name)\n"
    )

    assert printed == "no_such_library\n"
