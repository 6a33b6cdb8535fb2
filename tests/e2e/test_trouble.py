"""Every kind of error really happens, over HTTP, and reaches the real monitor with its context, or is a refusal by design."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import services
from tests.conftest import need
from tests.e2e.error_kinds import KINDS, Kind, Told
from tests.e2e.living_school import LivingSchool, living_school, trace_id_of
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM

Json = dict[str, Any]


class Happened:
    """What the server answered, and what it has told."""

    def __init__(self, school: LivingSchool) -> None:
        self.answers: dict[str, tuple[int, str]] = {}
        for kind in KINDS:
            school.asking_about = kind.name
            answer = kind.happen(school)
            problem = answer.json().get("type", "") if answer.status >= 400 else ""
            self.answers[kind.name] = answer.status, problem
        school.asking_about = "what was told"
        self.events = school.events()
        self.counts: dict[str, int] = school.status()["counts"]

    def told_of(self, kind: Kind) -> list[Json]:
        """Return the events of one kind."""
        trace = trace_id_of(kind.name)
        return [event for event in self.events if trace in traces_of(event)]


def traces_of(event: Json) -> set[str]:
    contexts = event["contexts"]
    started_in = (contexts.get("job") or {}).get("started_in_trace", "")
    return {contexts["trace"]["trace_id"], started_in}


@pytest.fixture(scope="module")
def happened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Happened]:
    """Let every kind happen once, at one server."""
    for service in (services.POSTGRES, services.REDIS):
        need(service, request.config)
    folder = tmp_path_factory.mktemp("school")
    with (
        services.empty_database() as database_url,
        living_school(folder, database_url=database_url, redis_url=services.redis_url()) as school,
    ):
        yield Happened(school)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_kind_is_answered_and_told_as_it_should_be(kind: Kind, happened: Happened) -> None:
    status, problem = happened.answers[kind.name]
    events = happened.told_of(kind)

    assert (status, problem.rpartition(":")[2]) == (
        kind.status,
        kind.problem or "blank" * bool(problem),
    )
    assert [seen(event, told) for event, told in zip(events, kind.told, strict=True)] == list(
        kind.told
    )
    if kind.counted:
        assert happened.counts[f"refused.{kind.counted}"] > 0


def seen(event: Json, expected: Told) -> Told:
    """Return what ``event`` says, of tags and contexts those that are expected."""
    (raised, *_) = reversed((event.get("exception") or {}).get("values") or [{}])
    words = str((event.get("logentry") or {}).get("formatted", event.get("message")))
    what = f"{raised['type']}: {raised['value']}" if raised else words
    return Told(
        what=expected.what if what.startswith(expected.what) else what,
        level=event["level"],
        handled=(raised.get("mechanism") or {}).get("handled"),
        transaction=event["transaction"],
        user=user_of(event),
        band=(event.get("user") or {}).get("grade_band"),
        tags={name: event["tags"].get(name, "") for name in expected.tags},
        contexts=expected.contexts & set(event["contexts"]),
        fingerprint=tuple(event.get("fingerprint") or ()) if expected.fingerprint else (),
    )


def user_of(event: Json) -> str | None:
    """Return who asked, as far as the event may say: never more than a pseudonym."""
    user = event.get("user") or {}
    user_id = user.get("id")
    if user_id in {None, "unknown"}:
        return user_id
    assert IS_PSEUDONYM.fullmatch(user_id)
    role: str = user.get("role", "someone")
    return role
