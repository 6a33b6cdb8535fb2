"""One process's telemetry: what ``init`` starts and ``close`` ends. The only caller of ``sentry_sdk.init``."""

import atexit
import logging
import platform
import socket
from collections.abc import Mapping
from secrets import token_hex
from time import monotonic
from typing import Any

import sentry_sdk

from toolboxai.telemetry import instruments
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import current_request
from toolboxai.telemetry.logs import LogWatch, renderer
from toolboxai.telemetry.options import Options
from toolboxai.telemetry.privacy import Pseudonym, policy_of, pseudonyms, secret_in
from toolboxai.telemetry.reporting import Reporting
from toolboxai.telemetry.sdk import HAS_TRANSACTIONS, known
from toolboxai.telemetry.transport import SpoolingTransport
from toolboxai.telemetry.transport.sink import Post
from toolboxai.telemetry.unattended import InterpreterHooks

log = logging.getLogger(__name__)

REPLACED = (
    "sentry_sdk.init was called after telemetry.init: what it reports passes neither the gate nor the spool, "
    "and may arrive twice; remove that call"
)
SDK = {"name": "toolboxai.telemetry", "version": sentry_sdk.VERSION}


class Telemetry:
    """Everything that ``init`` made, for one process."""

    def __init__(self, options: Options, post: Post | None = None) -> None:
        self.options = options
        self.policy = policy_of(options)
        self.server_name = options.server_name or socket.gethostname()
        self.is_active = options.has_dsn
        self.transport: SpoolingTransport | None = None
        self._log_watch: LogWatch | None = None
        self._hooks: InterpreterHooks | None = None
        self._client: Any = None
        self._has_warned = False
        pseudonym = _pseudonym_of(options) if self.is_active else str
        if self.is_active:
            self.transport = SpoolingTransport(
                options,
                renderer(self._log_constants()),
                self._idle,
                pseudonym,
                policy=self.policy,
                post=post,
            )
        self.reporting = Reporting(
            options,
            self._constants(),
            traces_sample_rate=options.effective_traces_sample_rate if HAS_TRANSACTIONS else 0.0,
            pseudonym=pseudonym,
            put=self.transport.put if self.transport is not None else None,
            keep=self.keep,
        )
        if self.transport is not None:
            self._start(self.transport)

    def _start(self, transport: SpoolingTransport) -> None:
        sentry_sdk.init(**known(self._sdk_options()))
        self._client = sentry_sdk.get_global_scope().client
        transport.start()
        self.resume()
        atexit.register(self.keep)

    def after_fork(self) -> None:
        """Begin anew in a child: the parent's storms and threads are the parent's."""
        self.reporting.begin_anew()
        if self.transport is not None:
            self.transport.after_fork()

    def _constants(self) -> dict[str, Any]:
        return {
            "platform": "python",
            "release": self.options.release,
            "environment": self.options.environment,
            "server_name": self.server_name,
            "sdk": SDK,
        }

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
        return self.reporting.traces_sample_rate if parent is None else float(parent)

    def resume(self) -> None:
        """Begin to watch logs, libraries, threads and the program's end."""
        options = self.options
        if self.transport is None:
            return
        take = self.transport.put_log if options.enable_logs else None
        self._log_watch = LogWatch(
            take, self.reporting.logged, max_breadcrumbs=options.max_breadcrumbs
        )
        self._log_watch.install()
        instruments.install(
            slow_query_seconds=options.slow_query_seconds,
            trace_hosts=options.trace_hosts,
            max_breadcrumbs=options.max_breadcrumbs,
            in_app_prefixes=tuple(options.in_app_prefixes),
        )
        self._hooks = InterpreterHooks(self.reporting.failed, self.keep)
        self._hooks.install()

    def pause(self) -> None:
        """Watch nothing until ``resume``; what was captured is delivered all the same."""
        if self._log_watch is not None:
            self._log_watch.remove()
        if self._hooks is not None:
            self._hooks.remove()
        instruments.remove()

    def _idle(self) -> None:
        self.reporting.end_storms()
        if self.is_replaced and not self._has_warned:
            self._has_warned = True
            log.warning(REPLACED)

    @property
    def is_replaced(self) -> bool:
        """Whether the application has started a second client since, whose reports pass neither gate nor spool."""
        return self.is_active and sentry_sdk.get_global_scope().client is not self._client

    def keep(self) -> None:
        """Put on disk what was captured and, if the sink answers, deliver it."""
        with quietly:
            self.reporting.end_storms(all_of_them=True)
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
            self.reporting.end_storms(all_of_them=True)
        atexit.unregister(self.keep)
        self.pause()
        if self.transport is not None:
            with quietly:
                sentry_sdk.get_global_scope().client.close(
                    0
                )  # its threads, too; it kills the transport
            self.transport.kill()
        sentry_sdk.get_global_scope().set_client(None)
        self.reporting.stop()
        self.transport, self.is_active = None, False


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
