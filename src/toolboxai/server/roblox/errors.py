"""What a plugin or a teacher can't have. What was sent is in none of the texts."""

from collections.abc import Mapping

from toolboxai.server.error_handling import CallerError
from toolboxai.server.roblox.protocol import MAX_WAITING_MESSAGES, MIN_PLUGIN_VERSION


class PairingRefusedError(CallerError):
    """The code is none of ours, was used, or its time is over: one answer for all of them."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "The pairing code is wrong, was used, or is older than ten minutes. "
            "A teacher gets a new one with POST /plugin/pairing."
        )


class PluginTooOldError(CallerError):
    """The plugin speaks a version of the protocol that the server has left behind."""

    # Not 426: that one is about HTTP itself, and proxies take it for that.
    status = 409

    def __init__(self) -> None:
        super().__init__(
            f"This server needs version {MIN_PLUGIN_VERSION} of the plugin, or a newer one. "
            "Please update it in Studio."
        )


class NotPairedError(CallerError):
    """The session's token is none of ours, or the session is over."""

    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__(
            "This Studio is not paired, or not any more. Pair it again: POST /plugin/register."
        )


class SessionNotFoundError(CallerError):
    """No plugin session of this school has this id, or it is over."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No plugin session has this id. GET /api/v1/plugin/sessions lists them.")


class LessonNotFoundError(CallerError):
    """No lesson of this school has this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No lesson has this id, so it can't be sent.")


class MailboxFullError(CallerError):
    """The Studio does not fetch what waits for it."""

    status = 409

    def __init__(self) -> None:
        super().__init__(f"{MAX_WAITING_MESSAGES} messages wait for this Studio. Is it still open?")
