"""What a day at a school asks of the server, in small. Pure: a seed in, requests out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random
from typing import Any

MAX_SEED = 10_000
PLUGIN_VERSION = "1.0.0"
GENERATIONS = "/api/v1/generations"


class Kind(StrEnum):
    """What a request is meant to end in."""

    SIGN_IN = "sign-ins"
    REFUSED_SIGN_IN = "sign-ins refused"
    LESSON = "lessons made"
    QUIZ = "quizzes made"
    ORDER = "lessons ordered"
    LOOK = "looks at what was ordered"
    MISTAKE = "mistakes refused"
    FORBIDDEN = "pupils refused"
    MISSING = "lessons nobody has"
    PLUGIN = "requests of a Studio plugin"
    FAILURE = "errors raised on purpose"


# Outside development /sentry-debug does not exist.
ON_PURPOSE = frozenset({500, 503, 404})
EXPECTED_STATUSES: Mapping[Kind, frozenset[int]] = {
    Kind.SIGN_IN: frozenset({200}),
    Kind.REFUSED_SIGN_IN: frozenset({401, 429}),
    Kind.LESSON: frozenset({200, 201}),
    Kind.QUIZ: frozenset({200, 201}),
    Kind.ORDER: frozenset({202, 429, 503}),
    Kind.LOOK: frozenset({200}),
    Kind.MISTAKE: frozenset({400, 404, 422}),
    Kind.FORBIDDEN: frozenset({403}),
    Kind.MISSING: frozenset({404}),
    Kind.PLUGIN: frozenset({200, 201, 202, 204}),
    Kind.FAILURE: ON_PURPOSE,
}


class Who(StrEnum):
    """Who asks."""

    NOBODY = "nobody"
    TEACHER = "teacher"
    PUPIL = "pupil"
    STUDIO = "studio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What lessons can be made about."""

    code: str
    grades: tuple[int, ...]
    subject: str = "mathematics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to make. Braces in path and values stand for what an earlier answer gave.

    ``keeps`` says what to remember of the answer: the name to remember it by, and its member.
    """

    kind: Kind
    method: str
    path: str
    who: Who = Who.NOBODY
    body: Mapping[str, Any] = field(default_factory=dict)
    is_form: bool = False
    keeps: Mapping[str, str] = field(default_factory=dict)

    def is_expected(self, status: int) -> bool:
        """Say whether the server did with it what it should."""
        return status in EXPECTED_STATUSES[self.kind]


def plan(objectives: Sequence[Objective], requests: int, seed: int) -> Iterator[Call]:
    """Yield ``requests`` calls, the same ones for the same seed; first somebody signs in."""
    chance = Random(seed)
    acts, weights = zip(*ACTS.items(), strict=True)
    calls = [_sign_in(Who.TEACHER), _sign_in(Who.PUPIL)]
    while len(calls) < requests:
        (act,) = chance.choices(acts, weights)
        calls += act(chance, objectives)
    yield from calls[:requests]


def _sign_in(who: Who) -> Call:
    credentials = {"username": f"{{{who}_name}}", "password": f"{{{who}_password}}"}
    return Call(
        kind=Kind.SIGN_IN,
        method="POST",
        path="/auth/token",
        body=credentials,
        is_form=True,
        keeps={f"{who}_token": "access_token"},
    )


def _signs_in(chance: Random, _objectives: Sequence[Objective]) -> list[Call]:
    return [_sign_in(chance.choice([Who.TEACHER, Who.PUPIL, Who.PUPIL]))]


def _mistypes(chance: Random, _objectives: Sequence[Objective]) -> list[Call]:
    body = {"username": f"visitor-{chance.randrange(50)}", "password": "not this one"}
    kind = Kind.REFUSED_SIGN_IN
    return [Call(kind=kind, method="POST", path="/auth/token", body=body, is_form=True)]


def _makes_a_lesson(chance: Random, objectives: Sequence[Objective]) -> list[Call]:
    return [_generates(Kind.LESSON, "/generate_content", _wish(chance, objectives))]


def _makes_a_quiz(chance: Random, objectives: Sequence[Objective]) -> list[Call]:
    return [_generates(Kind.QUIZ, "/generate_quiz", _wish(chance, objectives))]


def _orders(chance: Random, objectives: Sequence[Objective]) -> list[Call]:
    wish = _wish(chance, objectives) | {"kind": chance.choice(["lesson", "quiz"])}
    ordered = replace(_generates(Kind.ORDER, GENERATIONS, wish), keeps={"order": "id"})
    path = f"{GENERATIONS}/{{order}}"
    return [ordered, Call(kind=Kind.LOOK, method="GET", path=path, who=Who.TEACHER)]


def _is_mistaken(chance: Random, objectives: Sequence[Objective]) -> list[Call]:
    wrong: list[dict[str, Any]] = [
        {"grade": 13},
        {"grade": "four"},
        {"objective": ""},
        {"objective": "underwater-basket-weaving"},
        {"questions": 1000},
        {"colour": "blue"},
    ]
    body = _wish(chance, objectives) | chance.choice(wrong)
    return [_generates(Kind.MISTAKE, "/generate_content", body)]


def _may_not(chance: Random, objectives: Sequence[Objective]) -> list[Call]:
    body = _wish(chance, objectives)
    return [replace(_generates(Kind.FORBIDDEN, "/generate_content", body), who=Who.PUPIL)]


def _misses(chance: Random, _objectives: Sequence[Objective]) -> list[Call]:
    path = f"/lessons/00000000-0000-4000-8000-{chance.getrandbits(48):012x}"
    return [Call(kind=Kind.MISSING, method="GET", path=path, who=Who.PUPIL)]


def _opens_studio(chance: Random, _objectives: Sequence[Objective]) -> list[Call]:
    asked = Call(kind=Kind.PLUGIN, method="POST", path="/plugin/messages", who=Who.STUDIO)
    script = chance.choice(["Workspace.Volcano.Lava", "ServerScriptService.Quiz"])
    broken = {
        "type": "error",
        "message": "attempt to index nil with 'Position'",
        "script": script,
        "line": chance.randint(1, 80),
    }
    registration = {
        "code": "{pairing_code}",
        "plugin_version": PLUGIN_VERSION,
        "studio_id": f"demo-{chance.randrange(4)}",
    }
    return [
        replace(asked, path="/plugin/pairing", who=Who.TEACHER, keeps={"pairing_code": "code"}),
        replace(
            asked,
            path="/plugin/register",
            who=Who.NOBODY,
            body=registration,
            keeps={"studio_token": "token"},
        ),
        replace(asked, method="GET", path="/plugin/messages?wait=0"),
        replace(asked, body={"entries": [broken]}),
        replace(asked, path="/plugin/heartbeat"),
        replace(asked, method="DELETE", path="/plugin/session"),
    ]


def _fails(chance: Random, _objectives: Sequence[Objective]) -> list[Call]:
    (what,) = chance.choices(["error", "model"], [3, 1])
    return [Call(kind=Kind.FAILURE, method="GET", path=f"/sentry-debug/{what}")]


# What is done how often. The real share of mistakes is lower; a few hundred requests must show some.
Act = Callable[[Random, Sequence[Objective]], list[Call]]
ACTS: Mapping[Act, float] = {
    _makes_a_lesson: 40,
    _makes_a_quiz: 14,
    _orders: 8,
    _signs_in: 6,
    _mistypes: 4,
    _is_mistaken: 10,
    _may_not: 3,
    _misses: 3,
    _opens_studio: 3,
    _fails: 4,
}


def _generates(kind: Kind, path: str, body: Mapping[str, Any]) -> Call:
    return Call(kind=kind, method="POST", path=path, body=body, who=Who.TEACHER)


def _wish(chance: Random, objectives: Sequence[Objective]) -> dict[str, Any]:
    objective = chance.choice(objectives)
    return {
        "grade": chance.choice(objective.grades),
        "objective": objective.code,
        "subject": objective.subject,
        "seed": chance.randrange(MAX_SEED),
        "questions": chance.randint(3, 10),
    }
