"""Who is there, and what they may do. Other parts of the server import from here.

    @router.post("/things", responses={201: THING, **AUTH_RESPONSES})
    async def make(who: TeacherDep) -> Thing: ...        # a teacher or an administrator of `who.school_id`

`SignedInDep` is anybody, `MemberDep` anybody of a school, `require(...)` any other set of roles.
``dependencies=[Depends(limited("things"))]`` lets each user ask 300 times a minute.
"""

from toolboxai.server.auth.counting import Counts
from toolboxai.server.auth.dependencies import (
    AdminDep,
    MemberDep,
    OperatorDep,
    SignedInDep,
    TeacherDep,
    require,
)
from toolboxai.server.auth.errors import TooManyRequestsError
from toolboxai.server.auth.examples import AUTH_RESPONSES
from toolboxai.server.auth.limiting import AddressDep, CountsDep, limited
from toolboxai.server.auth.names import username_of
from toolboxai.server.auth.passwords import Cost, Passwords
from toolboxai.server.auth.people import Member, SignedIn
from toolboxai.server.auth.router import router
from toolboxai.server.auth.tokens import AccessTokens

__all__ = [
    "AUTH_RESPONSES",
    "AccessTokens",
    "AddressDep",
    "AdminDep",
    "Cost",
    "Counts",
    "CountsDep",
    "Member",
    "MemberDep",
    "OperatorDep",
    "Passwords",
    "SignedIn",
    "SignedInDep",
    "TeacherDep",
    "TooManyRequestsError",
    "limited",
    "require",
    "router",
    "username_of",
]
