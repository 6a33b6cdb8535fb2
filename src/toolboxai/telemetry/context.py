"""Who asks and what it is about, in the words of a school: typed values, and how they get onto reports."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import sentry_sdk

from toolboxai.telemetry.border import quietly

MAX_VALUE_CHARS = 200
# Beside every report of somebody whose role is known; alerts and dashboards ask by it.
ROLE = "role"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who asks. ``id`` leaves as a pseudonym only, ``role`` and ``grade_band`` as they are."""

    id: str
    role: str | None = None
    grade_band: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Education:
    """What is taught: never to whom. ``grade_band`` is K-2, 3-5, 6-8 or 9-12, ``objective`` a curriculum's code."""

    name: ClassVar[str] = "education"
    tags: ClassVar[Mapping[str, str]] = {
        "subject": "subject",
        "grade_band": "grade_band",
        "kind": "content_kind",
        "provider": "provider",
    }

    subject: str | None = None
    grade_band: str | None = None
    objective: str | None = None
    kind: str | None = None
    provider: str | None = None
    valid: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Which agent works on what, and what it has used: tokens, and US dollars."""

    name: ClassVar[str] = "agent"
    tags: ClassVar[Mapping[str, str]] = {"task": "agent_task", "model": "agent_model"}

    task: str
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """What a plugin in somebody's editor asked for. ``client`` is its session; it leaves as a pseudonym only."""

    name: ClassVar[str] = "plugin"
    tags: ClassVar[Mapping[str, str]] = {"action": "plugin_action", "version": "plugin_version"}

    action: str
    version: str | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What runs here. Set once, at start: it is on everything that the process reports."""

    name: ClassVar[str] = "application"
    tags: ClassVar[Mapping[str, str]] = {}

    version: str | None = None
    debug: bool | None = None
    deployment: str | None = None


About = Education | Agent | Plugin


def set_user(user: User | None) -> None:
    """Say who asks, on every report of this request, its logs too; ``None`` for nobody any more."""
    with quietly:
        scope = sentry_sdk.get_isolation_scope()
        scope.remove_tag(ROLE)
        if user is None:
            scope.set_user(None)
            return
        known = {"id": user.id, ROLE: user.role, "grade_band": user.grade_band}
        scope.set_user({name: _short(fact) for name, fact in known.items() if fact is not None})
        if user.role is not None:
            scope.set_tag(ROLE, _short(user.role))


def set_context(about: About | Application) -> None:
    """Say what this request is about; what is said of the application holds for the whole process."""
    with quietly:
        is_of_process = isinstance(about, Application)
        scope = sentry_sdk.get_global_scope() if is_of_process else sentry_sdk.get_isolation_scope()
        scope.set_context(about.name, facts_of(about))
        for name, value in tags_of(about).items():
            scope.set_tag(name, value)


def facts_of(about: About | Application) -> dict[str, Any]:
    """Return what is known of ``about``."""
    return dict(_known(about))


def tags_of(about: About | Application) -> dict[str, str]:
    """Return what of ``about`` reports can be searched by."""
    known = facts_of(about)
    return {tag: known[name] for name, tag in about.tags.items() if name in known}


def _known(about: About | Application) -> Iterator[tuple[str, Any]]:
    for each in fields(about):
        value = getattr(about, each.name)
        if value is not None:
            yield each.name, _short(value)


def _short(value: Any) -> Any:  # noqa: ANN401 - a field of any type
    return value[:MAX_VALUE_CHARS] if isinstance(value, str) else value
