"""What an application may choose about its telemetry. Refuses what can't work."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

MEBIBYTE = 1024 * 1024

MIN_PSEUDONYM_KEY_CHARS = 16

# Whom outgoing requests may tell the trace id; more only by choice.
LOOPBACK = ("localhost", "127.0.0.1", "::1")

# By environment, for who sets no rate. What isn't listed is treated as production: cheap and discreet.
STORM_ERRORS_PER_MINUTE = 5
TRACES_SAMPLE_RATES = {"production": 0.1, "staging": 0.5, "development": 1.0}


class OptionsError(ValueError):
    """An option has a value that can't work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an application reports.

    ``pseudonym`` makes of a user's id what may leave in its place; without it the default is used, keyed by
    ``pseudonym_key``, else by a key file in ``spool_dir``. Rates are shares between 0 and 1; ``None`` means the environment's own, for the storm limit too.

    ``privacy_policy`` is a TOML file with rules of the deployment's own; ``init`` reads it, and refuses one that is wrong.

    A proxy or certificate that isn't given is looked for where others look: ``HTTPS_PROXY``, ``HTTP_PROXY``,
    ``NO_PROXY``, ``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE``, ``CLIENT_CERT_FILE``, ``CLIENT_KEY_FILE``; an empty
    proxy means none. Raises ``OptionsError`` for a DSN that no client can use, a rate outside its range, a limit
    below what works, a proxy that isn't one or a file that isn't there.
    """

    dsn: str | None = None
    environment: str = "production"
    release: str | None = None
    server_name: str | None = None
    traces_sample_rate: float | None = None
    profiles_sample_rate: float | None = None
    slow_request_seconds: float = 2.0
    slow_query_seconds: float = 0.1
    trace_hosts: tuple[str, ...] = LOOPBACK
    send_default_pii: bool = False
    privacy_policy: Path | str | None = None
    pseudonym: Callable[[str], str] | None = None
    pseudonym_key: str | None = field(default=None, repr=False)
    enable_logs: bool = True
    spool_dir: Path = field(default_factory=lambda: Path(".toolboxai") / "spool")
    spool_max_bytes: int = 256 * MEBIBYTE
    spool_max_age_hours: float = 72.0
    queue_max_envelopes: int = 2_000
    queue_max_logs: int = 10_000
    storm_errors_per_minute: int | None = None
    burst_refusals_per_minute: int = 20
    max_breadcrumbs: int = 50
    max_string_chars: int = 8_192
    flush_timeout_seconds: float = 2.0
    in_app_prefixes: Sequence[str] = ()
    http_proxy: str | None = field(default=None, repr=False)
    https_proxy: str | None = field(default=None, repr=False)
    ca_certs: Path | str | None = None
    cert_file: Path | str | None = None
    key_file: Path | str | None = None

    def __post_init__(self) -> None:
        if self.has_dsn:
            _check_dsn(str(self.dsn))
        if isinstance(self.in_app_prefixes, str):
            msg = f"in_app_prefixes must be several module names, got {self.in_app_prefixes!r}"
            raise OptionsError(msg)
        for name in ("traces_sample_rate", "profiles_sample_rate"):
            rate = getattr(self, name)
            if rate is None:
                continue
            if not isinstance(rate, int | float) or not 0 <= rate <= 1:
                msg = f"{name} must be between 0 and 1, got {rate}"
                raise OptionsError(msg)
        if self.pseudonym_key is not None and len(self.pseudonym_key) < MIN_PSEUDONYM_KEY_CHARS:
            msg = (
                f"pseudonym_key must have at least {MIN_PSEUDONYM_KEY_CHARS} characters; "
                "`openssl rand -hex 32` makes a good one"
            )
            raise OptionsError(msg)
        self._check_proxies_and_files()
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                msg = f"{name} must be at least {least:,}, got {getattr(self, name):,}"
                raise OptionsError(msg)

    def _check_proxies_and_files(self) -> None:
        for name in ("http_proxy", "https_proxy"):
            _check_proxy(name, getattr(self, name))
        for name in ("ca_certs", "cert_file", "key_file", "privacy_policy"):
            _check_file(name, getattr(self, name))

    @property
    def has_dsn(self) -> bool:
        """Whether there is somewhere to report to; an empty variable of the environment says no, too."""
        return bool(self.dsn and self.dsn.strip())

    @property
    def effective_traces_sample_rate(self) -> float:
        """The share of ordinary requests whose trace is kept."""
        if self.traces_sample_rate is not None:
            return self.traces_sample_rate
        return TRACES_SAMPLE_RATES.get(self.environment, TRACES_SAMPLE_RATES["production"])

    @property
    def effective_profiles_sample_rate(self) -> float:
        """The share of kept traces that are profiled, too; none where nobody says."""
        return self.profiles_sample_rate or 0.0

    @property
    def effective_storm_limit(self) -> int:
        """How many of one error a minute are sent in full; who develops wants to see each."""
        if self.storm_errors_per_minute is not None:
            return self.storm_errors_per_minute
        return sys.maxsize if self.is_development else STORM_ERRORS_PER_MINUTE

    @property
    def is_development(self) -> bool:
        """Whether this is somebody's own machine, where debugging aids may be on."""
        return self.environment == "development"


_LEAST = {
    "spool_max_bytes": 64 * 1024,
    "spool_max_age_hours": 1,
    "queue_max_envelopes": 1,
    "queue_max_logs": 1,
    "max_breadcrumbs": 0,
    "max_string_chars": 64,
    "flush_timeout_seconds": 0,
    "slow_request_seconds": 0,
    "slow_query_seconds": 0,
    "storm_errors_per_minute": 1,
    "burst_refusals_per_minute": 2,
}


def _check_dsn(dsn: str) -> None:
    """Accept what sentry_sdk's own parser would; the key never appears in the message."""
    with suppress(ValueError):  # urlsplit's own, for an address that isn't one
        parts = urlsplit(dsn)
        project = parts.path.rpartition("/")[2]
        is_number = project.isascii() and project.isdigit()
        is_web = parts.scheme in {"http", "https"} and parts.port != 0
        if is_web and parts.username and parts.hostname and is_number:
            return
    msg = (
        "the DSN must look like https://KEY@HOST/PROJECT with a number as PROJECT; "
        "copy it from the project's settings, or leave it out to switch reporting off"
    )
    raise OptionsError(msg)


def _check_proxy(name: str, address: str | None) -> None:
    """Accept none and the address of an HTTP proxy; the password in it never appears in the message."""
    if not address:
        return
    with suppress(ValueError):
        parts = urlsplit(address)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return
    msg = f"{name} must look like http://HOST:PORT, or be empty for no proxy"
    raise OptionsError(msg)


def _check_file(name: str, path: Path | str | None) -> None:
    if path is not None and not os.access(path, os.R_OK):
        msg = f"{name} must name a file that can be read, got {str(path)!r}"
        raise OptionsError(msg)
