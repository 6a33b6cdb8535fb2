"""What plugins and teachers send and get. Shapes only."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from toolboxai.server.limits import MAX_BODY_BYTES
from toolboxai.server.roblox.protocol import (
    HEARTBEAT_SECONDS,
    MAX_ENTRIES,
    MAX_LUAU_MESSAGE_CHARS,
    MAX_NOTICE_CHARS,
    MAX_SCRIPT_CHARS,
    MAX_STACK_CHARS,
    MAX_WAIT_SECONDS,
    MIN_PLUGIN_VERSION,
    REQUESTS_PER_MINUTE,
)
from toolboxai.server.roblox.secrets import MAX_TYPED_CHARS

# The greatest number that a column of four bytes holds.
MAX_NUMBER = 2**31 - 1
Number = Annotated[int, Field(ge=1, le=MAX_NUMBER, description="The message's number")]


class Strict(BaseModel):
    """What is sent to us: nothing that isn't known, and nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class PairingCodeOut(BaseModel):
    """A code to type into Studio."""

    code: str = Field(repr=False)
    expires_at: datetime


class Registration(Strict):
    """A plugin that has a code."""

    code: str = Field(
        min_length=1,
        max_length=MAX_TYPED_CHARS,
        repr=False,
        description="As the teacher read it; spaces, hyphens and lower case don't matter",
    )
    plugin_version: str = Field(
        pattern=r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$", description="The plugin's own version"
    )
    studio_id: str = Field(
        min_length=1,
        max_length=128,
        repr=False,
        description="Any text that stays the same for this Studio; its hash is stored",
    )


class Terms(BaseModel):
    """How the server wants to be asked."""

    min_version: str = MIN_PLUGIN_VERSION
    heartbeat_seconds: int = Field(
        default=HEARTBEAT_SECONDS, description="Without any other request send a heartbeat so often"
    )
    max_wait_seconds: int = Field(default=MAX_WAIT_SECONDS, description="How long a poll may wait")
    requests_per_minute: int = Field(
        default=REQUESTS_PER_MINUTE, description="More are answered with a 429"
    )
    max_body_bytes: int = Field(default=MAX_BODY_BYTES, description="As sent, also as gzip")
    max_entries: int = Field(default=MAX_ENTRIES, description="Of one report")


class Registered(BaseModel):
    """A session. The token is shown here and never again."""

    session: UUID
    token: str = Field(repr=False)
    poll_url: str = "/plugin/messages"
    terms: Terms = Terms()


class Message(BaseModel):
    """Something for a Studio to do."""

    number: int
    kind: Literal["lesson", "notice"]
    created_at: datetime
    body: dict[str, JsonValue] = Field(description='`{"lesson": …}` or `{"text": …}`')


class Messages(BaseModel):
    """The next messages, in order. ``cursor`` is what to ask with once they are kept."""

    messages: list[Message]
    cursor: int
    is_more: bool = Field(description="Ask again at once")


class Acknowledgement(Strict):
    """The Studio has a message."""

    type: Literal["ack"]
    number: Number


class Result(Strict):
    """The Studio has done what a message said, or has not."""

    type: Literal["result"]
    number: Number
    outcome: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,63}$",
        description="`ok`, or one word of the plugin's for what went wrong",
    )


class ReportedError(Strict):
    """A script has failed in the Studio."""

    type: Literal["error"]
    message: str = Field(min_length=1, max_length=MAX_LUAU_MESSAGE_CHARS)
    script: str = Field(min_length=1, max_length=MAX_SCRIPT_CHARS, description="Its full name")
    line: int | None = Field(default=None, ge=1, le=MAX_NUMBER)
    stack: str = Field(default="", max_length=MAX_STACK_CHARS, description="As Luau tells it")
    handled: bool = Field(default=False, description="Whether the script went on")


Entry = Annotated[Acknowledgement | Result | ReportedError, Field(discriminator="type")]


class Report(Strict):
    """What a Studio tells, in one request."""

    entries: list[Entry] = Field(min_length=1, max_length=MAX_ENTRIES)


class Noted(BaseModel):
    """What became of a report. What is not known any more needs no second try."""

    known: int = Field(description="Messages that were acknowledged or done, now or before")
    unknown: int = Field(description="Numbers that are no messages, or not any more")
    errors_reported: int
    errors_held_back: int = Field(description="Because the same came a moment ago, or too many did")


class Pulse(BaseModel):
    """The session goes on, and on which terms."""

    newest: int = Field(description="The newest message's number; above your cursor: poll")
    terms: Terms = Terms()


class SessionSummary(BaseModel):
    """A Studio, for the people of its school."""

    id: UUID
    user_id: UUID = Field(description="Who paired it")
    plugin_version: str
    created_at: datetime
    seen_at: datetime
    waiting: int = Field(description="Messages that it does not have yet")


class LessonToSend(Strict):
    """A lesson for a Studio."""

    kind: Literal["lesson"]
    lesson_id: Annotated[UUID, Field(strict=False)]


class NoticeToSend(Strict):
    """A text for whoever sits at a Studio."""

    kind: Literal["notice"]
    text: str = Field(min_length=1, max_length=MAX_NOTICE_CHARS)


ToSend = Annotated[LessonToSend | NoticeToSend, Field(discriminator="kind")]


class SentMessage(BaseModel):
    """A message on its way, and how far it is."""

    number: int
    kind: Literal["lesson", "notice"]
    created_at: datetime
    delivered_at: datetime | None = Field(description="When it was first put into an answer")
    acknowledged_at: datetime | None = Field(description="When the Studio said that it has it")
    outcome: str | None = Field(description="`ok`, or a word for what went wrong")
