"""What a client may change about an issue: whether it is resolved. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import orjson

MAX_BODY_BYTES = 16 * 1024


class ChangeError(Exception):
    """The body asks for nothing that can be done; the message says what can."""


class Change(Enum):
    """What becomes of an issue, in Sentry's words."""

    RESOLVED = "resolved"
    IN_NEXT_RELEASE = "resolvedInNextRelease"
    UNRESOLVED = "unresolved"

    @classmethod
    def of(cls, body: bytes) -> "Change":
        """Return what the body of a request asks for."""
        try:
            sent = orjson.loads(body)
            change = cls(sent["status"])
        except (ValueError, KeyError, TypeError) as error:
            known = ", ".join(repr(each.value) for each in cls)
            msg = f"Invalid status. The body must be JSON with a status out of {known}."
            raise ChangeError(msg) from error
        details = sent.get("statusDetails")
        is_later = isinstance(details, dict) and details.get("inNextRelease") is True
        return cls.IN_NEXT_RELEASE if is_later and change is cls.RESOLVED else change


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What carries a change out; both block until it is durable."""

    resolve: Callable[[int, str | None], bool]
    reopen: Callable[[int], bool]

    def carry_out(self, change: Change, issue_id: int, *, release: str | None) -> bool:
        """Change an issue that was last seen in ``release``; say whether there is such an issue."""
        match change:
            case Change.RESOLVED:
                return self.resolve(issue_id, None)
            case Change.IN_NEXT_RELEASE:
                return self.resolve(issue_id, release)
            case Change.UNRESOLVED:
                return self.reopen(issue_id)
