"""What `/openapi.json` promises holds: asked at random, by everybody, every address answers as it is described."""

from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from tests.server.asking import Case, answer_of, operations_of
from tests.server.conftest import application
from tests.server.people import FullSchool, person
from tests.server.plugins import paired
from toolboxai.server.models import Role

EXAMPLES_PER_ADDRESS = 15
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_every_address_answers_whatever_it_is_asked_as_it_is_described(
    client: TestClient, school: FullSchool
) -> None:
    operator = person(client, Role.OPERATOR)
    plugin = paired(client, school.teacher)
    people = [school.student, school.teacher, school.admin, operator.client]
    askers = [client, *people, plugin.client]
    found: list[str] = []

    for operation in operations_of(client):

        @settings(
            max_examples=EXAMPLES_PER_ADDRESS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(case=operation.as_strategy(), asker=st.sampled_from(askers))
        def ask(case: Case, asker: TestClient) -> None:
            case.validate_response(answer_of(asker, case), checks=CHECKS)

        try:
            ask()
        except (AssertionError, BaseExceptionGroup) as error:
            found.append(f"{operation.label}: {error}")

    assert "\n\n".join(found) == ""


def test_every_address_says_what_it_is_for_and_shows_an_example(client: TestClient) -> None:
    document = application(client).openapi()
    lacking = [
        f"{method.upper()} {path}: {what}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for what in lacks(operation)
    ]

    assert lacking == []


def lacks(operation: dict[str, object]) -> Iterator[str]:
    if not operation.get("summary"):
        yield "summary"
    if not operation.get("description"):
        yield "description"
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    answers = operation["responses"]
    assert isinstance(answers, dict)
    for place, described in [("body", body) for body in bodies] + list(answers.items()):
        assert isinstance(described, dict)
        for media_type, content in described.get("content", {}).items():
            if media_type != "application/x-www-form-urlencoded" and not (
                content.get("example") or content.get("examples")
            ):
                yield f"an example of {place} as {media_type}"
