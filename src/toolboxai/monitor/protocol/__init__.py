"""Hostile bytes → typed items, or a ``ProtocolError`` that says what is wrong. Pure."""

from toolboxai.monitor.protocol.credentials import (
    Credentials,
    agreed,
    key_before_body,
    key_in_dsn,
)
from toolboxai.monitor.protocol.envelope import Envelope, Item, envelope_header, parse_envelope
from toolboxai.monitor.protocol.errors import (
    BusyError,
    Damage,
    DisconnectedError,
    EncodingError,
    ForbiddenError,
    ItemError,
    Part,
    ProtocolError,
    TooLargeError,
    TooSlowError,
    UnauthorizedError,
)
from toolboxai.monitor.protocol.events import epoch_seconds, event_id_of, id_for, repair_event
from toolboxai.monitor.protocol.glance import glance, whole
from toolboxai.monitor.protocol.inflate import Inflater, check_encoding
from toolboxai.monitor.protocol.lenient import Flags, NotRepairableError, dumps, loads
from toolboxai.monitor.protocol.single import single_event
from toolboxai.monitor.protocol.trim import trim

__all__ = [
    "BusyError",
    "Credentials",
    "Damage",
    "DisconnectedError",
    "EncodingError",
    "Envelope",
    "Flags",
    "ForbiddenError",
    "Inflater",
    "Item",
    "ItemError",
    "NotRepairableError",
    "Part",
    "ProtocolError",
    "TooLargeError",
    "TooSlowError",
    "UnauthorizedError",
    "agreed",
    "check_encoding",
    "dumps",
    "envelope_header",
    "epoch_seconds",
    "event_id_of",
    "glance",
    "id_for",
    "key_before_body",
    "key_in_dsn",
    "loads",
    "parse_envelope",
    "repair_event",
    "single_event",
    "trim",
    "whole",
]
