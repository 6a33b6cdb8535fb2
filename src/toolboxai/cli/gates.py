"""The gate as the server of this machine has it, by its settings."""

from secrets import token_hex

from toolboxai.cli.environment import read_settings
from toolboxai.server.config import Settings
from toolboxai.server.sentry_config import options_for
from toolboxai.telemetry.privacy import Gate, policy_of, pseudonyms, secret_in


def settings_for(environment: str | None) -> Settings:
    """Return the settings of this machine, as they would be in ``environment``; without one, as they are."""
    settings = read_settings()
    if environment is None:
        return settings
    return settings.model_copy(update={"sentry_environment": environment})


def gate_for(settings: Settings) -> Gate:
    """Return the gate that ``settings`` describe, with the pseudonyms that the server makes."""
    options = options_for(settings, None)
    try:
        secret = settings.pseudonym_key or secret_in(settings.spool_dir)
    except OSError:  # nowhere to keep one: then pseudonyms are the same within this run only
        secret = token_hex(32)
    return Gate(
        pseudonyms(secret), policy=policy_of(options), max_string_chars=options.max_string_chars
    )
