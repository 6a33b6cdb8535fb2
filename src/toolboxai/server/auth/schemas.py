"""What is sent and given at the door. Shapes only."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from toolboxai.server.auth.passwords import MAX_PASSWORD_CHARS
from toolboxai.server.auth.tokens import LIFETIME
from toolboxai.server.grades import GradeBand
from toolboxai.server.models import Role

MAX_TOKEN_CHARS = 256


class SignIn(BaseModel):
    """A sign-in with user name and password, as OAuth 2 has it (RFC 6749, 4.3)."""

    grant_type: Literal["password"] = "password"
    username: str = Field(min_length=1, max_length=MAX_PASSWORD_CHARS)
    password: str = Field(
        min_length=1, max_length=MAX_PASSWORD_CHARS, json_schema_extra={"format": "password"}
    )


class RefreshRequest(BaseModel):
    """A refresh token to trade in, or to end."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    refresh_token: str = Field(min_length=1, max_length=MAX_TOKEN_CHARS, repr=False)


class TokenPair(BaseModel):
    """What a signed-in client keeps: one token for requests, one to renew both."""

    access_token: str = Field(repr=False)
    token_type: Literal["bearer"] = Field(default="bearer")
    expires_in: int = Field(
        default=int(LIFETIME.total_seconds()), description="Seconds that the access token holds"
    )
    refresh_token: str = Field(
        repr=False, description="Good once, for 30 days; using it twice ends the whole session"
    )


class SchoolSummary(BaseModel):
    """A school, for its own people."""

    id: UUID
    name: str


class Me(BaseModel):
    """Who is signed in."""

    id: UUID
    username: str
    role: Role
    school: SchoolSummary | None = Field(description="An operator has none")
    grade: int | None = Field(description="A pupil's")
    grade_band: GradeBand | None
