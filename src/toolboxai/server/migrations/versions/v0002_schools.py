"""Schools and their people, whose lessons are now, orders for lessons, and plugins."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create what version 0.2 adds."""
    _add_people()
    _add_classes()
    _add_owners_of_lessons()
    _add_orders()
    _add_plugins()


def _add_people() -> None:
    op.create_table(
        "school",
        _id(),
        sa.Column("name", sa.String(100), nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "user",
        _id(),
        sa.Column("school_id", sa.Uuid(), sa.ForeignKey("school.id")),
        sa.Column("username", sa.String(100), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("grade", sa.Integer()),
        _moment("disabled_at", nullable=True),
        _moment("created_at"),
        sa.UniqueConstraint("username"),
        sa.CheckConstraint("grade IS NULL OR grade BETWEEN 1 AND 12", name="grade"),
        sa.CheckConstraint("(role = 'operator') = (school_id IS NULL)", name="school"),
    )
    op.create_index("ix_user_school", "user", ["school_id", "username"])
    op.create_table(
        "refresh_token",
        _id(),
        sa.Column("family", sa.Uuid(), nullable=False),
        _user_id(),
        sa.Column("token_hash", sa.String(64), nullable=False),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _moment("revoked_at", nullable=True),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(op.f("ix_refresh_token_family"), "refresh_token", ["family"])
    op.create_index(op.f("ix_refresh_token_user_id"), "refresh_token", ["user_id"])
    op.create_table(
        "audit_event",
        _id(),
        sa.Column("school_id", sa.Uuid(), sa.ForeignKey("school.id")),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject_id", sa.Uuid()),
        _moment("at"),
    )
    op.create_index("ix_audit_event_school", "audit_event", ["school_id", "id"])


def _add_classes() -> None:
    op.create_table(
        "class",
        _id(),
        sa.Column("school_id", sa.Uuid(), sa.ForeignKey("school.id"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("teacher_id", sa.Uuid(), sa.ForeignKey("user.id"), nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint("school_id", "name"),
        sa.CheckConstraint("grade BETWEEN 1 AND 12", name="grade"),
    )
    op.create_table(
        "enrollment",
        sa.Column("class_id", sa.Uuid(), sa.ForeignKey("class.id", ondelete="CASCADE")),
        _user_id(),
        sa.PrimaryKeyConstraint("class_id", "user_id"),
    )
    op.create_index(op.f("ix_enrollment_user_id"), "enrollment", ["user_id"])


def _add_owners_of_lessons() -> None:
    # "inline": SQLite can't add a constraint to a table that exists.
    op.add_column(
        "lesson",
        sa.Column("school_id", sa.Uuid(), sa.ForeignKey("school.id")),
        inline_references=True,
    )
    op.add_column(
        "lesson", sa.Column("kind", sa.String(16), nullable=False, server_default="lesson")
    )
    op.create_index("ix_lesson_school", "lesson", ["school_id", "created_at"])


def _add_orders() -> None:
    op.create_table(
        "generation",
        _id(),
        sa.Column("school_id", sa.Uuid(), sa.ForeignKey("school.id"), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("user.id"), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("objective", sa.String(100), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.String(64)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("held_by", sa.String(64)),
        _moment("held_until", nullable=True),
        sa.Column("lesson_id", sa.Uuid(), sa.ForeignKey("lesson.id")),
        sa.Column("provider", sa.String(64)),
        sa.Column("model", sa.String(200)),
        sa.Column("input_tokens", sa.Integer()),
        sa.Column("output_tokens", sa.Integer()),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error", sa.String(500)),
        sa.Column("event_id", sa.String(32)),
        sa.Column("trace", sa.String(200)),
        _moment("created_at"),
        _moment("started_at", nullable=True),
        _moment("finished_at", nullable=True),
        sa.UniqueConstraint("user_id", "request_key"),
    )
    op.create_index("ix_generation_school", "generation", ["school_id", "id"])
    op.create_index("ix_generation_waiting", "generation", ["status", "created_at"])
    op.create_table(
        "token_use",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("school_id", sa.Uuid(), sa.ForeignKey("school.id"), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "school_id"),
    )


def _add_plugins() -> None:
    op.create_table(
        "pairing_code",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        _user_id(),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
    )
    op.create_index(op.f("ix_pairing_code_user_id"), "pairing_code", ["user_id"])
    op.create_index(op.f("ix_pairing_code_expires_at"), "pairing_code", ["expires_at"])
    op.create_table(
        "plugin_session",
        _id(),
        sa.Column("school_id", sa.Uuid(), sa.ForeignKey("school.id"), nullable=False),
        _user_id(),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("plugin_version", sa.String(32), nullable=False),
        sa.Column("studio_hash", sa.String(64), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("seen_at"),
        _moment("ended_at", nullable=True),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_plugin_session_school", "plugin_session", ["school_id", "seen_at"])
    op.create_index(op.f("ix_plugin_session_user_id"), "plugin_session", ["user_id"])
    session = sa.ForeignKey("plugin_session.id", ondelete="CASCADE")
    op.create_table(
        "plugin_message",
        _id(),
        sa.Column("session_id", sa.Uuid(), session, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _moment("created_at"),
        _moment("delivered_at", nullable=True),
        _moment("acknowledged_at", nullable=True),
        sa.Column("outcome", sa.String(64)),
        sa.UniqueConstraint("session_id", "number"),
    )


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), primary_key=True)


def _user_id() -> sa.Column[object]:
    return sa.Column(
        "user_id", sa.Uuid(), sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
