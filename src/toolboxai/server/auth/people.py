"""Who asks. Plain values, read from the row at each request: a disabled user is out at once.

Somebody of a school is a `Member`, whose ``school_id`` every query filters by. An operator is a
`SignedIn` without a school. `require` with roles of schools alone therefore always gives a `Member`.
"""

from dataclasses import dataclass
from uuid import UUID

from toolboxai import telemetry
from toolboxai.server.grades import grade_band_of
from toolboxai.server.models import Role, User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is signed in; without a school it is an operator."""

    user_id: UUID
    school_id: UUID | None
    role: Role
    grade: int | None


@dataclass(frozen=True, slots=True)
class Member(SignedIn):
    """Somebody of a school: a pupil, a teacher or an administrator."""

    school_id: UUID


def signed_in_as(user: User) -> SignedIn:
    """Return who ``user`` is, as the rest of the server knows them."""
    if user.school_id is None:
        return SignedIn(user.id, None, Role(user.role), user.grade)
    return Member(user.id, user.school_id, Role(user.role), user.grade)


def tell_telemetry(who: SignedIn) -> None:
    """Put who asks on every report of this request: the id as a pseudonym, the role, a pupil's grade band."""
    band = None if who.grade is None else grade_band_of(who.grade).value
    telemetry.set_user(telemetry.User(id=str(who.user_id), role=who.role.value, grade_band=band))
