"""What the API's documentation shows of the plugin's addresses, and what each can answer."""

from typing import Any

from fastapi.openapi.models import Example

from toolboxai.server.auth import AUTH_RESPONSES, TooManyRequestsError
from toolboxai.server.error_handling import NOT_JSON as NOT_JSON_DETAIL
from toolboxai.server.problems import documented
from toolboxai.server.roblox.errors import (
    LessonNotFoundError,
    MailboxFullError,
    NotPairedError,
    PairingRefusedError,
    PluginTooOldError,
    SessionNotFoundError,
)
from toolboxai.server.roblox.schemas import Registered

Responses = dict[int | str, dict[str, Any]]

SESSION_ID = "01932f5e-8c41-7a3b-9d52-6f0e1b7c2a90"
USER_ID = "01932f5e-7b10-7c2d-8e63-2a9f4d5b6c71"
LESSON_ID = "5f9d2c44-1f0c-5c1f-9b53-0d3c1c1a7f10"
AT = "2026-11-23T08:15:02Z"
SHOWN_ONCE = "tbxp_c2hvd24gaW4gdGhlIGRvY3VtZW50YXRpb24gb25seQ"
NOTICE = {"number": 7, "kind": "notice", "created_at": AT}


def _json(example: object) -> dict[str, Any]:
    return {"content": {"application/json": {"example": example}}}


def _seconds(description: str) -> dict[str, Any]:
    return {"Retry-After": {"description": description, "schema": {"type": "integer"}}}


def _invalid(field: str, reason: str, kind: str, place: str = "body") -> dict[str, Any]:
    return documented(
        422,
        f"The request can't be used as it is. Look at: {field}.",
        kind="invalid-input",
        description="A field can't be used; `errors` says which and why",
        instance="/plugin/messages",
        errors=[{"field": field, "reason": reason, "kind": kind, "in": place}],
    )


AWAY: Responses = {status: AUTH_RESPONSES[status] for status in (503, 504)}
BODY: Responses = {
    400: documented(
        400,
        "There was an error parsing the body",
        description="The body is damaged, or compressed and damaged",
        instance="/plugin/messages",
    ),
    413: documented(
        413,
        "The body may have 262,144 bytes at most.",
        description="The body is too large: above 256 KiB as sent, or above 1 MiB inflated",
        instance="/plugin/messages",
    ),
    415: documented(
        415,
        NOT_JSON_DETAIL,
        kind="unsupported-media-type",
        description="The body isn't JSON, or compressed with something else than gzip",
        instance="/plugin/messages",
    ),
}
TOO_OLD = documented(
    409,
    str(PluginTooOldError()),
    kind="plugin-too-old",
    description="The plugin must be updated; the code is still good",
    instance="/plugin/register",
)
TOO_MANY = documented(
    429,
    str(TooManyRequestsError(1)),
    kind="too-many-requests",
    description="More requests within a minute than the plugin was told to send",
    instance="/plugin/messages",
    headers=_seconds("Seconds to wait"),
)
STUDIO: Responses = {
    401: documented(
        401,
        str(NotPairedError()),
        kind="not-paired",
        description="The token is unknown, or its session is over",
        instance="/plugin/messages",
        headers={"WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}}},
    ),
    409: TOO_OLD | {"description": "The server has left this plugin's version behind"},
    429: TOO_MANY,
    **AWAY,
}
NO_SESSION = documented(
    404,
    str(SessionNotFoundError()),
    kind="session-not-found",
    description="No Studio of this school has this session",
    instance=f"/api/v1/plugin/sessions/{SESSION_ID}",
)

PAIRING: Responses = {201: _json({"code": "K7MW3PQX", "expires_at": AT}), **AUTH_RESPONSES}
REGISTER: Responses = {
    201: _json(Registered(session=SESSION_ID, token=SHOWN_ONCE).model_dump(mode="json")),
    **BODY,
    403: documented(
        403,
        str(PairingRefusedError()),
        kind="pairing-refused",
        description="The code is wrong, used, or too old",
        instance="/plugin/register",
    ),
    409: TOO_OLD,
    422: _invalid("plugin_version", "Field required", "missing"),
    429: TOO_MANY | {"description": "Too many wrong codes from this address"},
    **AWAY,
}
POLL: Responses = {
    200: _json(
        {
            "messages": [NOTICE | {"body": {"text": "Save your work, we stop in five minutes."}}],
            "cursor": 7,
            "is_more": False,
        }
    ),
    204: {
        "description": "Nothing has come",
        "headers": _seconds("Seconds to wait before the next poll"),
    },
    422: _invalid("wait", "Input should be less than or equal to 15", "less_than_equal", "query"),
    **STUDIO,
}
REPORT: Responses = {
    200: _json({"known": 2, "unknown": 0, "errors_reported": 1, "errors_held_back": 0}),
    **BODY,
    422: _invalid("entries.0", "Input is not valid", "union_tag_invalid"),
    **STUDIO,
}
HEARTBEAT: Responses = {
    200: _json(
        {"newest": 7, "terms": Registered(session=SESSION_ID, token=SHOWN_ONCE).terms.model_dump()}
    ),
    **STUDIO,
}
LEAVE: Responses = {204: {"description": "The session has ended"}, **STUDIO}
SESSIONS: Responses = {
    200: _json(
        [
            {
                "id": SESSION_ID,
                "user_id": USER_ID,
                "plugin_version": "1.0.0",
                "created_at": AT,
                "seen_at": AT,
                "waiting": 1,
            }
        ]
    ),
    422: _invalid("limit", "Input should be less than or equal to 200", "less_than_equal", "query"),
    **AUTH_RESPONSES,
}
END: Responses = {
    204: {"description": "The session has ended"},
    404: NO_SESSION,
    422: _invalid("session_id", "Input is not valid", "uuid_parsing", "path"),
    **AUTH_RESPONSES,
}
_SENT = NOTICE | {"delivered_at": None, "acknowledged_at": None, "outcome": None}
SEND: Responses = {
    202: _json(_SENT),
    **BODY,
    404: NO_SESSION
    | {
        "description": f"No such session in this school, or no such lesson: {LessonNotFoundError()}"
    },
    409: documented(
        409,
        str(MailboxFullError()),
        kind="mailbox-full",
        description="The Studio does not fetch what waits for it",
        instance=f"/api/v1/plugin/sessions/{SESSION_ID}/messages",
    ),
    422: _invalid("text", "String should have at most 500 characters", "string_too_long"),
    **AUTH_RESPONSES,
}
SENT: Responses = {
    200: _json([_SENT | {"delivered_at": AT, "acknowledged_at": AT, "outcome": "ok"}]),
    404: NO_SESSION,
    422: _invalid("session_id", "Input is not valid", "uuid_parsing", "path"),
    **AUTH_RESPONSES,
}

REGISTRATION = {
    "studio": Example(
        summary="A Studio with a code",
        value={"code": "k7mw-3pqx", "plugin_version": "1.0.0", "studio_id": "b2c1e0d4"},
    )
}
ENTRIES = {
    "report": Example(
        summary="A message received, another one done, and a script that failed",
        value={
            "entries": [
                {"type": "ack", "number": 7},
                {"type": "result", "number": 6, "outcome": "ok"},
                {
                    "type": "error",
                    "message": "attempt to index nil with 'Position'",
                    "script": "ServerScriptService.Quiz.Board",
                    "line": 41,
                    "stack": "ServerScriptService.Quiz.Board:41 function place\n"
                    "ServerScriptService.Quiz.Board:12",
                },
            ]
        },
    )
}
TO_SEND = {
    "notice": Example(
        summary="A notice",
        value={"kind": "notice", "text": "Save your work, we stop in five minutes."},
    ),
    "lesson": Example(summary="A lesson", value={"kind": "lesson", "lesson_id": LESSON_ID}),
}
