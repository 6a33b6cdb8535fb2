"""What a writer is, what it gives, and how it says that it could not. Knows no agents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from toolboxai.server.content.checks import Finding, Material
from toolboxai.server.content.engine.lesson import Plan
from toolboxai.server.content.orders import Kind, Progress
from toolboxai.server.content.provider import Provider

# Called once with the input and the output tokens that were used, whether it succeeded or not.
Spent = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What passed its review."""

    material: Material
    findings: tuple[Finding, ...]
    attempts: int


class RejectedError(Exception):
    """What was written did not pass, however often it was written again."""

    def __init__(self, findings: Sequence[Finding], attempts: int) -> None:
        super().__init__(", ".join(finding.check for finding in findings if not finding.passed))
        self.findings = tuple(findings)
        self.attempts = attempts

    @property
    def has_errors(self) -> bool:
        """Whether agents gave up, which their library reports, and not only the review objected."""
        return self.__context__ is not None


class Writer(Protocol):
    """A model with its agents."""

    @property
    def provider(self) -> Provider:
        """Who it is."""
        ...

    async def write(self, plan: Plan, kind: Kind, progress: Progress, spent: Spent) -> Written:
        """Return content that passed every check, or raise `RejectedError`."""
        ...

    async def close(self) -> None:
        """End what it holds open."""
        ...
