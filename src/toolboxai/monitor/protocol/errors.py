"""Why an envelope is refused."""

from enum import StrEnum


class Damage(StrEnum):
    """What can be wrong with an envelope. A closed set, so that it can be counted."""

    BODY = "damaged body"
    TRUNCATED = "truncated body"
    ENCODING = "unknown encoding"
    HEADER = "damaged header"
    LENGTH = "wrong length"
    TOO_LARGE = "too large"
    TOO_SLOW = "too slow"
    DISCONNECTED = "disconnected"
    KEY = "rejected key"
    NO_KEY = "missing key"
    BUSY = "queue full"
    ITEM = "invalid item"


class Part(StrEnum):
    """What can be too large."""

    BODY = "the request body"
    INFLATED = "the inflated body"
    RATIO = "what the body inflates to"
    ENVELOPE = "the envelope"
    HEADER = "the envelope's header"
    ITEM_HEADER = "an item's header"


class ProtocolError(Exception):
    """The envelope can't be accepted; the message says what is wrong with it."""

    status = 400

    def __init__(self, damage: Damage, message: str) -> None:
        super().__init__(message)
        self.damage = damage


class TooLargeError(ProtocolError):
    """Something is larger than this monitor accepts."""

    status = 413

    def __init__(self, part: Part, limit: int, unit: str = "bytes") -> None:
        super().__init__(Damage.TOO_LARGE, f"{part} is larger than the limit of {limit:,} {unit}")


class EncodingError(ProtocolError):
    """The body is compressed in a way that this monitor doesn't know."""

    status = 415

    def __init__(self, encoding: str) -> None:
        super().__init__(
            Damage.ENCODING,
            f"content encoding {encoding[:40]!r} is not supported; "
            "send one of gzip, deflate, br, zstd, identity",
        )


class ForbiddenError(ProtocolError):
    """The key is wrong, or there is no such project: a prober must not learn which."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            Damage.KEY, "event submission rejected with_reason: the project or its key is wrong"
        )


class UnauthorizedError(ProtocolError):
    """No key was sent at all."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            Damage.NO_KEY,
            "missing authorization information: send X-Sentry-Auth, ?sentry_key=, "
            "or dsn in the envelope's header",
        )


class TooSlowError(ProtocolError):
    """The body didn't arrive in time."""

    status = 408

    def __init__(self, seconds: float) -> None:
        super().__init__(Damage.TOO_SLOW, f"the request body took longer than {seconds:g} seconds")


class ItemError(ProtocolError):
    """The event that was sent alone can't be kept."""

    def __init__(self, reason: str) -> None:
        super().__init__(Damage.ITEM, f"the event can't be kept: {reason}")


class DisconnectedError(ProtocolError):
    """The client went away before the body was complete. Nobody reads the answer."""

    def __init__(self) -> None:
        super().__init__(Damage.DISCONNECTED, "the connection was closed within the body")


class BusyError(ProtocolError):
    """More is waiting to be stored than this monitor holds in memory."""

    status = 503

    def __init__(self) -> None:
        super().__init__(Damage.BUSY, "too much is waiting to be stored; send it again later")
