"""Schools, people, classes and the trail over HTTP: who may do what, and what becomes of it."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from tests.server.people import PASSWORD, FullSchool, in_database, person
from tests.server.plugins import paired
from toolboxai.server.models import Enrollment, Role, User
from toolboxai.server.schools.classes import MAX_PUPILS_PER_CLASS

USERS, CLASSES = "/api/v1/users", "/api/v1/classes"
SCHOOLS, AUDIT = "/api/v1/schools", "/api/v1/audit"
PUPIL = {"username": "Blue.Otter@hill", "password": "seven small boats", "grade": 4}


def made(answer: Response) -> dict[str, Any]:
    """Return what was made, once it is sure that it was."""
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(shown["id"])
    return shown


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


def fields_of(answer: Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [entry["field"] for entry in answer.json()["errors"]]


def actions(asker: TestClient) -> list[str]:
    return [entry["action"] for entry in asker.get(AUDIT).json()["items"]]


def names(page: Response) -> list[str]:
    return [item["username"] for item in page.json()["items"]]


def test_an_administrator_makes_an_account_and_its_owner_signs_in(
    client: TestClient, school: FullSchool
) -> None:
    shown = made(school.admin.post(USERS, json=PUPIL))

    signed_in = client.post("/auth/token", data={**PUPIL, "grade": ""})
    assert signed_in.status_code == 200
    assert school.admin.get(f"{USERS}/{shown['id']}").json() == shown
    assert shown | {"id": "", "created_at": ""} == {
        "id": "",
        "username": "blue.otter@hill",
        "role": "student",
        "grade": 4,
        "grade_band": "3-5",
        "is_disabled": False,
        "created_at": "",
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"username": "no spaces here"}, "username", id="name"),
        pytest.param({"password": "short"}, "password", id="pupil's password"),
        pytest.param({"role": "teacher", "grade": None, "password": "eight ch"}, "password", id="teacher's password"),
        pytest.param({"grade": None}, "grade", id="pupil without a grade"),
        pytest.param({"role": "teacher"}, "grade", id="teacher with a grade"),
        pytest.param({"role": "operator", "grade": None}, "role", id="operator"),
        pytest.param({"school_id": str(uuid4())}, "school_id", id="another school"),
    ],
)  # fmt: skip
def test_what_can_be_no_account_is_refused_by_field(
    school: FullSchool, change: dict[str, object], field: str
) -> None:
    answer = school.admin.post(USERS, json={**PUPIL, **change})

    assert fields_of(answer) == [field]
    assert "seven small boats" not in answer.text


def test_a_user_name_is_given_once_on_the_whole_server(
    school: FullSchool, other_school: FullSchool
) -> None:
    made(school.admin.post(USERS, json=PUPIL))

    assert code_of(other_school.admin.post(USERS, json=PUPIL)) == (409, "username-taken")
    mine = f"{USERS}/{school.people[Role.TEACHER].id}"
    assert code_of(school.admin.patch(mine, json={"username": PUPIL["username"]})) == (
        409,
        "username-taken",
    )


def test_people_are_listed_by_name_page_by_page_as_far_as_one_sees(
    school: FullSchool, other_school: FullSchool
) -> None:
    del other_school
    for number in range(3):
        made(school.admin.post(USERS, json={**PUPIL, "username": f"otter{number}@hill"}))

    first = school.admin.get(USERS, params={"limit": 4})
    second = school.admin.get(USERS, params={"limit": 4, "cursor": first.json()["next"]})

    assert names(first) == ["admin@hill", "otter0@hill", "otter1@hill", "otter2@hill"]
    assert names(second) == ["student@hill", "teacher@hill"]
    assert second.json()["next"] is None
    assert "admin@hill" not in names(school.teacher.get(USERS))
    assert names(school.admin.get(USERS, params={"role": "teacher"})) == ["teacher@hill"]
    assert school.student.get(USERS).status_code == 403


def test_a_pupil_sees_nobody_but_themselves(school: FullSchool) -> None:
    own, teacher = school.people[Role.STUDENT].id, school.people[Role.TEACHER].id

    assert school.student.get(f"{USERS}/{own}").json()["username"] == "student@hill"
    assert code_of(school.student.get(f"{USERS}/{teacher}")) == (404, "user-not-found")


def test_who_is_disabled_is_out_at_once_and_comes_back_when_enabled(
    client: TestClient, school: FullSchool
) -> None:
    pupil = school.people[Role.STUDENT]
    credentials = {"username": pupil.username, "password": PASSWORD}
    refresh = client.post("/auth/token", data=credentials).json()["refresh_token"]

    disabled = school.admin.patch(f"{USERS}/{pupil.id}", json={"is_disabled": True})

    assert disabled.json()["is_disabled"] is True
    assert school.student.get("/auth/me").status_code == 401
    assert client.post("/auth/refresh", json={"refresh_token": refresh}).status_code == 401
    assert names(school.admin.get(USERS, params={"is_disabled": True})) == [pupil.username]
    school.admin.patch(f"{USERS}/{pupil.id}", json={"is_disabled": False})
    assert client.post("/auth/token", data=credentials).status_code == 200
    assert actions(school.admin)[:2] == ["user.enabled", "user.disabled"]


def test_a_role_changes_with_its_grade_and_only_without_classes(school: FullSchool) -> None:
    pupil, teacher = school.people[Role.STUDENT].id, school.people[Role.TEACHER].id
    made(school.teacher.post(CLASSES, json={"name": "4b", "grade": 4}))

    teaches = school.admin.patch(f"{USERS}/{teacher}", json={"role": "student", "grade": 4})
    promoted = school.admin.patch(f"{USERS}/{pupil}", json={"role": "teacher"})
    back = school.admin.patch(f"{USERS}/{pupil}", json={"role": "student"})

    assert code_of(teaches) == (409, "still-teaches")
    assert (promoted.json()["role"], promoted.json()["grade"]) == ("teacher", None)
    assert fields_of(back) == ["grade"]
    assert actions(school.admin)[0] == "user.role_changed"


@pytest.mark.parametrize("change", [{"is_disabled": True}, {"role": "teacher"}])
def test_an_administrator_can_not_lock_themselves_out(
    school: FullSchool, change: dict[str, object]
) -> None:
    answer = school.admin.patch(f"{USERS}/{school.people[Role.ADMIN].id}", json=change)

    assert code_of(answer) == (409, "own-account")
    assert school.admin.get("/auth/me").json()["role"] == "admin"


def test_a_teacher_sets_passwords_of_the_pupils_of_their_classes_only(
    client: TestClient, school: FullSchool
) -> None:
    pupil = school.people[Role.STUDENT]
    password = {"password": "nine tall trees"}
    before = client.post("/auth/token", data={"username": pupil.username, "password": PASSWORD})

    assert school.teacher.put(f"{USERS}/{pupil.id}/password", json=password).status_code == 404
    room = made(school.teacher.post(CLASSES, json={"name": "4b", "grade": 4}))
    school.teacher.post(f"{CLASSES}/{room['id']}/pupils", json={"user_ids": [str(pupil.id)]})
    assert school.teacher.put(f"{USERS}/{pupil.id}/password", json=password).status_code == 204

    refresh = {"refresh_token": before.json()["refresh_token"]}
    signed_in = client.post("/auth/token", data={"username": pupil.username, **password})
    assert client.post("/auth/refresh", json=refresh).status_code == 401
    assert signed_in.status_code == 200
    admin = school.people[Role.ADMIN].id
    assert school.teacher.put(f"{USERS}/{admin}/password", json=password).status_code == 404


def test_a_class_is_filled_shown_to_its_pupils_changed_and_removed(school: FullSchool) -> None:
    pupil = school.people[Role.STUDENT].id
    room = made(school.teacher.post(CLASSES, json={"name": "4b", "grade": 4}))
    address = f"{CLASSES}/{room['id']}"

    assert school.student.get(CLASSES).json()["items"] == []
    enrolled = [
        school.teacher.post(f"{address}/pupils", json={"user_ids": [str(pupil)] * times})
        for times in (2, 1)
    ]
    assert [answer.json()["pupils"] for answer in enrolled] == [1, 1]
    assert [item["name"] for item in school.student.get(CLASSES).json()["items"]] == ["4b"]
    assert names(school.teacher.get(USERS, params={"class_id": room["id"]})) == ["student@hill"]

    renamed = school.teacher.patch(address, json={"name": "5b", "grade": 5}).json()
    assert (renamed["name"], renamed["grade_band"]) == ("5b", "3-5")
    assert school.student.delete(address).status_code == 403
    assert school.teacher.delete(f"{address}/pupils/{pupil}").status_code == 204
    assert code_of(school.teacher.delete(f"{address}/pupils/{pupil}")) == (404, "user-not-found")
    assert school.student.get(address).status_code == 404
    assert school.teacher.delete(address).status_code == 204
    assert code_of(school.teacher.get(address)) == (404, "class-not-found")
    assert actions(school.admin) == [
        "class.removed",
        "class.unenrolled",
        "class.changed",
        "class.enrolled",
        "class.created",
    ]


def test_classes_are_listed_by_name_page_by_page(school: FullSchool) -> None:
    for name in ("4c", "4a", "4b"):
        made(school.teacher.post(CLASSES, json={"name": name, "grade": 4}))

    first = school.admin.get(CLASSES, params={"limit": 2}).json()
    second = school.admin.get(CLASSES, params={"limit": 2, "cursor": first["next"]}).json()

    listed = [item["name"] for page in (first, second) for item in page["items"]]
    assert listed == ["4a", "4b", "4c"]
    assert second["next"] is None


def test_only_an_administrator_gives_a_class_to_somebody_else(
    client: TestClient, school: FullSchool, other_school: FullSchool
) -> None:
    del client
    admin, teacher = (str(school.people[role].id) for role in (Role.ADMIN, Role.TEACHER))
    stranger = str(other_school.people[Role.TEACHER].id)

    def ask(asker: TestClient, teacher_id: str) -> Response:
        return asker.post(CLASSES, json={"name": "4b", "grade": 4, "teacher_id": teacher_id})

    assert ask(school.teacher, admin).status_code == 403
    assert fields_of(ask(school.admin, stranger)) == ["teacher_id"]
    room = made(ask(school.admin, teacher))
    assert room["teacher_id"] == teacher
    assert code_of(ask(school.admin, admin)) == (409, "class-name-taken")
    given = school.teacher.patch(f"{CLASSES}/{room['id']}", json={"teacher_id": admin})
    assert given.status_code == 403


def test_a_class_takes_pupils_of_the_school_all_or_none_and_has_a_limit(
    client: TestClient, school: FullSchool, other_school: FullSchool
) -> None:
    own, other = (str(each.people[Role.STUDENT].id) for each in (school, other_school))
    room = made(school.teacher.post(CLASSES, json={"name": "4b", "grade": 4}))
    address = f"{CLASSES}/{room['id']}/pupils"

    mixed = school.teacher.post(address, json={"user_ids": [own, other]})
    assert fields_of(mixed) == ["user_ids.1"]
    assert school.teacher.get(f"{CLASSES}/{room['id']}").json()["pupils"] == 0

    async def fill(session: AsyncSession) -> None:
        for number in range(MAX_PUPILS_PER_CLASS):
            pupil = User(
                school_id=school.id, username=f"p{number}@hill", role="student",
                password_hash="", grade=4,
            )  # fmt: skip
            session.add(pupil)
            await session.flush()
            session.add(Enrollment(class_id=UUID(room["id"]), user_id=pupil.id))

    in_database(client, fill)
    full = school.teacher.post(address, json={"user_ids": [own]})
    assert code_of(full) == (409, "class-full")


def test_an_operator_makes_schools_and_their_first_administrators(client: TestClient) -> None:
    operator = person(client, Role.OPERATOR).client
    new = {
        "name": "River School",
        "admin_username": "office@river",
        "admin_password": "a long sentence helps",
    }

    school = made(operator.post(SCHOOLS, json=new))
    signed_in = client.post(
        "/auth/token", data={"username": "office@river", "password": new["admin_password"]}
    )
    bearer = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}

    assert school["people"] == {"admin": 1}
    assert client.get("/auth/me", headers=bearer).json()["school"]["name"] == "River School"
    assert code_of(operator.post(SCHOOLS, json=new)) == (409, "school-name-taken")
    assert code_of(operator.post(SCHOOLS, json={**new, "name": "Hill"})) == (409, "username-taken")
    renamed = operator.patch(f"{SCHOOLS}/{school['id']}", json={"name": "Upper River"})
    assert renamed.json()["name"] == operator.get(SCHOOLS).json()["items"][0]["name"]
    trail = client.get(AUDIT, headers=bearer).json()["items"]
    assert [entry["action"] for entry in trail] == [
        "school.renamed",
        "user.created",
        "school.created",
    ]


def test_what_failed_half_way_left_no_school(client: TestClient, school: FullSchool) -> None:
    operator = person(client, Role.OPERATOR).client
    taken = school.people[Role.ADMIN].username

    answer = operator.post(
        SCHOOLS,
        json={"name": "Half", "admin_username": taken, "admin_password": "a long sentence helps"},
    )

    assert code_of(answer) == (409, "username-taken")
    assert [item["name"] for item in operator.get(SCHOOLS).json()["items"]] == ["Hill School"]


@pytest.mark.parametrize("role", [Role.STUDENT, Role.TEACHER, Role.ADMIN])
def test_only_operators_see_schools(school: FullSchool, role: Role) -> None:
    asker = school.people[role].client

    assert asker.get(SCHOOLS).status_code == 403
    assert asker.get(f"{SCHOOLS}/{school.id}").status_code == 403


def test_the_trail_names_who_did_it_and_pages_back(client: TestClient, school: FullSchool) -> None:
    studio = paired(client, school.teacher)
    assert studio.client.delete("/plugin/session").status_code == 204
    made(school.admin.post(USERS, json=PUPIL))

    first = school.admin.get(AUDIT, params={"limit": 2}).json()
    second = school.admin.get(AUDIT, params={"limit": 2, "cursor": first["next"]}).json()

    told = [(entry["username"], entry["action"]) for entry in first["items"] + second["items"]]
    assert told == [
        ("admin@hill", "user.created"),
        ("teacher@hill", "studio.ended"),
        ("teacher@hill", "studio.paired"),
    ]
    filtered = school.admin.get(AUDIT, params={"action": "studio.paired"}).json()["items"]
    assert [entry["action"] for entry in filtered] == ["studio.paired"]
    assert school.teacher.get(AUDIT).status_code == 403


def test_a_page_after_something_that_is_gone_is_empty(school: FullSchool) -> None:
    for address in (USERS, CLASSES):
        page = school.admin.get(address, params={"cursor": str(uuid4())})
        assert page.json() == {"items": [], "next": None}
