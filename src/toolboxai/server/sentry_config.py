"""Settings → `telemetry.Options`: where reports go, and what they carry."""

import logging

from toolboxai import telemetry
from toolboxai.server.config import Settings, valid_dsn

log = logging.getLogger(__name__)

IN_APP_PREFIXES = ("toolboxai.server",)


def telemetry_options(settings: Settings) -> telemetry.Options:
    """Return what telemetry needs to know, and log it when reports would go nowhere."""
    dsn = sink_for(settings)
    if dsn is None:
        log.warning("monitoring is off: %s", _how_to_turn_on(settings))
    return options_for(settings, dsn)


def options_for(settings: Settings, dsn: str | None) -> telemetry.Options:
    """Return what telemetry needs to know to report to ``dsn``."""
    return telemetry.Options(
        dsn=dsn,
        environment=settings.sentry_environment,
        release=settings.sentry_release,
        server_name=settings.sentry_server_name,
        traces_sample_rate=settings.sentry_traces_sample_rate,
        profiles_sample_rate=settings.sentry_profiles_sample_rate,
        send_default_pii=settings.sentry_send_default_pii,
        privacy_policy=settings.sentry_privacy_policy,
        pseudonym_key=settings.pseudonym_key,
        enable_logs=settings.sentry_enable_logs,
        spool_dir=settings.spool_dir,
        spool_max_bytes=settings.spool_max_bytes,
        spool_max_age_hours=settings.spool_max_age_hours,
        in_app_prefixes=IN_APP_PREFIXES,
    )


def sink_for(settings: Settings) -> str | None:
    """Return the DSN to report to: the configured one, else the embedded monitor's."""
    if settings.sentry_dsn:
        return settings.sentry_dsn
    return _monitor_dsn(settings) if settings.is_development else None


def _monitor_dsn(settings: Settings) -> str | None:
    try:
        return valid_dsn(settings.monitor_dsn_file.read_text().strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("the monitor's DSN in %s can't be used: %s", settings.monitor_dsn_file, error)
        return None


def _how_to_turn_on(settings: Settings) -> str:
    if settings.is_development:
        return "set SENTRY_DSN, or start the embedded monitor (toolboxai up)"
    return f"set SENTRY_DSN to report from {settings.sentry_environment}"
