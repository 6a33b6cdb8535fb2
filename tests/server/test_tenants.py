"""One school never sees or changes what another has, whatever it asks: every address, every role, every id."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from tests.server.asking import Case, Operation, answer_of, operations_of
from tests.server.conftest import Start
from tests.server.people import FullSchool, full_school, in_database
from tests.server.plugins import paired, send
from toolboxai.server.models import Base, Role

EXAMPLES_PER_ADDRESS = 3
CONTENT = {"grade": 4, "objective": "equivalent-fractions", "seed": 7}


@dataclass(frozen=True)
class Belongings:
    """Everything a school has: an id for every name that addresses and bodies have for one, and telling words."""

    by_name: Mapping[str, str]
    ids: frozenset[str]
    words: frozenset[str]


def furnished(client: TestClient, school: FullSchool) -> Belongings:
    """Give a school a row of every kind."""
    pupil = str(school.people[Role.STUDENT].id)
    room = school.teacher.post("/api/v1/classes", json={"name": "Lake 4b", "grade": 4}).json()
    enrolled = school.teacher.post(
        f"/api/v1/classes/{room['id']}/pupils", json={"user_ids": [pupil]}
    )
    made = [
        school.teacher.post("/generate_content", json=CONTENT),
        school.teacher.post("/generate_quiz", json=CONTENT),
        school.teacher.post("/api/v1/generations", json={"kind": "quiz", **CONTENT}),
    ]
    plugin = paired(client, school.teacher, "lake studio")
    told = send(school.teacher, plugin, "Lake notice")
    assert all(answer.is_success for answer in (enrolled, *made, told))
    trail = school.admin.get("/api/v1/audit").json()["items"]
    lesson, quiz, order = (str(answer.json()["id"]) for answer in made)
    by_name = {
        "school_id": str(school.id),
        "user_id": pupil,
        "user_ids": pupil,
        "teacher_id": str(school.people[Role.TEACHER].id),
        "class_id": str(room["id"]),
        "session_id": str(plugin.session),
        "lesson_id": lesson,
        "quiz_id": quiz,
        "generation_id": order,
    }
    others = {str(person.id) for person in school.people.values()}
    others |= {str(entry["id"]) for entry in trail}
    words = frozenset({"Lake 4b", "Lake notice", school.name, "@lake"})
    return Belongings(by_name, frozenset({*by_name.values(), *others}), words)


async def _rows_about(session: AsyncSession, ids: frozenset[str]) -> list[str]:
    """Return every row of every table that one of ``ids`` stands in."""
    rows = [
        (table.name, dict(row))
        for table in Base.metadata.sorted_tables
        for row in (await session.execute(select(table))).mappings()
    ]
    return sorted(
        f"{name}: {row}"
        for name, row in rows
        if any(isinstance(value, UUID) and str(value) in ids for value in row.values())
    )


def _pointed(value: JsonValue, theirs: Mapping[str, str], name: str = "") -> JsonValue:
    """Return a body whose every id is one of the other school's."""
    if name in theirs:
        return [theirs[name]] if name.endswith("s") else theirs[name]
    if isinstance(value, dict):
        return {key: _pointed(member, theirs, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_pointed(element, theirs) for element in value]
    return value


def pointed_at(case: Case, theirs: Mapping[str, str], cursor: str) -> Case:
    """Return ``case`` with the other school's ids in the place of every id that it sends."""
    case.path_parameters = {name: theirs[name] for name in case.path_parameters}
    for name, value in case.query.items():
        if name == "cursor" and not isinstance(value, int):
            case.query[name] = cursor
        else:
            case.query[name] = theirs.get(name, value)
    if isinstance(case.body, dict):
        case.body = _pointed(case.body, theirs)
    return case


def unknown_names(operations: Sequence[Operation], theirs: Mapping[str, str]) -> list[str]:
    """Return what stands in addresses for something that the furnished school lacks."""
    return [
        f"{operation.label}: furnish a school with a {parameter.name}"
        for operation in operations
        for parameter in operation.path_parameters
        if parameter.name not in theirs
    ]


def test_no_school_sees_or_changes_anything_of_another(start: Start) -> None:
    client = start(generation_workers=0)
    mine, theirs = full_school(client, "Hill School"), full_school(client, "Lake School")
    belongings = furnished(client, theirs)
    askers = [mine.student, mine.teacher, mine.admin, paired(client, mine.teacher).client]
    operations = list(operations_of(client))
    found = unknown_names(operations, belongings.by_name)
    before = in_database(client, lambda session: _rows_about(session, belongings.ids))

    for operation in operations:

        @settings(
            max_examples=EXAMPLES_PER_ADDRESS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(case=operation.as_strategy(), cursor=st.sampled_from(sorted(belongings.ids)))
        def ask(case: Case, cursor: str) -> None:
            case = pointed_at(case, belongings.by_name, cursor)
            sent = json.dumps([case.path_parameters, case.query, case.body], default=str)
            for asker in askers:
                answer = answer_of(asker, case)
                text = answer.content.decode()
                assert answer.status_code >= 400 or not case.path_parameters, "reached"
                seen = {each for each in belongings.ids if each in text and each not in sent}
                assert seen == set(), "seen"
                assert not any(word in text for word in belongings.words if word not in sent)

        try:
            ask()
        except (AssertionError, BaseExceptionGroup) as error:
            found.append(f"{operation.label}: {error}")
        after = in_database(client, lambda session: _rows_about(session, belongings.ids))
        if after != before:
            found.append(f"{operation.label}: changed")
            before = after

    assert found == []
