"""What an application notes on the way to an error."""

import re
from collections.abc import Mapping
from time import time
from typing import Literal

import sentry_sdk

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import Breadcrumb, current_request

Category = Literal[
    "agent", "auth", "content", "database", "job", "navigation", "plugin", "service", "state", "ui"
]
Level = Literal["debug", "info", "warning", "error"]
Value = str | int | float | bool | None

MAX_DATA_NAMES = 20
MAX_MESSAGE_CHARS = 1_024
MAX_VALUE_CHARS = 200
_NAME = re.compile(r"[A-Za-z_]\w{0,63}")


def breadcrumb(category: Category, message: str, *, level: Level = "info", **data: Value) -> None:
    """Note that something happened: ``breadcrumb("content", "quiz requested", grade_band="3-5", questions=5)``.

    The newest 50 are on each error of the request. ``data`` are plain facts; texts are cut at 200 characters,
    and nothing else than texts, numbers and truth values is kept.
    """
    with quietly:
        crumb = Breadcrumb(time(), category, level, message[:MAX_MESSAGE_CHARS], _plain(data))
        request = current_request()
        if request is not None:
            request.leave(crumb)
        else:
            sentry_sdk.add_breadcrumb(
                category=category, level=level, message=crumb.message, data=crumb.data
            )


def _plain(data: Mapping[str, object]) -> dict[str, Value]:
    pairs = list(data.items())[:MAX_DATA_NAMES]
    return {
        name: value[:MAX_VALUE_CHARS] if isinstance(value, str) else value
        for name, value in pairs
        if _NAME.fullmatch(name) and (value is None or isinstance(value, str | int | float))
    }
