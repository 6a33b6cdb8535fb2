"""How a part of the server is, as the part says it of itself to an operator."""

from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel


class PartStatus(StrEnum):
    """How well a part works."""

    OK = "ok"
    # It works, though not as it should; or something stands in for it.
    DEGRADED = "degraded"
    DOWN = "down"
    # Nobody has set it up, so nobody misses it.
    UNUSED = "unused"


class Part(BaseModel):
    """How a part is: a word for machines, a sentence for people, and its figures, whose units are in their names."""

    status: PartStatus
    says: str
    figures: dict[str, float] = {}


class HasHealth(Protocol):
    """A part that can be asked how it is."""

    async def health(self) -> Part:
        """Say how it is, within a second or two, and without raising because something is away."""
        ...
