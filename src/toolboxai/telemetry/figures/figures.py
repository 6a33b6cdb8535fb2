"""What one worker has counted, as a value: to be written, read by the others, and added up. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from toolboxai.telemetry.figures.durations import Durations, Series, Sketch, from_rows, to_rows

VERSION = 1
_LATEST_SECONDS = 1e11


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something last happened, in seconds since 1970, and what."""

    at: float
    what: str


def moment(at: datetime | None, what: str) -> Moment | None:
    """Return the moment, if there was one."""
    return None if at is None else Moment(at=at.timestamp(), what=what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One process's figures. Counts are since it started; ``queued`` and the spool's are now."""

    pid: int = 0
    started: float = 0.0
    serves: bool = False  # whether it answers requests; one that only forks others doesn't
    queued: int = 0
    spool_waiting: int = 0
    spool_size_bytes: int = 0
    spool_held: int = 0  # in memory only, as the disk refuses
    oldest_waiting_at: float | None = None
    trouble: str | None = None  # why it isn't healthy, in words
    last_error: str | None = None
    failures_in_a_row: int = 0
    last_success: Moment | None = None
    last_failure: Moment | None = None
    # Until when, in seconds since 1970, the sink wants none of a category.
    limited: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    durations: Mapping[Series, Sketch] = field(default_factory=dict)


def added_up(figures: Sequence[Figures]) -> Figures:
    """Return the figures of all processes as if they were one; of what can't be added, the worst or latest.

    ``pid`` and ``started`` are those of the first.
    """
    together = Durations()
    counts: Counter[str] = Counter()
    for each in figures:
        together.merge(each.durations)
        counts.update(each.counts)
    return Figures(
        pid=figures[0].pid,
        started=figures[0].started,
        serves=any(each.serves for each in figures),
        queued=sum(each.queued for each in figures),
        spool_waiting=sum(each.spool_waiting for each in figures),
        spool_size_bytes=sum(each.spool_size_bytes for each in figures),
        spool_held=sum(each.spool_held for each in figures),
        oldest_waiting_at=min(filter(None, (f.oldest_waiting_at for f in figures)), default=None),
        trouble=next(filter(None, (each.trouble for each in figures)), None),
        last_error=next(filter(None, (each.last_error for each in figures)), None),
        failures_in_a_row=max(each.failures_in_a_row for each in figures),
        last_success=_latest(each.last_success for each in figures),
        last_failure=_latest(each.last_failure for each in figures),
        limited=_longest(each.limited for each in figures),
        counts=counts,
        durations=together.snapshot(),
    )


def _latest(moments: Iterable[Moment | None]) -> Moment | None:
    return max(filter(None, moments), key=lambda moment: moment.at, default=None)


def _longest(limits: Iterable[Mapping[str, float]]) -> Mapping[str, float]:
    longest: dict[str, float] = {}
    for each in limits:
        longest |= {name: max(until, longest.get(name, 0.0)) for name, until in each.items()}
    return longest


def to_json(figures: Figures) -> bytes:
    """Return ``figures`` as a file holds them."""
    plain = {name: getattr(figures, name) for name in _READERS}
    plain["durations"] = to_rows(figures.durations)
    return orjson.dumps({"version": VERSION} | plain, option=orjson.OPT_NON_STR_KEYS)


def from_json(body: bytes) -> Figures:
    """Return what ``to_json`` was given. Raises ``ValueError`` for anything it wouldn't write."""
    plain = orjson.loads(body)
    if not isinstance(plain, dict) or plain.pop("version", None) != VERSION:
        msg = f"not figures of version {VERSION}"
        raise ValueError(msg)
    if plain.keys() != _READERS.keys():
        msg = f"the fields are not those of figures: {sorted(plain)!r:.200}"
        raise ValueError(msg)
    return Figures(**{name: read(plain[name]) for name, read in _READERS.items()})


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    msg = f"neither true nor false: {value!r:.200}"
    raise ValueError(msg)


def _quantity(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    msg = f"not a count: {value!r:.200}"
    raise ValueError(msg)


def _time(value: object) -> float:
    if isinstance(value, int | float) and 0 <= value < _LATEST_SECONDS:
        return float(value)
    msg = f"not a time: {value!r:.200}"
    raise ValueError(msg)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    msg = f"not a text: {value!r:.200}"
    raise ValueError(msg)


def _moment(value: object) -> Moment:
    if isinstance(value, dict) and value.keys() == {"at", "what"}:
        return Moment(at=_time(value["at"]), what=_text(value["what"]))
    msg = f"not a moment: {value!r:.200}"
    raise ValueError(msg)


def _counts(value: object) -> dict[str, int]:
    if isinstance(value, dict):
        return {name: _quantity(count) for name, count in value.items()}
    msg = f"not counts: {value!r:.200}"
    raise ValueError(msg)


def _times(value: object) -> dict[str, float]:
    if isinstance(value, dict):
        return {name: _time(time) for name, time in value.items()}
    msg = f"not times: {value!r:.200}"
    raise ValueError(msg)


def _maybe(read: Callable[[object], object]) -> Callable[[object], object]:
    return lambda value: None if value is None else read(value)


_READERS: Mapping[str, Callable[[object], Any]] = {
    "pid": _quantity,
    "started": _time,
    "serves": _flag,
    "queued": _quantity,
    "spool_waiting": _quantity,
    "spool_size_bytes": _quantity,
    "spool_held": _quantity,
    "oldest_waiting_at": _maybe(_time),
    "trouble": _maybe(_text),
    "last_error": _maybe(_text),
    "failures_in_a_row": _quantity,
    "last_success": _maybe(_moment),
    "last_failure": _maybe(_moment),
    "limited": _times,
    "counts": _counts,
    "durations": from_rows,
}
