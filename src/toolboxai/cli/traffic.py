"""What a day at a school asks of the server, in small. Pure: a seed in, requests out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

# The real share of mistakes is lower; a demonstration of a few hundred requests must show some.
SHARES = {"lesson": 0.82, "mistake": 0.12, "missing": 0.02, "failure": 0.04}
MAX_SEED = 10_000


class Kind(StrEnum):
    """What a request is meant to end in."""

    LESSON = "lessons made"
    MISTAKE = "mistakes refused"
    MISSING = "lessons nobody has"
    FAILURE = "errors raised on purpose"


EXPECTED_STATUSES = {
    Kind.LESSON: {200, 201},
    Kind.MISTAKE: {400, 404, 422},
    Kind.MISSING: {404},
    # Outside development /sentry-debug does not exist.
    Kind.FAILURE: {500, 404},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What lessons can be made about."""

    code: str
    grades: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to make."""

    kind: Kind
    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)

    def is_expected(self, status: int) -> bool:
        """Say whether the server did with it what it should."""
        return status in EXPECTED_STATUSES[self.kind]


def plan(objectives: Sequence[Objective], requests: int, seed: int) -> Iterator[Call]:
    """Yield ``requests`` calls, the same ones for the same seed."""
    chance = Random(seed)
    kinds = chance.choices(list(Kind), weights=list(SHARES.values()), k=requests)
    for kind in kinds:
        yield _call(kind, chance, objectives)


def _call(kind: Kind, chance: Random, objectives: Sequence[Objective]) -> Call:
    match kind:
        case Kind.LESSON:
            return _generate(kind, _lesson(chance, objectives))
        case Kind.MISTAKE:
            return _generate(kind, _spoilt(chance, _lesson(chance, objectives)))
        case Kind.MISSING:
            number = chance.getrandbits(48)
            path = f"/lessons/00000000-0000-4000-8000-{number:012x}"
            return Call(kind=kind, method="GET", path=path)
        case Kind.FAILURE:
            return Call(kind=kind, method="GET", path="/sentry-debug")


def _generate(kind: Kind, body: Mapping[str, Any]) -> Call:
    return Call(kind=kind, method="POST", path="/generate_content", body=body)


def _lesson(chance: Random, objectives: Sequence[Objective]) -> dict[str, Any]:
    objective = chance.choice(objectives)
    return {
        "grade": chance.choice(objective.grades),
        "objective": objective.code,
        "seed": chance.randrange(MAX_SEED),
        "questions": chance.randint(3, 10),
    }


def _spoilt(chance: Random, body: Mapping[str, Any]) -> dict[str, Any]:
    wrong: list[dict[str, Any]] = [
        {"grade": 13},
        {"grade": "four"},
        {"objective": ""},
        {"objective": "underwater-basket-weaving"},
        {"questions": 1000},
        {"colour": "blue"},
    ]
    return {**body, **chance.choice(wrong)}
