"""Who sees whom: conditions that every query of people and classes is filtered by. Never beyond one's own school."""

from sqlalchemy import ColumnElement, select, true

from toolboxai.server.auth import Member
from toolboxai.server.models import Enrollment, Role, SchoolClass, User


def classes_seen_by(who: Member) -> ColumnElement[bool]:
    """Administrators see their school's classes, teachers those they teach, pupils those they are in."""
    return (SchoolClass.school_id == who.school_id) & _role_sees_class(who)


def _role_sees_class(who: Member) -> ColumnElement[bool]:
    if who.role is Role.ADMIN:
        return true()
    if who.role is Role.TEACHER:
        return SchoolClass.teacher_id == who.user_id
    return SchoolClass.id.in_(select(Enrollment.class_id).where(Enrollment.user_id == who.user_id))


def users_seen_by(who: Member) -> ColumnElement[bool]:
    """Administrators see their school's people, teachers the pupils of their school, pupils themselves."""
    return (User.school_id == who.school_id) & _role_sees_user(who)


def _role_sees_user(who: Member) -> ColumnElement[bool]:
    if who.role is Role.ADMIN:
        return true()
    # A teacher who fills a class chooses among the school's pupils.
    if who.role is Role.TEACHER:
        return (User.role == Role.STUDENT) | (User.id == who.user_id)
    return User.id == who.user_id


def users_taught_by(who: Member) -> ColumnElement[bool]:
    """Administrators look after everybody of their school, teachers after the pupils of their classes."""
    if who.role is Role.ADMIN:
        return users_seen_by(who)
    taught = (
        select(Enrollment.user_id)
        .join(SchoolClass, SchoolClass.id == Enrollment.class_id)
        .where(classes_seen_by(who))
    )
    return (User.school_id == who.school_id) & (User.role == Role.STUDENT) & User.id.in_(taught)
