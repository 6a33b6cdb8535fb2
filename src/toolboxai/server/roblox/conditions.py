"""Which sessions go on and which messages still wait, as the database is asked."""

from datetime import datetime

from sqlalchemy import ColumnElement

from toolboxai.server.models import PluginMessage, PluginSession
from toolboxai.server.roblox.protocol import IDLE_LIFETIME, MESSAGE_LIFETIME


def is_live(now: datetime) -> ColumnElement[bool]:
    """Return the condition under which a session goes on."""
    is_seen = PluginSession.seen_at > now - IDLE_LIFETIME
    return PluginSession.ended_at.is_(None) & is_seen


def is_waiting(now: datetime) -> ColumnElement[bool]:
    """Return the condition under which a message waits for its Studio."""
    is_young = PluginMessage.created_at > now - MESSAGE_LIFETIME
    return PluginMessage.acknowledged_at.is_(None) & is_young
