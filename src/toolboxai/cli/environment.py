"""The server's settings, or one sentence about what is wrong with the environment."""

from toolboxai.cli.errors import CommandError
from toolboxai.server.config import Settings, SettingsError, load_settings


def read_settings() -> Settings:
    """Return the settings that the environment and .env hold."""
    try:
        return load_settings()
    except SettingsError as error:
        message = f"the settings can't be used; correct the environment or .env:\n{error}"
        raise CommandError(message) from error
