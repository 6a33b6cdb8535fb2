"""Every address of the server, taken from its own OpenAPI document, and how it is asked."""

from collections.abc import Iterator
from typing import Any

import requests
import schemathesis
from schemathesis.core.result import Ok
from starlette.testclient import TestClient

from tests.server.conftest import application

Case = schemathesis.Case[Any]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
# What raises on purpose is a server error.
NOT_ASKED = ("/sentry-debug",)


def operations_of(client: TestClient) -> Iterator[Operation]:
    """Yield every operation that the server behind ``client`` describes."""
    schema = schemathesis.openapi.from_dict(application(client).openapi())
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if not operation.path.startswith(NOT_ASKED):
            yield operation


def answer_of(asker: TestClient, case: Case) -> schemathesis.Response:
    """Ask, and return the answer as schemathesis checks it."""
    if "wait" in case.query:  # for a message, and seconds are long here
        case.query["wait"] = 0
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
