"""The scrubbers that can be judged, each as a function from payloads to payloads."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import cast

from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.types import Event

from benchmarks.privacy.skeletons import Payload
from toolboxai.telemetry.privacy import Gate, pseudonyms

Scrub = Callable[[Sequence[Payload]], list[Payload | None]]
_KEY = "benchmark"
_COMMAND = ("-m", "toolboxai", "privacy", "scrub", "--environment", "production")


def library(payloads: Sequence[Payload]) -> list[Payload | None]:
    """Scrub with the gate in this process."""
    clean = cleaner()
    return [clean(payload) for payload in payloads]


def cleaner() -> Callable[[object], Payload | None]:
    """Return our gate as a function: the only place that knows how it is called."""
    gate = Gate(pseudonyms(_KEY))

    def clean(payload: object) -> Payload | None:
        item_type = payload.get("type", "event") if isinstance(payload, dict) else "event"
        passed = gate.clean(str(item_type), payload)
        return None if passed is None else passed.payload

    return clean


def command(payloads: Sequence[Payload]) -> list[Payload | None]:
    """Scrub with ``toolboxai privacy scrub``, as it is judged from outside."""
    lines = "\n".join(json.dumps(payload) for payload in payloads)
    done = subprocess.run(
        [sys.executable, *_COMMAND], input=lines, capture_output=True, text=True, check=True
    )
    scrubbed: list[Payload | None] = [json.loads(line) for line in done.stdout.splitlines()]
    return scrubbed


def passing(payloads: Sequence[Payload]) -> list[Payload | None]:
    """Let everything through: what nothing at all would do."""
    return list(payloads)


def dropping(payloads: Sequence[Payload]) -> list[Payload | None]:
    """Let nothing through: the other end."""
    return [None for _ in payloads]


def event_scrubber(payloads: Sequence[Payload]) -> list[Payload | None]:
    """Scrub with sentry-sdk's own, as it is by default."""
    return [_sdk(EventScrubber(), payload) for payload in payloads]


def event_scrubber_recursive(payloads: Sequence[Payload]) -> list[Payload | None]:
    """Scrub with sentry-sdk's own, in nested values as well."""
    return [_sdk(EventScrubber(recursive=True), payload) for payload in payloads]


def _sdk(scrubber: EventScrubber, payload: Payload) -> Payload:
    # It changes what it is given, and marks by objects that the SDK's serializer turns into text.
    scrubbed = deepcopy(payload)
    scrubber.scrub_event(cast(Event, scrubbed))
    plain: Payload = json.loads(json.dumps(scrubbed, default=lambda marked: marked.value))
    return plain


GATES: dict[str, Scrub] = {
    "library": library,
    "command": command,
    "passing": passing,
    "dropping": dropping,
    "event-scrubber": event_scrubber,
    "event-scrubber-recursive": event_scrubber_recursive,
}
