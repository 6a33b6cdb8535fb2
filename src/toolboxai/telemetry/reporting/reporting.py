"""What is reported: errors, words, refusals, traces; each described and handed on. Knows neither disk nor network."""

from collections.abc import Callable, Mapping
from functools import partial
from time import time
from typing import Any

from toolboxai.telemetry import instruments, profiling
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.capture import (
    exception_event,
    is_in_app,
    without_variables,
)
from toolboxai.telemetry.conversations import without_words
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import (
    Failure,
    Request,
    captured_id,
    current_request,
    mark_captured,
    new_id,
)
from toolboxai.telemetry.facts import describe, transaction_name
from toolboxai.telemetry.filtering import is_fault
from toolboxai.telemetry.logs import Entry
from toolboxai.telemetry.options import Options
from toolboxai.telemetry.privacy import UNKNOWN, Pseudonym
from toolboxai.telemetry.reporting import messages
from toolboxai.telemetry.reporting.bursts import Bursts
from toolboxai.telemetry.reporting.describing import (
    fingerprint_of,
    on_scopes,
    replace_frames,
    restore_request,
    user_id,
)
from toolboxai.telemetry.reporting.refusals import Refusals
from toolboxai.telemetry.reporting.storms import Storms, kind_of
from toolboxai.telemetry.steps import describe_surroundings
from toolboxai.telemetry.tracing import completed, finish
from toolboxai.telemetry.transport import Door
from toolboxai.telemetry.transport.wire import Outgoing, OutgoingItem

WINDOW_SECONDS = 60


class Reporting:
    """Describes what happened and hands it to ``put``. Without a ``put`` reporting is off."""

    def __init__(
        self,
        options: Options,
        constants: Mapping[str, Any],
        *,
        traces_sample_rate: float,
        pseudonym: Pseudonym,
        put: Callable[[Outgoing], None] | None,
        keep: Callable[[], None],
    ) -> None:
        self._options = options
        self._profiler = profiling.Profiler(options.effective_profiles_sample_rate)
        self._constants = constants
        self.traces_sample_rate = traces_sample_rate
        self.slow_request_seconds = options.slow_request_seconds
        self._pseudonym = pseudonym
        self._put = put
        self.keep = keep
        self._in_app_prefixes = tuple(options.in_app_prefixes)
        self._is_in_app = partial(is_in_app, prefixes=self._in_app_prefixes)
        self._door = Door()
        self.begin_anew()

    @property
    def is_active(self) -> bool:
        """Whether anything is reported."""
        return self._put is not None

    def begin_anew(self) -> None:
        """Forget what is counted: in a forked child that is the parent's, and a lock may be stuck."""
        threshold = self._options.burst_refusals_per_minute
        self._storms = Storms(
            limit=self._options.effective_storm_limit, window_seconds=WINDOW_SECONDS
        )
        self._bursts = Bursts(threshold=threshold, window_seconds=WINDOW_SECONDS)
        self._refusals = Refusals()

    def stop(self) -> None:
        """Report nothing more."""
        self._profiler.close()
        self._put = None

    def failed(self, failure: Failure, *, handled: bool, mechanism: str) -> None:
        """Report an error that is somebody's fault, unless this occurrence of it already is."""
        if self._put is None or captured_id(failure.error):
            return
        kind = self._kind_of(failure)
        mark_captured(failure.error, failure.event_id)
        if not self.admits(failure, kind):
            counters.dropped("storm", "error")
            return
        event = self._event_of(failure, handled=handled, mechanism=mechanism)
        self._storms.remember(kind, lambda: without_variables(event))
        self._send(event, failure)

    def admits(self, failure: Failure, kind: str | None = None) -> bool:
        """Say whether an error is sent in full, or only counted because there are so many of its kind."""
        if failure.is_admitted is None:
            kind = kind or self._kind_of(failure)
            failure.is_admitted = self._storms.admits(kind, user_id())
        return failure.is_admitted

    def _kind_of(self, failure: Failure) -> str:
        kind = kind_of(failure.error, failure.traceback, is_in_app=self._is_in_app)
        # What is grouped by a fingerprint of its own may be raised in one place for many reasons.
        own = fingerprint_of(failure.error).get("fingerprint", ())
        return " ".join([kind, *own])

    def end_storms(self, *, all_of_them: bool = False) -> None:
        """Tell of each storm that is over, as one more event of the same issue, how much it was."""
        for storm in self._storms.over(all_of_them=all_of_them):
            self._send(messages.storm_ended(storm, window_seconds=WINDOW_SECONDS))

    def _event_of(self, failure: Failure, *, handled: bool, mechanism: str) -> dict[str, Any]:
        """Return the event; of an error that can't be looked at, at least that there was one."""
        with quietly:
            event = exception_event(
                failure.error,
                failure.traceback,
                event_id=failure.event_id,
                mechanism=f"toolboxai.{mechanism}",
                handled=handled,
                in_app_prefixes=self._in_app_prefixes,
            )
            return {**event, **(failure.words or {}), **fingerprint_of(failure.error)}
        kind = {"type": type(failure.error).__name__, "value": "<could not be described>"}
        return {"event_id": failure.event_id, "timestamp": time(), "exception": {"values": [kind]}}

    def answered_badly(self, request: Request) -> None:
        """Report a 5xx that was returned without an error to show for it, as one issue a route.

        A load balancer asks every second whether an ailing server is ready, so here too there may be a storm.
        """
        event = messages.answered_badly(transaction_name(request), request.status)
        self._send_unless_storm(event["message"], user_id(), event)

    def refused(self, request: Request) -> None:
        """Count what a request was refused for; of many within a minute report one event."""
        for reason in self._refusals.of(request):
            counters.add(f"refused.{reason}")
            burst = self._bursts.add(reason, user_id())
            if burst is not None and not request.is_refusal_told:
                self._send(messages.burst_of_refusals(burst))

    def authentication_failed(self, account: str | None, reason: str) -> None:
        """Report a failed sign-in; of many for one reason the first few, and the count at the end."""
        counters.add(f"authentication_failed.{reason}")
        request = current_request()
        if request is not None:
            request.is_refusal_told = True
        who = UNKNOWN if account is None else self._pseudonym(account)
        event = messages.authentication_failed(who, reason)
        # Each reason by itself: a stolen token must not go under among wrong passwords.
        self._send_unless_storm(f"authentication {reason}", who, event)

    def _send_unless_storm(self, kind: str, user: str | None, event: dict[str, Any]) -> None:
        if not self._storms.admits(kind, user):
            counters.dropped("storm", "error")
            return
        self._storms.remember(kind, lambda: event)
        self._send(event)

    def logged(self, entry: Entry) -> None:
        """Report what was logged as an error; what has only words is grouped by its template."""
        error = entry.error
        if error is not None:
            if is_fault(error):
                failure = Failure(error, error.__traceback__, new_id(128), entry.words)
                self.failed(failure, handled=True, mechanism="logging")
            return
        kind = f"{entry.logger} says {entry.template}"
        self._send_unless_storm(kind, user_id(), messages.logged(entry))

    def _send(self, event: dict[str, Any], failure: Failure | None = None) -> None:
        if self._put is None:
            return
        event = {**event, **self._constants}
        describe_surroundings(event, failure.error if failure else None)
        whole = on_scopes(event, failure)
        if whole is None:  # an event processor of the application's own said no
            counters.dropped("event_processor", "error")
            return
        described, more = whole
        restore_request(described)
        trace = described.get("contexts", {}).get("trace", {})
        header = trace.pop("dynamic_sampling_context", None) or {"trace_id": trace.get("trace_id")}
        self._put(Outgoing([OutgoingItem("event", described), *more], event["event_id"], header))

    def begun(self, request: Request) -> None:
        """Profile the request of a kept trace, if chance says so."""
        self._profiler.begin(request)

    def finished(self, request: Request) -> None:
        """Send the trace of a sampled request."""
        profile = profiling.taken_from(request)
        event = finish(request, self._door)
        if self._put is None or event is None:
            return
        whole = on_scopes(event)
        if whole is None:
            counters.dropped("event_processor", "transaction")
            return
        described, more = whole
        done, header = completed(described, request, self._constants, rate=self.traces_sample_rate)
        event_id = done.setdefault("event_id", request.request_id)
        items = [OutgoingItem("transaction", done), *more]
        if profile is not None:
            profiled = profiling.payload_of(profile, done)
            items.append(OutgoingItem("profile", profiled, {"platform": "python"}))
        self._put(Outgoing(items, event_id, header))

    def describe(self, event: dict[str, Any], hint: Mapping[str, Any]) -> dict[str, Any] | None:
        """Put the current request on an event; build an SDK event's frames as our own are built.

        ``None`` for what is reported at the request's end, or is already.
        """
        event["release"] = self._options.release
        if event.get("type") == "transaction":
            if quantity := without_words(event):
                counters.add("redacted.conversation", quantity)
            return event
        error = (hint.get("exc_info") or (None, None))[1]
        if isinstance(error, BaseException) and instruments.is_awaited(event, error):
            counters.dropped("event_processor", "error", -1)  # as which the SDK will count it
            return None
        if isinstance(error, BaseException) and captured_id(error) != event["event_id"]:
            mark_captured(error, event["event_id"])
            replace_frames(event, error, self._in_app_prefixes)
        describe_surroundings(event, error)
        request = current_request()
        if request is not None:
            describe(event, request, max_breadcrumbs=self._options.max_breadcrumbs)
        return event
