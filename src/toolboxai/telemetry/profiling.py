"""Profiles of a share of the kept traces: where their time went, by the SDK's sampler, a hundred times a second.

The SDK's own option is deprecated, asks for a transaction that is entered, and would draw again for each; so its
parts are put together here. A sample is of all threads: what an event loop does meanwhile for other requests is in it.
"""

from typing import Any

import sentry_sdk

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import Request, chance
from toolboxai.telemetry.sdk import Profile, ThreadScheduler

SAMPLES_PER_SECOND = 101
# A profile of one sample says nothing.
MIN_SAMPLES = 2
PROFILED = "profiled_requests"


class Profiler:
    """Profiles ``rate`` (0 to 1) of the traces it is told of. Its thread begins with the first of them."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._scheduler: Any = None

    def begin(self, request: Request) -> None:
        """Take samples from now on, if chance says so."""
        if self._rate <= 0 or chance() >= self._rate:
            return
        if self._scheduler is None:
            self._scheduler = ThreadScheduler(frequency=SAMPLES_PER_SECOND)
        request.profile = Profile(sampled=True, start_ns=0, scheduler=self._scheduler)
        request.profile.start()
        counters.add(PROFILED)

    def close(self) -> None:
        """End the thread."""
        if self._scheduler is not None:
            self._scheduler.teardown()
            self._scheduler = None


def taken_from(request: Request) -> Any:  # noqa: ANN401 - the SDK's own
    """Take no more samples; return the profile, or ``None`` where there is none that says anything."""
    profile, request.profile = request.profile, None
    if profile is None:
        return None
    profile.stop()
    if profile.unique_samples < MIN_SAMPLES:
        counters.add("profiles_too_short")
        return None
    return profile


def payload_of(profile: Any, event: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - the SDK's own
    """Return a profile as Sentry takes it, about the finished transaction ``event``."""
    payload: dict[str, Any] = profile.to_json(event, sentry_sdk.get_client().options)
    return payload
