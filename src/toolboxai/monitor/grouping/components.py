"""The values that grouping ends in: where an event belongs, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a component is."""

    FINGERPRINT = "Fingerprint"
    TYPE = "Type"
    FRAME = "Frame"
    MESSAGE = "Message"


class Component(NamedTuple):
    """One part of what makes two events one problem, and the reason for which it is."""

    kind: Kind
    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Where an event belongs, how that is called, and why."""

    fingerprint: str
    title: str
    culprit: str
    components: tuple[Component, ...]
    left_out: tuple[str, ...]
    version: int
