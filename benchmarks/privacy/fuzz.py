"""The laws of the gate, against payloads that nobody would send: ``python -m benchmarks.privacy.fuzz [--minutes N] [--seed N] [--into FOLDER]``.

Half of them are any JSON (hypothesis), half are the corpus, bent out of shape. Both begin at the seed; how far they get in
the time depends on the machine. What breaks a law is written into the folder, as small as it gets. The exit status is 0 when no law was broken and no more
needles were left than the corpus itself may leave.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path as File
from random import Random
from time import monotonic

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from benchmarks.privacy.corpus import ECHO, OWN_KEY, PAYLOADS, Case, corpus
from benchmarks.privacy.decodings import comparable, readable
from benchmarks.privacy.gates import cleaner
from benchmarks.privacy.places import Form, Path, at
from benchmarks.privacy.report import RECALL
from benchmarks.privacy.shrinking import shrunk
from benchmarks.privacy.skeletons import SKELETONS, Payload

EXAMPLES_A_TURN = 100
CASES_A_TURN = dict.fromkeys(PAYLOADS, 5)
MAX_TOLD = 20
MAX_KEPT = 100
SECONDS_BETWEEN_LINES = 10
DEPTHS = (3, 60, 300)
BARE = Form.BARE.name.lower()

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

    def __init__(self, law: Law, payload: object) -> None:
        super().__init__(law)
        self.law = law
        self.payload = payload


def obey(payload: object, clean: Clean) -> Payload | None:
    """Return what the gate makes of a payload. Raises ``LawBrokenError`` when that isn't lawful."""
    try:
        once = clean(deepcopy(payload))
        twice = None if once is None else clean(deepcopy(once))
    except Exception as error:
        raise LawBrokenError(Law.NEVER_RAISES, payload) from error
    try:
        json.dumps([once, twice], allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise LawBrokenError(Law.JSON_OUT, payload) from error
    if twice != once:
        raise LawBrokenError(Law.IDEMPOTENT, payload)
    return once


def _breaks(law: Law, clean: Clean) -> Callable[[object], bool]:
    def does(payload: object) -> bool:
        try:
            obey(payload, clean)
        except LawBrokenError as error:
            return error.law is law
        return False

    return does


def leaks(case: Case, payload: Payload | None) -> Iterator[str]:
    """Yield a line for each needle that can still be read."""
    text = "" if payload is None else readable(payload)
    for needle in case.needles:
        if any(comparable(tell) in text for tell in needle.tells):
            yield f"{needle.klass}: {needle.category} ({needle.wrapping}, {needle.place})"


def bend(case: Case, random: Random) -> None:
    """Change a case's payload so that it is still JSON and has all its needles."""
    # What a sentence elsewhere names again is known by what stands alone under its key; what is bare by standing alone.
    named_again = {needle.tells for needle in case.needles if needle.wrapping == ECHO}
    for needle in case.needles:
        if needle.wrapping != BARE and (
            needle.wrapping != OWN_KEY or needle.tells not in named_again
        ):
            _surround(case.payload, needle.path, random)
    for key in random.sample(list(case.payload), 2):
        if key not in ("type", "items", "user") and not any(n.path[0] == key for n in case.needles):
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


@dataclass
class Found:
    """What a search has found so far."""

    tried: int = 0
    planted: int = 0
    broken: list[LawBrokenError] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    @property
    def is_good(self) -> bool:
        """Whether no law was broken and no more needles were left than may be."""
        return not self.broken and self.left.total() <= (1 - RECALL) * self.planted

    def look_at(self, seed: int, clean: Clean) -> None:
        """Try the payloads of one seed."""
        try:
            _any_json(seed, clean)
        except LawBrokenError as error:
            self.broken.append(error)
        random = Random(seed)
        for case in corpus(seed, CASES_A_TURN):
            bend(case, random)
            self.planted += len(case.needles)
            try:
                self.left.update(leaks(case, obey(case.payload, clean)))
            except LawBrokenError as error:
                self.broken.append(error)
        self.tried += EXAMPLES_A_TURN + sum(CASES_A_TURN.values())

    def __str__(self) -> str:
        """Return one line."""
        left = f"{self.left.total():,} of {self.planted:,} needles left"
        return f"{self.tried:,} payloads, {len(self.broken):,} laws broken, {left}"


def search(seed: int, seconds: float, clean: Clean) -> Found:
    """Look for broken laws from ``seed`` on, for as long as was asked, and say on standard error how far it is."""
    found, began, told = Found(), monotonic(), monotonic()
    while (now := monotonic()) - began < seconds:
        if now - told >= SECONDS_BETWEEN_LINES:
            print(f"{now - began:,.0f} of {seconds:,.0f} s: {found}", file=sys.stderr, flush=True)
            told = now
        found.look_at(seed, clean)
        seed += 1
    return found


def keep(broken: Sequence[LawBrokenError], folder: File, clean: Clean) -> Iterator[File]:
    """Write what breaks a law into ``folder``, as small as it gets, and yield the files' names."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, error in enumerate(broken[:MAX_KEPT], 1):
        smallest = shrunk(error.payload, _breaks(error.law, clean))
        file = folder / f"{error.law.name.lower()}-{number}.json"
        file.write_text(json.dumps(smallest, ensure_ascii=False, indent=1), encoding="utf-8")
        yield file


def main() -> int:
    """Look for broken laws for as long as was asked; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.privacy.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--into", type=File, metavar="FOLDER")
    chosen = parser.parse_args()
    clean = cleaner()
    found = search(chosen.seed, chosen.minutes * 60, clean)
    print(found)
    for what, count in (Counter(map(str, found.broken)) + found.left).most_common(MAX_TOLD):
        print(f"  {count:>5} {what}")
    if chosen.into is not None:
        print(*keep(found.broken, chosen.into, clean), sep="\n")
    return 0 if found.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
