"""What an application tells of its doors: somebody failed to sign in."""

import re

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.breadcrumbs import breadcrumb
from toolboxai.telemetry.setup import current_reporting

_REASON = re.compile(r"[a-z][a-z0-9_]{0,40}")


def authentication_failed(account: str | None = None, *, reason: str = "credentials") -> None:
    """Report a failed sign-in as a security event; however many there are, they are one issue.

    ``account`` is the id of the account that was tried, if there is one: it leaves as a pseudonym. Without one the
    event says ``unknown``, never what somebody typed. ``reason`` is a word of yours, as ``locked`` or ``expired``.
    """
    with quietly:
        active = current_reporting()
        if active is None or not active.is_active:
            return
        known = reason if _REASON.fullmatch(reason) else "other"
        breadcrumb("auth", f"authentication failed: {known}", level="warning")
        active.authentication_failed(account, known)
