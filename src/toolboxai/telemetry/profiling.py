"""Profiles of a share of the kept traces: where their time went, by the SDK's sampler, a hundred times a second.

The SDK's own option is deprecated, asks for a transaction that is entered, and would draw again for each; so its
parts are put together here. A sample is of all threads: what an event loop does meanwhile for other requests is in it.
"""

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from sentry_sdk import profiler
from sentry_sdk.types import Event

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import Request, chance

SAMPLES_PER_SECOND = 101
# A profile of one sample says nothing.
MIN_SAMPLES = 2
PROFILED = "profiled_requests"


class Profiler:
    """Profiles ``rate`` (0 to 1) of the traces it is told of. Its thread begins with the first of them."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._scheduler: profiler.ThreadScheduler | None = None

    def begin(self, request: Request) -> None:
        """Take samples from now on, if chance says so."""
        if self._rate <= 0 or chance() >= self._rate:
            return
        if self._scheduler is None:
            self._scheduler = profiler.ThreadScheduler(frequency=SAMPLES_PER_SECOND)
        request.profile = profiler.Profile(sampled=True, start_ns=0, scheduler=self._scheduler)
        request.profile.start()
        counters.add(PROFILED)

    def close(self) -> None:
        """End the thread."""
        if self._scheduler is not None:
            self._scheduler.teardown()
            self._scheduler = None


def taken_from(request: Request) -> "profiler.Profile | None":
    """Take no more samples; return the profile, or ``None`` where there is none that says anything."""
    profile, request.profile = request.profile, None
    if profile is None:
        return None
    profile.stop()
    if profile.unique_samples < MIN_SAMPLES:
        counters.add("profiles_too_short")
        return None
    return profile


def payload_of(profile: "profiler.Profile", event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a profile as Sentry takes it, about the finished transaction ``event``."""
    about: Event = {
        "event_id": event["event_id"],
        "transaction": event["transaction"],
        "start_timestamp": event["start_timestamp"],
        "contexts": event["contexts"],
        "environment": event["environment"],
        "release": event["release"],
    }
    return profile.to_json(about, sentry_sdk.get_client().options)
