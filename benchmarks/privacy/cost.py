"""What the gate costs, against ``json.dumps`` of the same event: interleaved in one run, so that a noisy machine hits both."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median
from time import thread_time

from benchmarks.privacy.corpus import KINDS, corpus
from benchmarks.privacy.gates import cleaner
from benchmarks.privacy.skeletons import SKELETONS, Payload, error, log, transaction

DENSE_RATIO = 6.0
ORDINARY_RATIO = 1.5
STRING_MILLISECONDS = 75.0
STRING_CHARS = 1_000_000
ROUNDS = 15
EVENTS_A_ROUND = 40
STRING_ROUNDS = 3
# More than any payload has places, so that every place has its needle.
_EVERYWHERE = 99
_HISTORY = 30

Clean = Callable[[object], Payload | None]


@dataclass(frozen=True, slots=True)
class Cost:
    """A figure in ``unit``, and the most that it may be; ``None``: shown only."""

    name: str
    value: float
    unit: str
    at_most: float | None

    @property
    def is_met(self) -> bool:
        """Whether it is no more than it may be."""
        return self.at_most is None or self.value <= self.at_most

    def __str__(self) -> str:
        mark = "" if self.at_most is None else ("met" if self.is_met else "MISSED")
        goal = "" if self.at_most is None else f"  (at most {self.at_most:g} {self.unit})"
        return f"  {mark:<6} {self.name:<44} {self.value:8.2f} {self.unit}{goal}"


def costs(clean: Clean | None = None) -> Iterator[Cost]:
    """Yield every figure: ratios of dense and ordinary events, milliseconds of large strings."""
    clean = clean or cleaner()
    yield _ratio("dense errors", dense, clean, DENSE_RATIO)
    yield _ratio("ordinary events, as they are sent", ordinary, clean, ORDINARY_RATIO)
    for name in ("error", "transaction", "log"):
        yield _ratio(f"ordinary, {name} only", _fresh(name), clean, None)
    for name, string in hostile().items():
        yield Cost(f"1 MB string, {name}", _string_cost(string, clean), "ms", STRING_MILLISECONDS)


def dense(seed: int) -> list[Payload]:
    """Return errors of about 14 kB with a needle in every place and a history of more, none like another."""
    random = Random(seed)
    cases = corpus(seed, {"error": EVENTS_A_ROUND}, needles=_EVERYWHERE)
    for case in cases:
        kinds = random.sample(KINDS, _HISTORY)
        case.payload["extra"]["history"] = [
            random.choice(kind.sentences).replace("{}", kind.sample(random).value) for kind in kinds
        ]
    return [case.payload for case in cases]


def ordinary(seed: int) -> list[Payload]:
    """Return what an application sends all day: the same shapes with fresh ids, logs and traces most."""
    random = Random(seed)
    kinds = (error, *[transaction] * 4, *[log] * 5)
    return [random.choice(kinds)(random) for _ in range(EVENTS_A_ROUND)]


def hostile() -> dict[str, str]:
    """Return strings that cost a careless scrubber most."""
    random = Random(1)
    pieces = {
        "at signs": "@",
        "digits": "7",
        "double quotes": '"',
        "backslashes": "\\",
        "brackets": "[",
        "open objects": '{"a":',
        "percent of percent": "%25",
        "percent letters": "%61",
        "unicode escapes": "\\u0061",
        "e-mail beginnings": "a@a.",
        "dotted digits": "1.1.",
        "token beginnings": "eyJ",
        "assignments": "password=",
        "spaces": " ",
        "hyphenated digits": "4-",
        "colons": "a:",
        "accents": "é",
        "letters": "a",
    }
    strings = {name: piece * (STRING_CHARS // len(piece)) for name, piece in pieces.items()}
    noise = random.randbytes(STRING_CHARS * 3 // 4)
    return strings | {
        "base64 of noise": base64.b64encode(noise).decode(),
        "base64 of digits": base64.b64encode(b"4" * len(noise)).decode(),
        "prose": "The lesson could not be made in time. " * (STRING_CHARS // 38),
    }


def sizes() -> dict[str, int]:
    """Return the median bytes of each kind of event that is measured."""
    events: dict[str, Sequence[Payload]] = {"dense": dense(0), "ordinary": ordinary(0)}
    return {
        name: int(median(len(json.dumps(event)) for event in made)) for name, made in events.items()
    }


def _fresh(name: str) -> Callable[[int], list[Payload]]:
    def make(seed: int) -> list[Payload]:
        random = Random(seed)
        return [SKELETONS[name](random) for _ in range(EVENTS_A_ROUND)]

    return make


def _ratio(
    name: str, make: Callable[[int], list[Payload]], clean: Clean, at_most: float | None
) -> Cost:
    ratios = []
    for event in make(ROUNDS):
        clean(event)
    for seed in range(ROUNDS):
        events = make(seed)
        begin = thread_time()
        for event in events:
            json.dumps(event)
        written = thread_time()
        for event in events:
            clean(event)
        ratios.append((thread_time() - written) / (written - begin))
    return Cost(name, median(ratios), "×", at_most)


def _string_cost(string: str, clean: Clean) -> float:
    """Return the milliseconds that the gate takes for an error with this text, the slowest of a few."""
    taken = []
    for seed in range(STRING_ROUNDS):
        event = error(Random(seed))
        event["exception"]["values"][1]["value"] = string[: len(string) - seed]
        begin = thread_time()
        clean(event)
        taken.append(thread_time() - begin)
    return max(taken) * 1000
