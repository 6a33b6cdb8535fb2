"""How another process of the same user asks the running monitor to write for it."""

import http.client
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from toolboxai.monitor import auth
from toolboxai.monitor.models import MonitorError
from toolboxai.monitor.store import DataFolder

PREFIX = "/control/"
TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 * 1024
REFUSED = 409


class ControlError(MonitorError):
    """The running monitor didn't do it."""

    def __init__(self, folder: DataFolder, reason: str) -> None:
        super().__init__(
            f"a monitor uses {folder.path}, but doesn't answer: {reason}; "
            "try again, or stop it first"
        )


def write_control_file(folder: DataFolder, url: str) -> str:
    """Leave a note in the data folder of where this monitor is; return the key in it."""
    key = secrets.token_hex(32)
    folder.write_private(folder.control, orjson.dumps({"url": url, "key": key}).decode())
    return key


def ask(
    folder: DataFolder, action: str, argument: str = "", *, timeout_seconds: float = TIMEOUT_SECONDS
) -> str:
    """Let the running monitor do ``action``; return what comes of it, or why nothing did."""
    try:
        note = orjson.loads(folder.control.read_bytes())
        address = urlsplit(note["url"])
        connection = http.client.HTTPConnection(address.netloc, timeout=timeout_seconds)
        try:
            headers = {"Authorization": f"Bearer {note['key']}"}
            connection.request("POST", f"{PREFIX}{action}", argument.encode(), headers)
            response = connection.getresponse()
            body = response.read(MAX_ANSWER_BYTES)
        finally:
            connection.close()
        if response.status == REFUSED:
            raise MonitorError(orjson.loads(body)["detail"])
        if response.status != 200:
            raise ControlError(folder, f"status {response.status}")
        return str(orjson.loads(body)["value"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise ControlError(folder, str(error)) from error


def routes(key: str, actions: Mapping[str, Callable[[str], str]]) -> list[BaseRoute]:
    """Return the addresses that ``ask`` calls; to others they don't exist."""

    async def answer(request: Request) -> Response:
        action = actions.get(request.path_params["action"])
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if action is None or scheme != "Bearer" or not auth.same(given, key):
            return JSONResponse({"detail": "Not found"}, status_code=404)
        argument = (await request.body()).decode()
        try:
            value = await run_in_threadpool(action, argument)
        except (MonitorError, OSError) as error:
            return JSONResponse({"detail": str(error)}, status_code=REFUSED)
        return JSONResponse({"value": value}, headers={"cache-control": "no-store"})

    return [Route(f"{PREFIX}{{action}}", answer, methods=["POST"])]
