"""One process's telemetry: what it reports and how. The only caller of ``sentry_sdk.init``."""

import atexit
import logging
import platform
import socket
from collections.abc import Mapping
from secrets import token_hex
from time import monotonic, time
from typing import Any

import sentry_sdk

from toolboxai.telemetry import instruments, messages
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.bursts import Bursts
from toolboxai.telemetry.capture import (
    exception_event,
    exception_values,
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
from toolboxai.telemetry.log_items import renderer
from toolboxai.telemetry.logs import Entry, LogWatch
from toolboxai.telemetry.options import Options
from toolboxai.telemetry.privacy import UNKNOWN, Pseudonym, pseudonyms, secret_in
from toolboxai.telemetry.refusals import Refusals
from toolboxai.telemetry.sdk import HAS_TRANSACTIONS, known
from toolboxai.telemetry.storms import Storms, kind_of
from toolboxai.telemetry.surroundings import describe_surroundings
from toolboxai.telemetry.tracing import completed, finish
from toolboxai.telemetry.transport import Door, SpoolingTransport
from toolboxai.telemetry.transport.sink import Post
from toolboxai.telemetry.transport.wire import Outgoing, OutgoingItem
from toolboxai.telemetry.unattended import InterpreterHooks

log = logging.getLogger(__name__)

STORM_SECONDS = 60
SDK = {"name": "toolboxai.telemetry", "version": sentry_sdk.VERSION}


class Telemetry:
    """Everything that ``init`` made, for one process."""

    def __init__(self, options: Options, post: Post | None = None) -> None:
        self.options = options
        self.traces_sample_rate = options.effective_traces_sample_rate if HAS_TRANSACTIONS else 0.0
        self.slow_request_seconds = options.slow_request_seconds
        self._storms = self._new_storms()
        self._refusals = Refusals()
        self._bursts = Bursts(threshold=options.burst_refusals_per_minute, window_seconds=60)
        self._in_app_prefixes = tuple(options.in_app_prefixes)
        self.server_name = options.server_name or socket.gethostname()
        self.is_active = options.dsn is not None
        self.transport: SpoolingTransport | None = None
        self._log_watch: LogWatch | None = None
        self._hooks: InterpreterHooks | None = None
        self._constants = {
            "platform": "python",
            "release": options.release,
            "environment": options.environment,
            "server_name": self.server_name,
            "sdk": SDK,
        }
        if self.is_active:
            self._start(post)

    def _new_storms(self) -> Storms:
        return Storms(limit=self.options.effective_storm_limit, window_seconds=STORM_SECONDS)

    def after_fork(self) -> None:
        """Begin anew in a child: the parent's storms and threads are the parent's."""
        self._storms = self._new_storms()
        if self.transport is not None:
            self.transport.after_fork()

    def _start(self, post: Post | None) -> None:
        options = self.options
        self.pseudonym = _pseudonym_of(options)
        self.transport = SpoolingTransport(
            options, renderer(self._log_constants()), self._end_storms, self.pseudonym, post
        )
        sentry_sdk.init(**known(self._sdk_options()))
        self.transport.start()
        self.resume()
        atexit.register(self.keep)

    def _sdk_options(self) -> dict[str, Any]:
        options = self.options
        return {
            "dsn": options.dsn,
            "transport": self.transport,
            "release": options.release or "",  # of None the SDK would make git's newest commit
            "environment": options.environment,
            "server_name": self.server_name,
            "default_integrations": False,
            "auto_enabling_integrations": False,
            "traces_sampler": self._rate_for_others,
            "include_local_variables": False,
            "include_source_context": False,
            "max_breadcrumbs": options.max_breadcrumbs,
            "enable_logs": options.enable_logs,
            "stream_gen_ai_spans": False,
            "auto_session_tracking": False,
            "send_client_reports": False,
        }

    def _rate_for_others(self, about: Mapping[str, Any]) -> float:
        """Return the rate for what the application starts by itself: in a request, as that was decided."""
        request = current_request()
        if request is not None and not request.finished:
            return float(request.transaction is not None)
        parent: bool | None = about.get("parent_sampled")
        return self.traces_sample_rate if parent is None else float(parent)

    def resume(self) -> None:
        """Begin to watch logs, libraries, threads and the program's end."""
        options = self.options
        if self.transport is None:
            return
        take = self.transport.put_log if options.enable_logs else None
        self._log_watch = LogWatch(take, self.logged, max_breadcrumbs=options.max_breadcrumbs)
        self._log_watch.install()
        instruments.install(
            slow_query_seconds=options.slow_query_seconds,
            trace_hosts=options.trace_hosts,
            max_breadcrumbs=options.max_breadcrumbs,
            in_app_prefixes=self._in_app_prefixes,
        )
        self._hooks = InterpreterHooks(self.failed, self.keep)
        self._hooks.install()

    def pause(self) -> None:
        """Watch nothing until ``resume``; what was captured is delivered all the same."""
        if self._log_watch is not None:
            self._log_watch.remove()
        if self._hooks is not None:
            self._hooks.remove()
        instruments.remove()

    def _log_constants(self) -> Mapping[str, str | None]:
        return {
            "sentry.release": self.options.release,
            "sentry.environment": self.options.environment,
            "sentry.sdk.name": SDK["name"],
            "sentry.sdk.version": SDK["version"],
            "server.address": self.server_name,
            "process.runtime.name": platform.python_implementation(),
            "process.runtime.version": platform.python_version(),
        }

    def failed(self, failure: Failure, *, handled: bool, mechanism: str) -> None:
        """Report an error that was met, unless it is nobody's fault or this occurrence already is reported."""
        error = failure.error
        if self.transport is None or not is_fault(error) or captured_id(error):
            return
        kind = self._kind_of(failure)
        mark_captured(failure.error, failure.event_id)
        if not self.admits(failure, kind):
            counters.dropped("storm", "error")
            return
        event = self._event_of(failure, handled=handled, mechanism=mechanism)
        self._storms.remember(kind, without_variables(event))
        self._send(event, failure)

    def admits(self, failure: Failure, kind: str | None = None) -> bool:
        """Say whether an error is sent in full, or only counted because there are so many of its kind."""
        if failure.is_admitted is None:
            kind = kind or self._kind_of(failure)
            failure.is_admitted = self._storms.admits(kind, _user_id())
        return failure.is_admitted

    def _kind_of(self, failure: Failure) -> str:
        return kind_of(
            failure.error,
            failure.traceback,
            is_in_app=lambda step: is_in_app(step, self._in_app_prefixes),
        )

    def _end_storms(self, *, all_of_them: bool = False) -> None:
        """Tell of each storm that is over, as one more event of the same issue, how much it was."""
        for storm in self._storms.over(all_of_them=all_of_them):
            self._send(messages.storm_ended(storm, window_seconds=STORM_SECONDS))

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
            return event | _fingerprint_of(failure.error)
        kind = {"type": type(failure.error).__name__, "value": "<could not be described>"}
        return {"event_id": failure.event_id, "timestamp": time(), "exception": {"values": [kind]}}

    def answered_badly(self, request: Request) -> None:
        """Report a 5xx that was returned without an error to show for it, as one issue a route."""
        self._send(messages.answered_badly(transaction_name(request), request.status))

    def refused(self, request: Request) -> None:
        """Count what a request was refused for; of many within a minute report one event."""
        for reason in self._refusals.of(request):
            counters.add(f"refused.{reason}")
            burst = self._bursts.add(reason, _user_id())
            if burst is not None and not request.is_refusal_told:
                self._send(messages.burst_of_refusals(burst))

    def authentication_failed(self, account: str | None, reason: str) -> None:
        """Report a failed sign-in; of many the first few, and the count at the end."""
        counters.add(f"authentication_failed.{reason}")
        request = current_request()
        if request is not None:
            request.is_refusal_told = True
        who = UNKNOWN if account is None else self.pseudonym(account)
        event = messages.authentication_failed(who, reason)
        self._send_unless_storm("authentication", who, event)

    def _send_unless_storm(self, kind: str, user: str | None, event: dict[str, Any]) -> None:
        if not self._storms.admits(kind, user):
            counters.dropped("storm", "error")
            return
        self._storms.remember(kind, event)
        self._send(event)

    def logged(self, entry: Entry) -> None:
        """Report what was logged as an error; what has only words is grouped by its template."""
        error = entry.error
        if error is not None:
            failure = Failure(error, error.__traceback__, new_id(128))
            self.failed(failure, handled=True, mechanism="logging")
            return
        kind = f"{entry.logger} says {entry.template}"
        self._send_unless_storm(kind, _user_id(), messages.logged(entry))

    def _send(self, event: dict[str, Any], failure: Failure | None = None) -> None:
        if self.transport is None:
            return
        event = event | self._constants
        describe_surroundings(event, failure.error if failure else None)
        described = _on_scopes(event, failure)
        if described is None:  # an event processor of the application's own said no
            counters.dropped("event_processor", "error")
            return
        trace = described.get("contexts", {}).get("trace", {})
        header = trace.pop("dynamic_sampling_context", None) or {"trace_id": trace.get("trace_id")}
        self.transport.put(Outgoing([OutgoingItem("event", described)], event["event_id"], header))

    def finished(self, request: Request) -> None:
        """Send the trace of a sampled request."""
        finish(request, Door(lambda event: self._transaction(event, request)))

    def _transaction(self, event: dict[str, Any], request: Request) -> None:
        if self.transport is None:
            return
        described = _on_scopes(event)
        if described is None:
            counters.dropped("event_processor", "transaction")
            return
        done, header = completed(described, request, self._constants, rate=self.traces_sample_rate)
        event_id = done.setdefault("event_id", request.request_id)
        self.transport.put(Outgoing([OutgoingItem("transaction", done)], event_id, header))

    def describe(self, event: dict[str, Any], hint: Mapping[str, Any]) -> dict[str, Any] | None:
        """Put the current request on an event; build an SDK event's frames as our own are built.

        ``None`` for what is reported at the request's end, or is already.
        """
        event["release"] = self.options.release
        error = (hint.get("exc_info") or (None, None))[1]
        if isinstance(error, BaseException) and instruments.is_awaited(event, error):
            counters.dropped("event_processor", "error", -1)  # as which the SDK will count it
            return None
        if event.get("type") == "transaction":
            quantity = without_words(event)
            if quantity:
                counters.add("redacted.conversation", quantity)
        if isinstance(error, BaseException) and captured_id(error) != event["event_id"]:
            mark_captured(error, event["event_id"])
            _enrich(event, error, self._in_app_prefixes)
        if event.get("type") != "transaction":
            describe_surroundings(event, error)
        request = current_request()
        if request is not None and event.get("type") != "transaction":
            describe(event, request, max_breadcrumbs=self.options.max_breadcrumbs)
        return event

    def keep(self) -> None:
        """Put on disk what was captured and, if the sink answers, deliver it."""
        with quietly:
            self._end_storms(all_of_them=True)
        self.settle(self.options.flush_timeout_seconds)

    def settle(self, timeout_seconds: float) -> bool:
        """Wait until everything is on disk and, while the sink answers, delivered; say whether it is."""
        if self.transport is None:
            return True
        deadline = monotonic() + timeout_seconds
        with quietly:
            # What the SDK itself still holds, its logs and metrics, into our queue.
            sentry_sdk.get_client().flush(0)
        return self.transport.settle(max(0.0, deadline - monotonic()))

    def close(self) -> None:
        """Stop reporting: storms told, threads ended, folder given back, log handler taken off."""
        with quietly:
            self._end_storms(all_of_them=True)
        atexit.unregister(self.keep)
        self.pause()
        if self.transport is not None:
            with quietly:
                sentry_sdk.get_global_scope().client.close(0)  # its threads, too; it kills the transport
            self.transport.kill()
        sentry_sdk.get_global_scope().set_client(None)
        self.transport, self.is_active = None, False


def _user_id() -> str | None:
    user = sentry_sdk.get_isolation_scope()._user or {}  # noqa: SLF001 - nothing public tells
    user_id = user.get("id")
    return None if user_id is None else str(user_id)


def _fingerprint_of(error: BaseException) -> dict[str, list[str]]:
    """Return what an error's own ``fingerprint`` says: which others are the same to its author."""
    parts = getattr(error, "fingerprint", None)
    if isinstance(parts, list | tuple) and parts and all(isinstance(part, str) for part in parts):
        return {"fingerprint": [*parts]}
    return {}


def _pseudonym_of(options: Options) -> Pseudonym:
    """Return the application's own function, or one whose key survives a restart if the disk lets it."""
    if options.pseudonym is not None:
        return options.pseudonym
    secret = options.pseudonym_key
    if secret is None:
        try:
            secret = secret_in(options.spool_dir)
        except OSError as error:
            counters.add("pseudonym_key_unwritable")
            log.warning("pseudonyms last only until the next start, no key can be kept: %s", error)
            secret = token_hex(32)
    return pseudonyms(secret)


def _enrich(event: dict[str, Any], error: BaseException, prefixes: tuple[str, ...]) -> None:
    """Replace frames that the SDK built without locals and source by ours, keeping its mechanism."""
    given = event.get("exception", {}).get("values") or []
    mechanism = (given[-1].get("mechanism") if given else None) or {}
    values = exception_values(
        error,
        error.__traceback__,
        mechanism=str(mechanism.get("type", "generic")),
        handled=bool(mechanism.get("handled", True)),
        in_app_prefixes=prefixes,
    )
    event["exception"] = {"values": values}


def _on_scopes(event: Any, failure: Failure | None = None) -> dict[str, Any] | None:  # noqa: ANN401 - the SDK's event type is closed
    """Return ``event`` with what the application set, for everything or for this request."""
    merged = sentry_sdk.Scope()
    merged.update_from_scope(sentry_sdk.get_global_scope())
    merged.update_from_scope(sentry_sdk.get_isolation_scope())
    merged.update_from_scope(sentry_sdk.get_current_scope())
    hint: dict[str, Any] = {}
    if failure is not None:
        hint["exc_info"] = (type(failure.error), failure.error, failure.traceback)
    described = merged.apply_to_event(event, hint, {})
    if hint.get("attachments"):
        counters.dropped("attachment_unsupported", "attachment", len(hint["attachments"]))
    return None if described is None else dict(described)
