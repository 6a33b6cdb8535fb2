"""What was logged: message, level and values, taken from a record without running more code than its formatting."""

import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from toolboxai.telemetry.lines import one_line
from toolboxai.telemetry.logs.items import Scalar

MAX_BODY_CHARS = 8_192
MAX_VALUES = 20
MAX_VALUE_CHARS = 1_024
_VALUE_NAME = re.compile(r"[\w.]{1,64}", re.ASCII)
# What every record has, and what formatters add.
_RECORDS_OWN = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})
_RECORDS_OWN_COUNT = len(vars(logging.makeLogRecord({})))
_EMPTY: Mapping[str, Scalar] = {}


class Entry(NamedTuple):
    """What was logged as an error, by whichever library."""

    timestamp: float
    level: int
    logger: str
    body: str
    template: str
    error: BaseException | None

    @property
    def words(self) -> dict[str, Any]:
        """What was said, in the shapes of Sentry's event schema."""
        said = {"message": one_line(self.template), "formatted": self.body}
        return {"logger": one_line(self.logger), "logentry": said}


def said_by(record: logging.LogRecord) -> str:
    """Return the record's message; of one that can't be formatted, its template."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - the application's own arguments, they may do anything
        return str(record.msg)


def raised_in(message: object) -> BaseException | None:
    """Return a message that is itself an error, if it was raised: only then has it a stack to show."""
    return message if isinstance(message, BaseException) and message.__traceback__ else None


@lru_cache(maxsize=64)
def level_of(number: int) -> str:
    """Return Sentry's name for a stdlib log level."""
    if number >= logging.CRITICAL:
        return "fatal"
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"


@lru_cache(maxsize=1_024)
def _is_name(name: object) -> bool:
    return isinstance(name, str) and _VALUE_NAME.fullmatch(name) is not None


def values_of(
    given: Mapping[str, object], leave_out: frozenset[str] = frozenset()
) -> Mapping[str, Scalar]:
    """Return what of the application's own values can be shown without running its code."""
    shown: dict[str, Scalar] = {}
    for name, value in given.items():
        if name in leave_out or not _is_name(name):
            continue
        if type(value) is str:
            shown[name] = value[:MAX_VALUE_CHARS]
        elif type(value) is int or type(value) is bool or type(value) is float:
            shown[name] = value
        elif isinstance(value, str):
            # Not value[:n]: a subclass of str may do anything there.
            shown[name] = str.__getitem__(value, slice(0, MAX_VALUE_CHARS))
        if len(shown) == MAX_VALUES:
            break
    return shown


def extra_of(record: logging.LogRecord) -> Mapping[str, Scalar]:
    """Return the values that were given as ``extra``."""
    members = record.__dict__
    return _EMPTY if len(members) == _RECORDS_OWN_COUNT else values_of(members, _RECORDS_OWN)
