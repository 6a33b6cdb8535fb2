"""When to start, restart, stop and kill children. Pure: what is known of a child in, what to do out."""

from dataclasses import dataclass, replace
from enum import Enum, auto


class Phase(Enum):
    """Where a child is between being wanted and being gone."""

    WAITING = auto()
    STARTING = auto()
    UP = auto()
    STOPPING = auto()
    KILLED = auto()
    GONE = auto()


class Act(Enum):
    """What to do to a child now."""

    NOTHING = auto()
    START = auto()
    TERMINATE = auto()
    KILL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what."""

    start_seconds: float = 60.0
    stop_seconds: float = 20.0
    steady_seconds: float = 30.0
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30.0

    def pause_seconds(self, deaths: int) -> float:
        """Return how long to wait before the start that follows ``deaths`` deaths in a row."""
        if deaths == 0:
            return 0.0
        # 2 ** 1000 would not fit into a float, and no pause is that long.
        doubled = self.first_pause_seconds * 2.0 ** min(deaths - 1, 64)
        return min(doubled, self.longest_pause_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What is remembered of one child; ``since`` is when it entered its phase."""

    phase: Phase = Phase.WAITING
    since: float = 0.0
    deaths: int = 0
    was_up: bool = False

    @property
    def is_running(self) -> bool:
        """Say whether there is a process that is meant to live."""
        return self.phase in {Phase.STARTING, Phase.UP}

    @property
    def has_failed(self) -> bool:
        """Say whether it ended before it ever worked: starting it again would change nothing."""
        return self.deaths > 0 and not self.was_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true of one child now."""

    is_alive: bool = False
    is_healthy: bool = False
    is_wanted: bool = True
    may_start: bool = True


def advance(child: Child, facts: Facts, patience: Patience, now: float) -> tuple[Child, Act]:
    """Return what becomes of ``child``, and what to do to its process for that."""
    match child.phase:
        case Phase.WAITING:
            return _wait(child, facts, patience, now)
        case Phase.STARTING | Phase.UP:
            return _watch(child, facts, patience, now)
        case Phase.STOPPING:
            return _stop(child, facts, patience, now)
        case Phase.KILLED:
            return (
                (child, Act.NOTHING)
                if facts.is_alive
                else (_enter(child, Phase.GONE, now), Act.NOTHING)
            )
        case Phase.GONE:
            return child, Act.NOTHING


def _wait(child: Child, facts: Facts, patience: Patience, now: float) -> tuple[Child, Act]:
    if not facts.is_wanted:
        return _enter(child, Phase.GONE, now), Act.NOTHING
    is_due = now - child.since >= patience.pause_seconds(child.deaths)
    if facts.may_start and is_due:
        return _enter(child, Phase.STARTING, now), Act.START
    return child, Act.NOTHING


def _watch(child: Child, facts: Facts, patience: Patience, now: float) -> tuple[Child, Act]:
    age_seconds = now - child.since
    if not facts.is_alive and not facts.is_wanted:
        return _enter(child, Phase.GONE, now), Act.NOTHING
    if not facts.is_alive:
        was_steady = child.phase is Phase.UP and age_seconds >= patience.steady_seconds
        deaths = 1 if was_steady else child.deaths + 1
        return replace(_enter(child, Phase.WAITING, now), deaths=deaths), Act.NOTHING
    if not facts.is_wanted:
        return _enter(child, Phase.STOPPING, now), Act.TERMINATE
    if child.phase is Phase.UP:
        return child, Act.NOTHING
    if facts.is_healthy:
        return replace(_enter(child, Phase.UP, now), was_up=True), Act.NOTHING
    # It dies of this, and is then started again like any other that died.
    return child, Act.KILL if age_seconds >= patience.start_seconds else Act.NOTHING


def _stop(child: Child, facts: Facts, patience: Patience, now: float) -> tuple[Child, Act]:
    if not facts.is_alive:
        return _enter(child, Phase.GONE, now), Act.NOTHING
    if now - child.since >= patience.stop_seconds:
        return _enter(child, Phase.KILLED, now), Act.KILL
    return child, Act.NOTHING


def _enter(child: Child, phase: Phase, now: float) -> Child:
    return replace(child, phase=phase, since=now)
