"""What a payload says itself about what was taken out of it, in Sentry's own form: ``_meta``.

https://develop.sentry.dev/sdk/data-model/event-payloads/meta/
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

# A dict or a list, and the key or the index in it.
Holder = Any
Key = Any

MAX_REMARKS = 200
MAX_NOTED = 20_000
# Deeper than anything stands that is looked at, so that what was said once is still said when it is looked at again.
MAX_DEPTH = 32

_RULE = re.compile(r"[@\w:.-]{1,64}")
_COUNTS = frozenset({"len"})


class Remarks:
    """Notes which rule took what where; at the end they stand beside the payload, path by path."""

    def __init__(self) -> None:
        self._noted: list[tuple[Holder, Key, str]] = []

    def note(self, container: Holder, key: Key, rule: str) -> None:
        """Note that ``rule`` took something of what stands in ``container`` at ``key``."""
        if len(self._noted) < MAX_NOTED:
            self._noted.append((container, key, rule))

    def put_on(
        self, payload: dict[str, Any], shown: Callable[[Collection[str]], Mapping[str, str]]
    ) -> None:
        """Add ``_meta`` to the payload, if there is anything to say; ``shown`` says which names on the way are to be spelled otherwise."""
        if not self._noted:
            return
        meta = payload.get("_meta")
        if not isinstance(meta, dict):
            meta = payload["_meta"] = {}
        found = self._found(payload)[:MAX_REMARKS]
        spelled = shown({step for path, _ in found for step in path if type(step) is str})
        for path, rule in found:
            place = meta
            for step in path:
                name = str(spelled.get(step, step))
                place = place.setdefault(name, {}) if isinstance(place, dict) else {}
            if isinstance(place, dict):
                own = place.setdefault("", {})
                if isinstance(own, dict) and isinstance(own.setdefault("rem", []), list):
                    own["rem"].append([rule, "p" if rule in {"pseudonym", "person-id"} else "s"])

    def _found(self, payload: dict[str, Any]) -> list[tuple[list[Key], str]]:
        """Return what was noted with the way to it; what is nearest to the top comes first."""
        noted: dict[int, list[tuple[Key, str]]] = {}
        for container, key, rule in self._noted:
            noted.setdefault(id(container), []).append((key, rule))
        found: list[tuple[list[Key], str]] = []
        parts: list[_Part] = [(payload, None, None)]
        for part in parts:
            holder = part[0]
            if id(holder) in noted:
                path = _path(part)
                rules = sorted(noted.pop(id(holder)), key=lambda one: str(one[0]))
                # A member without a name can't be told of: that name means the place itself.
                found += [([*path, key], rule) for key, rule in rules if "" not in (*path, key)]
                if not noted:
                    break
            members = holder.items() if type(holder) is dict else enumerate(holder)
            parts += [
                (it, part, key) for key, it in members if type(it) is dict or type(it) is list
            ]
        return found


# A container, what it stands in, and where there.
_Part = tuple[Holder, Any, Key]


def _path(part: _Part) -> list[Key]:
    steps: list[Key] = []
    _, above, key = part
    while above is not None:
        steps.append(key)
        _, above, key = above
    return steps[::-1]


def known_remarks(meta: object, shown: Callable[[str], str], depth: int = 0) -> dict[str, Any]:
    """Return what others said of the payload, without anything but rules, places and lengths."""
    kept: dict[str, Any] = {}
    for key, value in (
        list(meta.items())[:MAX_REMARKS] if isinstance(meta, dict) and depth < MAX_DEPTH else ()
    ):
        if key == "" and isinstance(value, dict):
            kept[""] = {name: value[name] for name in _COUNTS if type(value.get(name)) is int}
            kept[""] |= {"rem": said} if (said := _said(value.get("rem"))) else {}
        elif isinstance(value, dict):
            kept[shown(str(key))] = known_remarks(value, shown, depth + 1)
    return kept


def _said(remarks: object) -> list[list[str | int]]:
    said = [one for one in remarks if isinstance(one, list)] if isinstance(remarks, list) else []
    return [
        [
            part
            for part in one
            if type(part) is int or (isinstance(part, str) and _RULE.fullmatch(part))
        ]
        for one in said[:MAX_REMARKS]
    ]
