"""What must stay: ids, versions, counts, templates and titles, and what only looks like a secret or a person."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from random import Random

from benchmarks.privacy.kinds import HEX, pick
from benchmarks.privacy.skeletons import uuid

_STAYS = tomllib.loads(Path(__file__).with_name("harmless.toml").read_text(encoding="utf-8"))
_TEXTS: dict[str, list[str]] = _STAYS["texts"]
_KEYED: dict[str, list[str | float]] = _STAYS["keyed"]


@dataclass(frozen=True, slots=True)
class Harmless:
    """A category of what must stay; with keys it comes under one of them, without in free text."""

    name: str
    make: Callable[[Random], str | float]
    keys: tuple[str, ...] = ()


def _sha(random: Random) -> str:
    return sha1(random.randbytes(8), usedforsecurity=False).hexdigest()


def _time(random: Random) -> str:
    day, hour, second = random.randint(1, 28), random.randint(0, 23), random.randint(0, 59)
    form = random.choice(("2026-11-{:02}T{:02}:17:{:02}Z", "2026-11-{:02} {:02}:17:{:02}.123456"))
    return form.format(day, hour, second)


def _traceparent(random: Random) -> str:
    return f"00-{pick(random, HEX, 32)}-{pick(random, HEX, 16)}-01"


def _digest(random: Random) -> str:
    return f"sha256:{pick(random, HEX, 64)}"


_MADE: tuple[tuple[str, Callable[[Random], str], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "uuid",
        uuid,
        ("lesson_id", "generation_id", "request_id", "class_id", "quiz_id"),
        ("lesson {} is not published", "request {} took too long"),
    ),
    (
        "trace id",
        lambda random: pick(random, HEX, 32),
        ("trace_id", "sentry.trace", "correlation_id"),
        ("trace {} has no root",),
    ),
    (
        "span id",
        lambda random: pick(random, HEX, 16),
        ("span_id", "parent_span_id"),
        ("span {} was never finished",),
    ),
    ("git sha", _sha, ("commit", "git_sha", "revision"), ("deployed {}", "at commit {}")),
    (
        "short sha",
        lambda random: _sha(random)[:7],
        ("commit_short", "build"),
        ("release toolboxai@1.4.2+{}",),
    ),
    ("digest", _digest, ("image", "etag", "checksum"), ("layer {} was pulled",)),
    (
        "time",
        _time,
        ("created_at", "updated_at", "expires_at", "last_seen_at"),
        ("scheduled for {}", "next run at {}"),
    ),
    (
        "epoch",
        lambda random: str(1_795_000_000 + random.randint(0, 999_999)),
        ("timestamp", "iat", "not_before"),
        ("clock says {}",),
    ),
    (
        "version",
        lambda random: f"{random.randint(0, 9)}.{random.randint(0, 40)}.{random.randint(0, 99)}",
        ("version", "plugin_version", "sdk_version"),
        ("upgraded to {}", "needs plugin {} or newer"),
    ),
    ("traceparent", _traceparent, ("traceparent",), ("continued {}",)),
)


def _filled(texts: list[str]) -> Callable[[Random], str]:
    def make(random: Random) -> str:
        text = random.choice(texts)
        return text.replace("{n}", str(random.randint(11, 999))).replace(
            "{d}", str(random.randint(2, 9))
        )

    return make


def _told(make: Callable[[Random], str], sentences: tuple[str, ...]) -> Callable[[Random], str]:
    return lambda random: random.choice(sentences).replace("{}", make(random))


def _one_of(values: list[str | float]) -> Callable[[Random], str | float]:
    return lambda random: random.choice(values)


IN_TEXT: tuple[Harmless, ...] = (
    *(Harmless(name, _filled(texts)) for name, texts in _TEXTS.items()),
    *(Harmless(f"{name} in text", _told(make, told)) for name, make, _, told in _MADE),
)
UNDER_KEYS: tuple[Harmless, ...] = (
    *(Harmless(key, _one_of(values), (key,)) for key, values in _KEYED.items()),
    *(Harmless(name, make, keys) for name, make, keys, _ in _MADE),
)
