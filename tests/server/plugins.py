"""A plugin as Studio would run one: paired with somebody's server, asking with its token."""

from typing import Any
from uuid import UUID

from httpx2 import Response
from starlette.testclient import TestClient

from tests.server.people import beside
from toolboxai.server.roblox.protocol import MIN_PLUGIN_VERSION

WHO = {"plugin_version": MIN_PLUGIN_VERSION, "studio_id": "studio-1"}


class Plugin:
    """A plugin with a session."""

    def __init__(self, client: TestClient, session: UUID, token: str) -> None:
        self.client = beside(client)
        self.client.headers["Authorization"] = f"Bearer {token}"
        self.session = session
        self.token = token

    def poll(self, cursor: int = 0, *, wait: int = 0) -> Response:
        """Ask for messages."""
        return self.client.get("/plugin/messages", params={"cursor": cursor, "wait": wait})

    def numbers(self, cursor: int = 0) -> list[int]:
        """Return the numbers of the messages that a poll brings."""
        answer = self.poll(cursor)
        return (
            [message["number"] for message in answer.json()["messages"]] if answer.content else []
        )

    def report(self, *entries: dict[str, Any]) -> Response:
        """Tell something."""
        return self.client.post("/plugin/messages", json={"entries": list(entries)})


def code_for(teacher: TestClient) -> str:
    """Return a new pairing code."""
    code: str = teacher.post("/plugin/pairing").json()["code"]
    return code


def paired(client: TestClient, teacher: TestClient, studio_id: str = "studio-1") -> Plugin:
    """Pair a plugin at ``client``'s server with ``teacher``."""
    sent = {**WHO, "code": code_for(teacher), "studio_id": studio_id}
    made = client.post("/plugin/register", json=sent).json()
    return Plugin(client, UUID(made["session"]), made["token"])


def send(teacher: TestClient, plugin: Plugin, text: str = "Hello") -> Response:
    """Send a notice to a plugin."""
    to = f"/api/v1/plugin/sessions/{plugin.session}/messages"
    return teacher.post(to, json={"kind": "notice", "text": text})
