"""What the step is about that runs right now: tags and contexts for whatever goes wrong in it.

Held in a ContextVar of our own, not on the SDK's scopes: entering costs a third of a microsecond, tasks that run
side by side never see each other's, and nothing has to be taken back.
"""

from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, NamedTuple

from toolboxai.telemetry.current import current_id, noted_on
from toolboxai.telemetry.filtering import chain_of

_ABOUT = "__toolboxai_about__"


class Surroundings(NamedTuple):
    """Tags, and contexts by name."""

    tags: Mapping[str, str] = {}
    contexts: Mapping[str, Mapping[str, Any]] = {}

    def __or__(self, inner: "Surroundings") -> "Surroundings":
        """Return both; of what both know, the inner's."""
        return Surroundings({**self.tags, **inner.tags}, {**self.contexts, **inner.contexts})


_current: ContextVar[Surroundings] = ContextVar("toolboxai_telemetry_surroundings")
NONE = Surroundings()


def current_surroundings() -> Surroundings:
    """Return those of the innermost step."""
    return _current.get(NONE)


def enter(inner: Surroundings) -> Surroundings:
    """Add ``inner``; return what was before, for ``go_back``."""
    before = current_surroundings()
    _current.set(before | inner)
    return before


def go_back(before: Surroundings) -> None:
    """Be where ``enter`` was called. Not by a token: a dependency may end in another context than it began in."""
    _current.set(before)


def note_on(error: BaseException, about: Surroundings) -> None:
    """Leave on an error that it came from a step ``about`` something: it may be reported long after.

    A dependency that is a plain generator ends in a thread whose context doesn't know what it entered.
    The innermost step's note stays; one of another request is of another occurrence of the same object.
    """
    where = current_id()
    if noted_on(error).get(_ABOUT, (None,))[0] != where:
        noted_on(error)[_ABOUT] = (where, about | current_surroundings())


def describe_surroundings(event: MutableMapping[str, Any], error: BaseException | None) -> None:
    """Put on ``event`` what it is about: the step that ``error`` came from, else the one that runs."""
    about = current_surroundings()
    for each in chain_of(error):  # the cause comes last, and knows best
        about |= noted_on(each).get(_ABOUT, ("", NONE))[1]
    if about.tags:
        event["tags"] = {**about.tags, **(event.get("tags") or {})}
    for name, facts in about.contexts.items():
        event.setdefault("contexts", {}).setdefault(name, dict(facts))
