"""The school that `toolboxai demo` plays: made anew in the database of a server on this machine."""

from secrets import token_hex, token_urlsafe

from toolboxai.cli.accounts import create
from toolboxai.server.models import Role

PUPILS_GRADE = 4


def made_here() -> dict[str, str]:
    """Make a school with a teacher and a pupil; return their names and passwords, for the traffic to sign in with.

    Raises ``CommandError`` when the database can't be used.
    """
    mark = token_hex(3)
    teacher, pupil = f"demo-teacher-{mark}", f"demo-pupil-{mark}"
    known = {
        "teacher_name": teacher,
        "teacher_password": token_urlsafe(12),
        "pupil_name": pupil,
        "pupil_password": token_urlsafe(12),
    }
    people = {
        teacher: (Role.TEACHER, known["teacher_password"], None),
        pupil: (Role.STUDENT, known["pupil_password"], PUPILS_GRADE),
    }
    create(f"Demo school {mark}", people)
    return known
