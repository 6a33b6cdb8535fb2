"""One envelope item in, what may leave of it out. Fails closed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from re import Pattern, escape
from re import compile as pattern
from typing import Any

from toolboxai.telemetry.privacy.keys import (
    PERSON,
    SECRET,
    is_telling_word,
    rule_for,
    tells_nothing,
)
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM, Pseudonym
from toolboxai.telemetry.privacy.text import IS_MARKER, MARKER, redact

# Raise it with every change to what may leave: what was kept under older rules goes through the gate again.
RULES_VERSION = 1

MAX_DEPTH = 24
MAX_MEMBERS = 2_000
MIN_ECHO_CHARS = 5
MIN_WORD_ECHO_CHARS = 6
MAX_ECHOES = 64
MAX_LOOKED_AT_CHARS = 1_000_000
MAX_CLEAN_TEXTS = 5_000
MAX_CLEAN_TEXT_CHARS = 200

# Items in JSON whose every leaf is looked at. What isn't here doesn't leave: a new SDK's new item
# type has to be understood first.
KNOWN_ITEMS = frozenset(
    {"check_in", "client_report", "event", "feedback", "log", "span", "trace_metric", "transaction"}
)
_PLAIN = pattern(r"[\w./<>:\\@+-]{1,512}")
# Where programs, not people, put the words: an echo of a secret that reads `error` must not damage them.
# By the name that leads to a place: the event itself, an exception's values, a stack's frames.
_STRUCTURE = {
    "": frozenset(
        {
            "environment",
            "event_id",
            "level",
            "logger",
            "platform",
            "release",
            "server_name",
            "transaction",
            "type",
        }
    ),
    "spans": frozenset({"op", "parent_span_id", "span_id", "trace_id"}),
    "trace": frozenset({"op", "parent_span_id", "span_id", "trace_id"}),
    "values": frozenset({"module", "type"}),
    "frames": frozenset({"abs_path", "filename", "function", "module"}),
}
# In source code `password=password` is a name, not a value: only the tokens themselves are looked for.
_SOURCE = frozenset({"context_line", "post_context", "pre_context"})
_RELEASE = pattern(r"[A-Za-z][\w.-]{0,60}@v?\d[\w.+-]{0,60}")
_NAMES, _VALUES = ("name", "key", "field", "header"), frozenset({"value", "values", "val", "input"})
_TELLING = "secret"
_NAME = pattern(r"-{0,2}[A-Za-z][\w.-]{0,63}")
_SCALARS = frozenset({bool, int, float, type(None), datetime})
_FIRST = ("type", "level", "transaction", "exception", "logentry", "message", "request", "user")
# What stands in the place of somebody whom nobody knows.
UNKNOWN = "unknown"
# Of a user only these; whatever else an application says of one is a person's.
_USER_NAMES = frozenset({"id", "role", "segment"})
_OF_THE_EVENT = 2  # how deep its members' members are
# Where else an id stands that says who somebody is: in a member of a member of this name.
_IDENTITIES = {"plugin": "client", "user": "id"}
_USER_ID_NAMES = frozenset({"enduser.id", "user.id"})


@dataclass(frozen=True, slots=True)
class Passed:
    """What may leave, and how often each rule bit."""

    payload: dict[str, Any]
    redactions: Mapping[str, int]


class Gate:
    """Cleans payloads. ``max_string_chars`` caps every string before it is looked at.

    A user's id that isn't a pseudonym yet becomes one by ``pseudonym``.
    """

    def __init__(self, pseudonym: Pseudonym, *, max_string_chars: int = 8_192) -> None:
        self._pseudonym = pseudonym
        self._max_string_chars = max_string_chars
        self._seen = _Seen()

    def clean(self, item_type: str, payload: object) -> Passed | None:
        """Return what may leave of an item, or ``None`` for a type that nobody has understood yet.

        Any error on the way gives the minimal form: types, frames and ids, no text at all.
        """
        if item_type not in KNOWN_ITEMS or not isinstance(payload, dict):
            return None
        try:
            self._seen.forget_if_too_much()
            return _Walk(self._max_string_chars, self._seen, self._pseudonym).over(payload)
        except Exception:  # noqa: BLE001 - whatever went wrong, the raw item must not leave
            return Passed(minimal(payload), {"gate-failed": 1})


class _Seen:
    """Texts that nothing was found in, and those of them that are harmless names: most come again and again."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.names: set[str] = set()

    def forget_if_too_much(self) -> None:
        if len(self.texts) > MAX_CLEAN_TEXTS:
            self.texts.clear()
            self.names.clear()


class _Walk:
    """One walk over one payload; the secrets it meets under telling names are removed from all text."""

    def __init__(self, max_string_chars: int, seen: _Seen, pseudonym: Pseudonym) -> None:
        self._max_string_chars = max_string_chars
        self._seen = seen
        self._pseudonym = pseudonym
        self._redactions: dict[str, int] = {}
        self._echoes: set[str] = set()
        self._left_chars = MAX_LOOKED_AT_CHARS

    def over(self, payload: dict[str, Any]) -> Passed:
        # What says most comes first: an application's own facts may use up the budget.
        first = {name: payload[name] for name in _FIRST if name in payload}
        cleaned = self._members(first | payload, 1)
        if self._echoes:
            echoes = sorted(self._echoes, key=len, reverse=True)
            whole = pattern(rf"(?<!\w)(?:{'|'.join(map(escape, echoes))})(?!\w)")
            cleaned = _change_texts(cleaned, lambda text: self._without(text, whole))
        return Passed(cleaned, self._redactions)

    def _found(self, rule: str) -> None:
        self._redactions[rule] = self._redactions.get(rule, 0) + 1

    def _value(self, value: object, depth: int, name: str) -> object:
        if isinstance(value, str):
            return self._text(str(value), name)
        if isinstance(value, dict | list | tuple):
            return self._container(value, depth + 1, name)
        if type(value) in _SCALARS:
            return value
        return f"<{type(value).__name__}>"

    def _text(self, text: str, name: str) -> str:
        if text in self._seen.texts:
            return text
        if len(text) > self._max_string_chars:
            text = text[: self._max_string_chars] + "…"
        self._left_chars -= len(text)
        if self._left_chars < 0:
            self._found("budget")
            return MARKER.format("budget")
        if name.endswith("release") and _RELEASE.fullmatch(text):
            return text
        if name in _SOURCE:
            return redact(text, found=self._found, pairs=False)
        redacted = redact(text, found=self._found)
        if redacted == text and len(text) <= MAX_CLEAN_TEXT_CHARS:
            self._seen.texts.add(text)
        return redacted

    def _container(
        self, value: dict[Any, Any] | list[Any] | tuple[Any, ...], depth: int, name: str
    ) -> object:
        if depth > MAX_DEPTH:
            self._found("depth")
            return MARKER.format("depth")
        if isinstance(value, dict):
            return self._members(
                self._somebody(value, depth, name) if name in _IDENTITIES else value, depth
            )
        return self._elements(value[:MAX_MEMBERS], depth, name)

    def _somebody(self, members: dict[Any, Any], depth: int, name: str) -> dict[Any, Any]:
        """Return what may be told of somebody: a pseudonym; of the event's own user only what many have in common."""
        kept, identity = members, _IDENTITIES[name]
        if name == "user" and depth == _OF_THE_EVENT:
            kept = {known: members[known] for known in _USER_NAMES if known in members}
            for _ in range(len(members) - len(kept)):
                self._found(PERSON)
        return kept | {identity: self._identity(kept[identity])} if identity in kept else kept

    def _identity(self, value: object) -> object:
        if type(value) not in {str, int} or IS_PSEUDONYM.fullmatch(str(value)) or value == UNKNOWN:
            return value
        self._found("pseudonym")
        return self._pseudonym(str(value))

    def _identified(self, value: object) -> object:
        """Return an attribute that names a user, with or without its type, as a pseudonym."""
        if isinstance(value, dict) and "value" in value:
            return {"value": self._identity(value["value"]), "type": "string"}
        return self._identity(value)

    def _elements(
        self, elements: list[Any] | tuple[Any, ...], depth: int, name: str
    ) -> list[object]:
        """Return the elements; one that is a telling name or flag says what the next one is."""
        kept: list[object] = []
        before: object = None
        for element in elements:
            is_value = isinstance(before, str) and _NAME.fullmatch(before) and rule_for(before)
            if is_value and not (isinstance(element, str) and is_telling_word(element)):
                kept.append(self._member(str(before), element, depth))
            else:
                kept.append(self._value(element, depth, name))
            before = element
        return kept

    def _members(self, members: dict[Any, Any], depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        if self._telling(members):
            members = {
                key: self._member(_TELLING, value, depth) if key in _VALUES else value
                for key, value in members.items()
            }
        for key, value in list(members.items())[:MAX_MEMBERS]:
            kind = type(value)
            if key in self._seen.names and (
                kind in _SCALARS or (kind is str and value in self._seen.texts)
            ):
                kept[key] = value  # the common case, and most of the gate's time
            else:
                name = key if type(key) is str else f"<{type(key).__name__}>"
                shown = self._text(name, "")  # before its value has used up the budget
                kept[shown] = self._member(name, value, depth)
        return kept

    def _telling(self, members: dict[Any, Any]) -> bool:
        """Say whether one member names what another holds: a header, a field, a rejected input."""
        place = members.get("loc")
        names = [members.get(key) for key in _NAMES]
        if isinstance(place, list | tuple) and place:
            names.append(place[-1])
        return any(isinstance(name, str) and rule_for(name) for name in names)

    def _member(self, name: str, value: object, depth: int) -> object:
        if name in _USER_ID_NAMES:
            return self._value(self._identified(value), depth, name)
        rule = rule_for(name)
        if rule is None:
            if name in self._seen.texts:
                self._seen.names.add(name)
            return self._value(value, depth, name)
        if _is_harmless(name, value):
            return self._value(value, depth, name)
        if rule == SECRET:
            self._remember(value)
        self._found(rule)
        if type(value) is dict and set(value) == {"type", "value"}:  # an attribute stays one
            return {"value": MARKER.format(rule), "type": "string"}
        return MARKER.format(rule)

    def _remember(self, value: object) -> None:
        for text in _texts(value):
            if len(self._echoes) < MAX_ECHOES and _is_echo(text, is_alone=isinstance(value, str)):
                self._echoes.add(text)

    def _without(self, text: str, echoes: Pattern[str]) -> str:
        cleaned, quantity = echoes.subn(MARKER.format("echo"), text)
        for _ in range(quantity):
            self._found("echo")
        return cleaned


def _is_harmless(name: str, value: object) -> bool:
    """Say whether a value under a telling name tells nothing: a switch, a count, nothing, or our marker."""
    if isinstance(value, str):
        is_ours = IS_MARKER.fullmatch(value) or IS_PSEUDONYM.fullmatch(value)
        return not value or is_ours is not None or tells_nothing(name, value)
    if type(value) is dict:  # an attribute of a log or span: a value and its type
        return not value or (set(value) == {"type", "value"} and _is_harmless(name, value["value"]))
    if type(value) in {int, float}:
        return tells_nothing(name, value)  # type: ignore[arg-type]
    return value is None or type(value) is bool or (type(value) is list and not value)


def _is_echo(text: str, *, is_alone: bool) -> bool:
    """Say whether a secret is odd enough to be looked for in all other text.

    A short plain word would be found where it means something else, and so would a long one that is
    only part of what stood under the telling name.
    """
    if is_telling_word(text) or IS_MARKER.search(text) or text.startswith("<"):
        return False
    is_mixed = len(text) >= MIN_ECHO_CHARS and not text.isalpha() and not text.isdigit()
    return is_mixed or (is_alone and len(text) >= MIN_WORD_ECHO_CHARS)


def _texts(value: object, depth: int = 4) -> Iterator[str]:
    if isinstance(value, str):
        yield str(value)
    elif depth and isinstance(value, dict | list | tuple):
        for member in list(value.values() if isinstance(value, dict) else value)[:MAX_ECHOES]:
            yield from _texts(member, depth - 1)


def _change_texts(value: Any, change: Callable[[str], str], place: str = "") -> Any:  # noqa: ANN401 - JSON
    """Return ``value`` with all its texts changed, names too, but for the structure of an event."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        structure = _STRUCTURE.get(place, frozenset())
        return {
            change(key): member if key in structure else _change_texts(member, change, key)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_change_texts(member, change, place) for member in value]
    return value


_SAFE_NAMES = ("event_id", "timestamp", "platform", "level", "type", "release", "environment")
_SAFE_FRAME_NAMES = ("filename", "function", "module", "lineno", "in_app")


def minimal(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return ids, times, exception types and frames of an event: what can't hold anybody's data."""
    kept = _scalars(payload, _SAFE_NAMES)
    exception = payload.get("exception")
    values = exception.get("values") if isinstance(exception, dict) else None
    if isinstance(values, list):
        described = [_minimal_exception(value) for value in values if isinstance(value, dict)]
        kept["exception"] = {"values": described}
    return kept


def _minimal_exception(value: Mapping[str, Any]) -> dict[str, Any]:
    trace = value.get("stacktrace")
    frames = trace.get("frames") if isinstance(trace, dict) else None
    known = (
        [frame for frame in frames if isinstance(frame, dict)] if isinstance(frames, list) else []
    )
    return {
        **_scalars(value, ("type",)),
        "stacktrace": {"frames": [_scalars(frame, _SAFE_FRAME_NAMES) for frame in known]},
    }


def _scalars(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if _is_plain(values.get(name))}


def _is_plain(value: object) -> bool:
    return type(value) in {int, float, bool} or (
        type(value) is str and _PLAIN.fullmatch(value) is not None
    )
