"""Who is there, and what they may do. Other parts of the server import from here.

    @router.post("/things", responses={201: THING, **AUTH_RESPONSES})
    async def make(who: TeacherDep) -> Thing: ...        # a teacher or an administrator of `who.school_id`

`SignedInDep` is anybody, `MemberDep` anybody of a school, `require(...)` any other set of roles.
``dependencies=[Depends(limited("things"))]`` lets each user ask 300 times a minute.
"""

from toolboxai.server.auth.counting import Counts
from toolboxai.server.auth.dependencies import (
    AccessTokensDep,
    AdminDep,
    MemberDep,
    OperatorDep,
    PasswordsDep,
    SignedInDep,
    TeacherDep,
    bearer,
    require,
    signed_in,
)
from toolboxai.server.auth.errors import NotAllowedError, TooManyRequestsError
from toolboxai.server.auth.examples import AUTH_RESPONSES
from toolboxai.server.auth.limiting import AddressDep, CountsDep, limited
from toolboxai.server.auth.names import MAX_USERNAME_CHARS, MIN_USERNAME_CHARS, username_of
from toolboxai.server.auth.passwords import MAX_PASSWORD_CHARS, Cost, Passwords, min_password_chars
from toolboxai.server.auth.people import Member, SignedIn
from toolboxai.server.auth.refreshing import end_all as end_all_sessions
from toolboxai.server.auth.router import router
from toolboxai.server.auth.service import tell_if_nobody_is_there
from toolboxai.server.auth.tokens import AccessTokens
from toolboxai.server.auth.trail import Action, record, record_at

__all__ = [
    "AUTH_RESPONSES",
    "MAX_PASSWORD_CHARS",
    "MAX_USERNAME_CHARS",
    "MIN_USERNAME_CHARS",
    "AccessTokens",
    "AccessTokensDep",
    "Action",
    "AddressDep",
    "AdminDep",
    "Cost",
    "Counts",
    "CountsDep",
    "Member",
    "MemberDep",
    "NotAllowedError",
    "OperatorDep",
    "Passwords",
    "PasswordsDep",
    "SignedIn",
    "SignedInDep",
    "TeacherDep",
    "TooManyRequestsError",
    "bearer",
    "end_all_sessions",
    "limited",
    "min_password_chars",
    "record",
    "record_at",
    "require",
    "router",
    "signed_in",
    "tell_if_nobody_is_there",
    "username_of",
]
