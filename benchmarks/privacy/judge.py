"""What a scrubber did to the corpus: which needles it left, which straws it took, whether the rest is still an event."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.privacy.corpus import Case, Needle, Straw, user_ids
from benchmarks.privacy.decodings import comparable, readable
from benchmarks.privacy.places import Path, at
from benchmarks.privacy.skeletons import Payload

PSEUDONYM = re.compile(r"p1_[a-z2-7]{26}")
# What an engineer finds the bug by; not below what an application fills itself.
_STRUCTURE = frozenset(
    [
        "associated_event_id",
        "category",
        "error_ids",
        "event_id",
        "filename",
        "function",
        "in_app",
        "level",
        "lineno",
        "logger",
        "module",
        "op",
        "origin",
        "parent_span_id",
        "platform",
        "replay_id",
        "replay_type",
        "segment_id",
        "severity_number",
        "source",
        "span_id",
        "start_timestamp",
        "status",
        "timestamp",
        "trace_id",
        "trace_ids",
        "transaction",
        "type",
    ]
)
_OWN = frozenset({"attributes", "data", "extra", "headers", "modules", "tags", "user", "vars"})


@dataclass(frozen=True, slots=True)
class Found:
    """A needle that is still there, or a straw that is not, beside what lies at its place now."""

    what: Needle | Straw
    now: object


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case."""

    case: Case
    missed: tuple[Found, ...]
    taken: tuple[Found, ...]
    broken: tuple[Path, ...]
    """Where the structure isn't what it was."""
    lost_context: tuple[Path, ...]
    """Where the pseudonym, the role or the grade band is missing."""
    has_raw_id: bool


def judge(case: Case, scrubbed: Payload | None) -> Verdict:
    """Compare what was planted with what came out; nothing at all is a leak of nothing."""
    text = "" if scrubbed is None else readable(scrubbed)
    return Verdict(
        case=case,
        missed=tuple(
            Found(needle, _at(scrubbed, needle.path))
            for needle in case.needles
            if any(comparable(tell) in text for tell in needle.tells)
        ),
        taken=tuple(
            Found(straw, _at(scrubbed, straw.path))
            for straw in case.straws
            if not _is_whole(straw, scrubbed)
        ),
        broken=tuple(path for path in structure(case.skeleton) if not _same(case, scrubbed, path)),
        lost_context=tuple(_lost_context(case, scrubbed)),
        has_raw_id=any(
            comparable(str(at(case.skeleton, path))) in text for path in user_ids(case.skeleton)
        ),
    )


def structure(value: object, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of what must be the same afterwards; a list's own path stands for its length."""
    if isinstance(value, list):
        yield path
        for index, entry in enumerate(value):
            yield from structure(entry, (*path, index))
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key in _STRUCTURE:
                yield (*path, key)
            elif key not in _OWN:
                yield from structure(entry, (*path, key))


def _at(payload: Payload | None, path: Path) -> object:
    try:
        return at(payload or {}, path)
    except (LookupError, TypeError):
        return None


def _same(case: Case, scrubbed: Payload | None, path: Path) -> bool:
    before, after = at(case.skeleton, path), _at(scrubbed, path)
    if isinstance(before, list) and path[-1] not in _STRUCTURE:
        return isinstance(after, list) and len(after) == len(before)
    return bool(before == after)


def _is_whole(straw: Straw, scrubbed: Payload | None) -> bool:
    now = _at(scrubbed, straw.path)
    if isinstance(straw.value, str) and isinstance(now, str):
        return straw.value in now
    return now == straw.value and type(now) is type(straw.value)


def _lost_context(case: Case, scrubbed: Payload | None) -> Iterator[Path]:
    for path in user_ids(case.skeleton):
        if not PSEUDONYM.fullmatch(str(_at(scrubbed, path))):
            yield path
    if "items" in case.skeleton:
        facts: list[Path] = [
            ("items", n, "attributes", "user.role", "value")
            for n in range(len(case.skeleton["items"]))
        ]
    else:
        facts = [("user", "role"), ("user", "grade_band")]
    yield from (path for path in facts if _at(scrubbed, path) != at(case.skeleton, path))
