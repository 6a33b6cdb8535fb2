"""What `toolboxai doctor` does: sends one message all the way and proves where it went."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import sentry_sdk

from toolboxai import telemetry
from toolboxai.cli.environment import read_settings
from toolboxai.cli.refusals import refusals
from toolboxai.cli.waits import limits_said
from toolboxai.monitor.queries import Queries
from toolboxai.server.config import Settings
from toolboxai.server.database import create_private_folder
from toolboxai.server.sentry_config import telemetry_options

DELIVERY_TIMEOUT_SECONDS = 10.0
LOOK_UP_TIMEOUT_SECONDS = 5.0
LOOK_UP_PAUSE_SECONDS = 0.1

# What an older backlog may be lost to as well, so that it says nothing of the message.
LOST_LATER = frozenset({"send_error", "cache_overflow"})

Say = Callable[[str], None]


def run_doctor(say: Say) -> int:
    """Take the steps one after the other; 0 when the message arrived, as far as can be known."""
    settings = read_settings()
    options = telemetry_options(settings)
    say(f"✓ settings read: environment {settings.sentry_environment}")
    if options.dsn is None:
        say(f"✗ nowhere to report to: {_remedy_without_sink(settings)}")
        return 1
    host = urlsplit(options.dsn).hostname
    say(f"✓ reports go to {'the embedded monitor' if is_embedded(settings) else host}")
    create_private_folder(settings.data_dir)
    try:
        telemetry.init(options)
    except OSError as error:
        say(
            f"✗ telemetry can't start: {error}; set TOOLBOXAI_DATA_DIR to a folder you may write to"
        )
        return 1
    try:
        return _send_and_look(settings, options.dsn, say)
    finally:
        telemetry.close()


def is_embedded(settings: Settings) -> bool:
    """Say whether the sink is the monitor whose data is in our own folder."""
    try:
        own = settings.monitor_dsn_file.read_text(encoding="utf-8").strip()
    except OSError:
        return False
    return settings.sentry_dsn == own or (not settings.sentry_dsn and settings.is_development)


def send_message() -> str | None:
    """Send a message with a breadcrumb, a context and a user; return its event id."""
    sentry_sdk.add_breadcrumb(category="doctor", message="The doctor came", level="info")
    sentry_sdk.set_context("doctor", {"asked_by": "toolboxai doctor"})
    sentry_sdk.set_user({"id": "doctor"})
    return sentry_sdk.capture_message("toolboxai doctor: this is a test", level="info")


def lost_errors() -> Counter[str]:
    """Return how many errors were lost before they could be sent, by reason."""
    counts = telemetry.measurements()
    dropped = [name.split(".") for name in counts if name.startswith("dropped.")]
    return Counter(
        {
            reason: int(counts[f"dropped.{reason}.{category}"])
            for _, reason, category in dropped
            if category == "error" and reason not in LOST_LATER
        }
    )


def was_seen(settings: Settings, dsn: str, event_id: str) -> bool:
    """Ask the embedded monitor's own files for the event, for as long as a commit may take."""
    project_id = int(urlsplit(dsn).path.rpartition("/")[2])
    queries = Queries(settings.monitor_dsn_file.parent)
    deadline = time.monotonic() + LOOK_UP_TIMEOUT_SECONDS
    try:
        while queries.event(project_id, event_id) is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_UP_PAUSE_SECONDS)
        return True
    finally:
        queries.close()


def _send_and_look(settings: Settings, dsn: str, say: Say) -> int:
    before, refused_before = lost_errors(), refusals()
    event_id = send_message()
    if event_id is None:
        say("✗ the message was not taken; look at the log lines above")
        return 1
    say("✓ message made, with a breadcrumb, a context and a user")
    is_delivered = telemetry.flush(DELIVERY_TIMEOUT_SECONDS)
    if reasons := lost_errors() - before:
        say(f"✗ the message was dropped before it was sent: {', '.join(sorted(reasons))}")
        say(f"event id: {event_id}")
        return 1
    # A refusal is final, whatever else still waits: the report of that very loss, for one.
    if refused := refusals() - refused_before:
        why = f"HTTP {next(iter(refused))}; compare SENTRY_DSN with the project's settings"
        say(f"✗ the sink refused it: {why}")
        say(f"event id: {event_id}")
        return 1
    if not is_delivered:
        say(f"✗ not delivered within {DELIVERY_TIMEOUT_SECONDS:g} s: {_remedy_for_delivery()}")
        for line in _what_becomes_of_it():
            say(f"  {line}")
        say(f"event id: {event_id}")
        return 1
    say("✓ delivered: the sink answered that it has it")
    return _look(settings, dsn, event_id, say)


def _look(settings: Settings, dsn: str, event_id: str, say: Say) -> int:
    if not is_embedded(settings):
        say("· whether it is shown can't be asked from here; look for the event id in the project")
        say(f"event id: {event_id}")
        return 0
    is_seen = was_seen(settings, dsn, event_id)
    say("✓ seen in the monitor" if is_seen else "✗ the monitor took it but does not show it")
    say(f"event id: {event_id}")
    return 0 if is_seen else 1


def _last_error() -> str | None:
    """Return why this process, not another that reports meanwhile, last failed to deliver."""
    error: str | None = telemetry.details()["processes"][0]["last_error"]
    return error


def _what_becomes_of_it() -> Iterator[str]:
    told = telemetry.details()
    if told["spool"]["held"]:
        yield f"it is in memory only and ends with this process: {told['reason']}"
    else:
        yield "it is kept on disk and goes out when the sink answers"
    now = time.time()
    limits = {name: now + limit["seconds"] for name, limit in told["limited"].items()}
    yield from limits_said("the sink", limits, now=now)


def _remedy_without_sink(settings: Settings) -> str:
    if settings.is_development:
        return "start the monitor (toolboxai up), or set SENTRY_DSN"
    return f"set SENTRY_DSN; {settings.sentry_environment} has no other sink"


def _remedy_for_delivery() -> str:
    reason = _last_error() or "no answer"
    return f"{reason}. Does it run (toolboxai up), is it reachable, is SENTRY_DSN right?"
