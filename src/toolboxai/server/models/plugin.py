"""Roblox Studio plugins: how one is paired, its sessions, and what waits for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.server.models.base import Base, Moment, new_id, utc_now


class PairingCode(Base):
    """A code that a teacher reads off the page and types into Studio; good once, for minutes."""

    __tablename__ = "pairing_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class PluginSession(Base):
    """One Studio that is paired with a teacher."""

    __tablename__ = "plugin_session"
    __table_args__ = (Index("ix_plugin_session_school", "school_id", "seen_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("school.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    plugin_version: Mapped[str] = mapped_column(String(32))
    studio_hash: Mapped[str] = mapped_column(String(64))
    # The highest number of a message to it; the next one gets the next number.
    last_number: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class PluginMessage(Base):
    """Something for a Studio to do, kept until it says that it has it."""

    __tablename__ = "plugin_message"
    __table_args__ = (UniqueConstraint("session_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("plugin_session.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    # JSON, as it is sent.
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    # "ok", or the kind of error that Studio reported.
    outcome: Mapped[str | None] = mapped_column(String(64))
