"""What `/openapi.json` promises holds: asked at random, by everybody, every address answers as it is described."""

from collections.abc import Iterator
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from tests.server.conftest import application
from tests.server.people import FullSchool, person
from tests.server.plugins import paired
from toolboxai.server.models import Role

Case = schemathesis.Case[Any]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
EXAMPLES_PER_ADDRESS = 15
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# What raises on purpose is a server error.
NOT_ASKED = ("/sentry-debug",)


def operations_of(schema: schemathesis.BaseSchema) -> Iterator[Operation]:
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if not operation.path.startswith(NOT_ASKED):
            yield operation


def answer_of(asker: TestClient, case: Case) -> schemathesis.Response:
    asked = case.as_transport_kwargs(base_url="http://testserver")
    asked.pop("allow_redirects", None)
    prepared = requests.Request(**asked).prepare()
    body = prepared.body or b""
    assert isinstance(body, str | bytes)
    headers = [(str(name), str(value)) for name, value in prepared.headers.items()]
    got = asker.request(str(prepared.method), str(prepared.url), content=body, headers=headers)
    return schemathesis.Response(
        status_code=got.status_code,
        headers={name: [value] for name, value in got.headers.items()},
        content=got.content,
        request=prepared,
        elapsed=0.0,
        verify=True,
    )


def test_every_address_answers_whatever_it_is_asked_as_it_is_described(
    client: TestClient, school: FullSchool
) -> None:
    operator = person(client, Role.OPERATOR)
    plugin = paired(client, school.teacher)
    people = [school.student, school.teacher, school.admin, operator.client]
    askers = [client, *people, plugin.client]
    schema = schemathesis.openapi.from_dict(application(client).openapi())
    found: list[str] = []

    for operation in operations_of(schema):

        @settings(
            max_examples=EXAMPLES_PER_ADDRESS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(case=operation.as_strategy(), asker=st.sampled_from(askers))
        def ask(case: Case, asker: TestClient) -> None:
            if "wait" in case.query:  # for a message, and seconds are long here
                case.query["wait"] = 0
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
