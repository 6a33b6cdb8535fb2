"""The laws of the gate, against payloads that nobody would send: ``python -m benchmarks.privacy.fuzz [--minutes N] [--seed N]``.

Half of them are any JSON (hypothesis, shrunk when one breaks a law), half are the corpus, bent out of shape. Both begin
at the seed; how far they get in the time depends on the machine. The exit status is 0 when no law was broken and no more
needles were left than the corpus itself may leave.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from enum import StrEnum
from random import Random
from time import monotonic

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from benchmarks.privacy.corpus import PAYLOADS, Case, corpus
from benchmarks.privacy.decodings import comparable, readable
from benchmarks.privacy.gates import cleaner
from benchmarks.privacy.places import Path, at
from benchmarks.privacy.report import RECALL
from benchmarks.privacy.skeletons import SKELETONS, Payload

EXAMPLES_A_TURN = 100
CASES_A_TURN = dict.fromkeys(PAYLOADS, 5)
MAX_TOLD = 20
DEPTHS = (3, 60, 300)

Clean = Callable[[object], Payload | None]
_KEYS = (
    *("type", "user", "id", "exception", "values", "value", "stacktrace", "frames", "vars"),
    *("request", "headers", "breadcrumbs", "spans", "data", "items", "attributes", "contexts"),
    *("password", "email", "name", "extra", "tags", "message", "logentry", "params", "_meta"),
)
_scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
_json = st.recursive(
    _scalars | st.text(max_size=60),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=12), inner, max_size=5)
    ),
    max_leaves=30,
)


class Law(StrEnum):
    """What holds for any payload at all."""

    NEVER_RAISES = "it raises nothing"
    JSON_OUT = "what comes out is JSON"
    IDEMPOTENT = "cleaning twice is cleaning once"


class LawBrokenError(AssertionError):
    """The gate broke a law; what it did is the cause."""


def obey(payload: object, clean: Clean) -> Payload | None:
    """Return what the gate makes of a payload. Raises ``LawBrokenError`` when that isn't lawful."""
    once = _cleaned(deepcopy(payload), clean)
    if once is not None and _cleaned(deepcopy(once), clean) != once:
        raise LawBrokenError(Law.IDEMPOTENT)
    return once


def _cleaned(payload: object, clean: Clean) -> Payload | None:
    try:
        cleaned = clean(payload)
    except Exception as error:
        raise LawBrokenError(Law.NEVER_RAISES) from error
    try:
        json.dumps(cleaned, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise LawBrokenError(Law.JSON_OUT) from error
    return cleaned


def leaks(case: Case, payload: Payload | None) -> Iterator[str]:
    """Yield a line for each needle that can still be read."""
    text = "" if payload is None else readable(payload)
    for needle in case.needles:
        if any(comparable(tell) in text for tell in needle.tells):
            yield f"{needle.klass}: {needle.category} ({needle.wrapping}, {needle.place})"


def bend(case: Case, random: Random) -> None:
    """Change a case's payload so that it is still JSON and has all its needles."""
    for needle in case.needles:
        _surround(case.payload, needle.path, random)
    for key in random.sample(list(case.payload), 2):
        if key not in ("type", "items") and not any(n.path[0] == key for n in case.needles):
            case.payload[key] = random.choice((None, [], {}, 7, "", [None], {"values": None}))
    if "extra" in case.payload:
        case.payload["extra"] = _nested(case.payload["extra"], random.choice(DEPTHS))


def _surround(payload: Payload, path: Path, random: Random) -> None:
    """Put noise before and behind a text, apart from it by a space."""
    around, last = at(payload, path[:-1]), path[-1]
    text = at(payload, path)
    if isinstance(around, dict) and isinstance(text, str) and random.random() < 0.5:
        noise = "".join(random.choices("{}[]\"'%\\=&@:;,.-_ \n\t\0é漢🙂", k=random.randint(1, 40)))
        around[last] = random.choice(
            (f"{noise} {text}", f"{text} {noise}", f"{noise} {text} {noise}")
        )


def _nested(value: object, depth: int) -> object:
    for level in range(depth):
        value = [value] if level % 2 else {"inner": value}
    return value


def _any_json(seed: int, clean: Clean) -> None:
    @seeded(seed)
    @settings(
        max_examples=EXAMPLES_A_TURN,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(payload_type=st.sampled_from([*SKELETONS, "session", "gibberish"]), content=_json)
    def holds(payload_type: str, content: object) -> None:
        typed = {"type": payload_type} | content if isinstance(content, dict) else content
        obey(typed, clean)

    holds()


def main() -> int:
    """Look for broken laws for as long as was asked; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.privacy.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    clean = cleaner()
    broken: Counter[str] = Counter()
    left: Counter[str] = Counter()
    seed, tried, planted, until = chosen.seed, 0, 0, monotonic() + chosen.minutes * 60
    while monotonic() < until:
        try:
            _any_json(seed, clean)
        except LawBrokenError as error:
            broken[f"any JSON, seed {seed}: {error}"] += 1
            print(f"seed {seed}: {error}", *getattr(error, "__notes__", []), sep="\n  ")
        random = Random(seed)
        for case in corpus(seed, CASES_A_TURN):
            bend(case, random)
            planted += len(case.needles)
            try:
                left.update(leaks(case, obey(case.payload, clean)))
            except LawBrokenError as error:
                broken[f"bent corpus, seed {seed}: {error}"] += 1
        tried += EXAMPLES_A_TURN + sum(CASES_A_TURN.values())
        seed += 1
    print(f"{tried:,} payloads, seeds {chosen.seed} to {seed - 1}")
    for title, counts in (("laws broken", broken), (f"of {planted:,} needles left", left)):
        print(f"{counts.total():,} {title}")
        for what, count in counts.most_common(MAX_TOLD):
            print(f"  {count:>5} {what}")
    return 1 if broken or left.total() > (1 - RECALL) * planted else 0


if __name__ == "__main__":
    sys.exit(main())
