"""structlog, however it is set up: one log line and one breadcrumb a call, which say what the call was given."""

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars

from tests.telemetry.conftest import lines
from tests.telemetry.instruments.conftest import Bench, PlannedError
from toolboxai import telemetry
from toolboxai.telemetry import instruments
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.instruments.calls import Choices
from toolboxai.telemetry.instruments.observing import Patches
from toolboxai.telemetry.instruments.structlog import observe

pytestmark = pytest.mark.filterwarnings("ignore:.*format_exc_info.*:UserWarning")


def by_default() -> None:
    """As it comes."""


def printing() -> None:
    structlog.configure(
        processors=[merge_contextvars, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(io.StringIO()),
    )


def of_bytes() -> None:
    structlog.configure(
        processors=[structlog.processors.JSONRenderer(serializer=_in_bytes)],
        logger_factory=structlog.BytesLoggerFactory(io.BytesIO()),
    )


def _in_bytes(event: object, **_options: object) -> bytes:
    return repr(event).encode()


def generic() -> None:
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.BoundLogger,
        logger_factory=structlog.PrintLoggerFactory(io.StringIO()),
    )


def _stdlib(
    *processors: Callable[..., Any], wrapper: type = structlog.stdlib.BoundLogger
) -> Callable[[], None]:
    def configure() -> None:
        structlog.configure(
            processors=[merge_contextvars, structlog.stdlib.filter_by_level, *processors],
            wrapper_class=wrapper,
            logger_factory=structlog.stdlib.LoggerFactory(),
        )

    return configure


rendered = _stdlib(structlog.processors.format_exc_info, structlog.processors.JSONRenderer())
as_arguments = _stdlib(structlog.stdlib.render_to_log_kwargs)
for_formatter = _stdlib(structlog.stdlib.ProcessorFormatter.wrap_for_formatter)
filtering_over_stdlib = _stdlib(
    structlog.processors.JSONRenderer(), wrapper=structlog.make_filtering_bound_logger(0)
)
SETUPS = [
    by_default, printing, of_bytes, generic, rendered, as_arguments, for_formatter, filtering_over_stdlib
]  # fmt: skip
NAMES = [
    "default", "printing", "bytes", "generic", "rendered", "arguments", "formatter", "filtering over stdlib"
]  # fmt: skip
some_setups = pytest.mark.parametrize(
    "setup",
    [by_default, printing, rendered, for_formatter],
    ids=["default", "printing", "rendered", "formatter"],
)
setups = pytest.mark.parametrize("setup", SETUPS, ids=NAMES)


@pytest.fixture(autouse=True)
def own_configuration() -> Iterator[None]:
    """Whatever a test configures is gone after it."""
    school = logging.getLogger("school")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=structlog.dev.ConsoleRenderer())
    )
    school.addHandler(handler)
    school.setLevel(logging.INFO)
    yield
    school.removeHandler(handler)
    clear_contextvars()
    structlog.reset_defaults()


def logger() -> Any:  # noqa: ANN401 - of whichever class is configured
    """Return the logger of the current configuration."""
    return structlog.get_logger("school")


@setups
def test_a_call_is_one_line_and_one_breadcrumb(bench: Bench, setup: Callable[[], None]) -> None:
    setup()

    async def work() -> None:
        logger().bind(lesson=7).warning("opened", is_new=True, thing=object())

    crumbs = bench.crumbs(work)

    (line,) = lines(bench.sink)
    assert (line["body"], line["level"]) == ("opened", "warn")
    assert {"lesson": 7, "is_new": True}.items() <= line["attributes"].items()
    assert not {"thing", "event"} & set(line["attributes"])
    assert [crumb[1:] for crumb in crumbs] == [("warning", "opened")]
    assert line["attributes"]["code.function.name"]
    assert line["attributes"]["http.route"] == "/work/0"


@setups
@pytest.mark.parametrize(
    "tell",
    [
        pytest.param(lambda _error: logger().error("went on", exc_info=True), id="true"),
        pytest.param(lambda error: logger().error("went on", exc_info=error), id="exception"),
        pytest.param(lambda _error: logger().error("on", exc_info=sys.exc_info()), id="tuple"),
        pytest.param(lambda error: logger().error(error), id="the message itself"),
    ],
)
def test_an_error_is_reported_once_and_handled(
    bench: Bench, setup: Callable[[], None], tell: Callable[[Exception], None]
) -> None:
    setup()

    async def work() -> None:
        try:
            int("")
        except ValueError as error:
            tell(error)

    bench.serve(work)

    (event,) = bench.sink.items("event")
    (value,) = event["exception"]["values"]
    assert (value["type"], value["mechanism"]["handled"]) == ("ValueError", True)
    assert event["transaction"] == "/work/0"
    assert [line["level"] for line in lines(bench.sink)] == ["error"]


@setups
def test_an_error_that_is_logged_and_then_raised_is_one_unhandled_event(
    bench: Bench, setup: Callable[[], None]
) -> None:
    setup()

    async def work() -> None:
        try:
            int("")
        except ValueError as error:
            logger().exception("giving up")
            raise PlannedError from error

    bench.serve(work)

    (event,) = bench.sink.items("event")
    value = event["exception"]["values"][-1]
    assert (value["type"], value["mechanism"]["handled"]) == ("PlannedError", False)
    assert [line["body"] for line in lines(bench.sink)] == ["giving up"]


@setups
def test_words_alone_are_an_event_too(bench: Bench, setup: Callable[[], None]) -> None:
    setup()
    logger().error("out of worlds", left=0)
    assert telemetry.flush(5)

    (event,) = bench.sink.items("event")
    assert event["logentry"] == {"message": "out of worlds", "formatted": "out of worlds"}


@some_setups
def test_async_methods_are_lines_of_their_request(bench: Bench, setup: Callable[[], None]) -> None:
    setup()

    async def work() -> None:
        await logger().ainfo("opened", lesson=7)
        try:
            int("")
        except ValueError:
            await logger().aexception("went on")

    bench.serve(work)

    first, second = lines(bench.sink)
    (event,) = bench.sink.items("event")
    (transaction,) = bench.sink.items("transaction")
    assert (first["body"], first["level"]) == ("opened", "info")
    assert (second["body"], second["level"]) == ("went on", "error")
    assert first["attributes"]["lesson"] == 7
    assert first["trace_id"] == transaction["contexts"]["trace"]["trace_id"]
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is True


@some_setups
def test_what_is_bound_to_the_context_is_shown(bench: Bench, setup: Callable[[], None]) -> None:
    setup()
    bind_contextvars(school="north", lesson=1)
    logger().info("opened", lesson=7)

    (line,) = lines(bench.sink)
    assert {"school": "north", "lesson": 7}.items() <= line["attributes"].items()


def test_what_is_bound_to_the_context_stays_out_where_structlog_leaves_it_out(
    bench: Bench,
) -> None:
    generic()
    bind_contextvars(school="north")
    logger().info("opened")

    (line,) = lines(bench.sink)
    assert "school" not in line["attributes"]


def _dropping(_logger: object, _name: str, _event: object) -> dict[str, Any]:
    raise structlog.DropEvent


def of_errors() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def dropping() -> None:
    structlog.configure(processors=[_dropping])


def filtered_by_logging() -> None:
    rendered()
    logging.getLogger("school").setLevel(logging.ERROR)


def refused_by_logging() -> None:
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logging.getLogger("school").setLevel(logging.ERROR)


@pytest.mark.parametrize("setup", [of_errors, dropping, filtered_by_logging, refused_by_logging])
def test_what_is_filtered_is_not_taken(bench: Bench, setup: Callable[[], None]) -> None:
    setup()
    logger().warning("nobody wants to know")
    logging.getLogger("school").error("but this")

    assert [line["body"] for line in lines(bench.sink)] == ["but this"]


@setups
def test_debug_is_not_taken(bench: Bench, setup: Callable[[], None]) -> None:
    setup()
    logging.getLogger("school").setLevel(logging.DEBUG)
    logger().debug("noise")
    logger().info("signal")

    assert [line["body"] for line in lines(bench.sink)] == ["signal"]


def test_positional_arguments_are_formatted(bench: Bench) -> None:
    rendered()
    logger().warning("%d lessons", 7)
    logger().warning("%(number)d lessons", {"number": 8})
    logger().warning("%d lessons", "many")

    assert [line["body"] for line in lines(bench.sink)] == ["7 lessons", "8 lessons", "%d lessons"]


def test_what_a_processor_and_a_handler_log_are_lines_of_their_own(bench: Bench) -> None:
    def chatty(_logger: object, _name: str, event: object) -> object:
        logging.getLogger("school").warning("from a processor")
        return event

    class Chatty(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name == "school" and "opened" in record.getMessage():
                logging.getLogger("school.handler").warning("from a handler")

    _stdlib(chatty, structlog.processors.JSONRenderer())()
    handler = Chatty()
    logging.getLogger("school").addHandler(handler)
    try:
        logger().info("opened", lesson=7)
    finally:
        logging.getLogger("school").removeHandler(handler)

    shown = [(line["body"], line["attributes"].get("lesson")) for line in lines(bench.sink)]
    assert shown == [("from a processor", None), ("opened", 7), ("from a handler", None)]


@pytest.mark.parametrize("setup", [by_default, rendered], ids=["default", "rendered"])
def test_structlog_still_finds_who_called(setup: Callable[[], None], bench: Bench) -> None:
    setup()
    seen: list[dict[str, Any]] = []

    def keep(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        seen.append(dict(event))
        return event

    adder = structlog.processors.CallsiteParameterAdder(
        {structlog.processors.CallsiteParameter.FUNC_NAME}
    )
    structlog.configure(
        processors=[adder, keep, *structlog.get_config()["processors"]],
    )

    logger().info("opened")
    asyncio.run(logger().ainfo("opened"))

    name = "test_structlog_still_finds_who_called"
    assert seen[0]["func_name"] == name
    facts = lines(bench.sink)[0]["attributes"]
    assert (facts["code.function.name"], facts["code.file.path"]) == (name, "test_structlog")


@pytest.mark.parametrize("name", ["school", "school.made_by_structlog"])
def test_the_line_says_who_called_whoever_made_the_logger(bench: Bench, name: str) -> None:
    rendered()
    structlog.get_logger(name).info("opened")

    facts = lines(bench.sink)[0]["attributes"]
    here = "test_the_line_says_who_called_whoever_made_the_logger"
    assert (facts["code.function.name"], facts["code.file.path"]) == (here, "test_structlog")


def test_starting_again_does_not_double(bench: Bench) -> None:
    printing()
    base: Any = structlog.BoundLoggerBase
    ours = base._proxy_to_logger  # noqa: SLF001

    def somebody_elses(self: object, *args: object, **options: object) -> object:
        return ours(self, *args, **options)

    base._proxy_to_logger = somebody_elses  # noqa: SLF001
    try:
        instruments.install()
        logger().info("once")
        assert [line["body"] for line in lines(bench.sink)] == ["once"]
    finally:
        instruments.remove()
        original = ours.__closure__[[*ours.__code__.co_freevars].index("original")].cell_contents
        base._proxy_to_logger = original  # noqa: SLF001


def test_removed_it_is_structlogs_own_again(bench: Bench) -> None:
    watched = structlog.BoundLoggerBase._proxy_to_logger  # noqa: SLF001
    instruments.remove()

    assert structlog.BoundLoggerBase._proxy_to_logger is not watched  # noqa: SLF001
    assert structlog.BoundLoggerBase._proxy_to_logger.__module__ == "structlog._base"  # noqa: SLF001
    del bench


def test_a_structlog_without_what_is_watched_is_left_alone() -> None:
    patches = Patches()
    before = counters.snapshot().get("instruments.unsupported.structlog", 0)

    observe(SimpleNamespace(BoundLoggerBase=type("Other", (), {})), patches, Choices())  # type: ignore[arg-type]

    assert counters.snapshot()["instruments.unsupported.structlog"] == before + 1
