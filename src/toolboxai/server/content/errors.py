"""What can go wrong with content, in the server's three families."""

from collections.abc import Sequence
from enum import Enum

from toolboxai.server.content.checks import Finding
from toolboxai.server.content.engine.lesson import Plan
from toolboxai.server.error_handling import (
    CallerError,
    DependencyError,
    Failure,
    InvalidInputError,
    OurFaultError,
)


class UnknownSubjectError(InvalidInputError):
    """Nobody teaches this here."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(field="subject", reason=f"is none of {', '.join(known)}")


class UnknownObjectiveError(InvalidInputError):
    """The subject has no such objective, or not in this grade."""

    def __init__(self, subject: str, grade: int, *, is_known: bool) -> None:
        what = f"is not taught in grade {grade}" if is_known else "is not in the curriculum"
        where = f"see GET /objectives?subject={subject}&grade={grade}"
        super().__init__(field="objective", reason=f"{what}; {where}")


class LessonNotFoundError(CallerError):
    """The caller's school has no lesson with this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No lesson has this id. POST /generate_content makes one.")


class QuizNotFoundError(CallerError):
    """The caller's school has no quiz with this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No quiz has this id. POST /generate_quiz makes one.")


class InvalidContentError(OurFaultError):
    """What the engine wrote does not pass its checks, so nobody gets it."""

    def __init__(self, plan: Plan, findings: Sequence[Finding], attempts: int) -> None:
        failed = ", ".join(finding.check for finding in findings if not finding.passed)
        super().__init__(
            f"{plan.objective.code} with seed {plan.seed} failed {failed} in {attempts} "
            "attempts; run the engine's tests with this seed"
        )
        self.plan = plan
        self.findings = findings


class Trouble(Enum):
    """What a model outside did to us: a code that stays the same, and the family of the failure."""

    TIMEOUT = ("model-timeout", Failure.TIMEOUT)
    UNREACHABLE = ("model-unreachable", Failure.UNAVAILABLE)
    BUSY = ("model-busy", Failure.UNAVAILABLE)
    FAILED = ("model-failed", Failure.UNAVAILABLE)
    # A wrong key, a model that it doesn't have, a request that it refuses.
    REFUSED = ("model-refused", Failure.BAD_ANSWER)
    BAD_ANSWER = ("model-bad-answer", Failure.BAD_ANSWER)
    INVALID = ("invalid-content", Failure.BAD_ANSWER)
    RESTING = ("model-resting", Failure.UNAVAILABLE)
    BUDGET = ("budget", Failure.UNAVAILABLE)

    def __init__(self, code: str, failure: Failure) -> None:
        self.code = code
        self.failure = failure


class ModelFailedError(DependencyError):
    """The model outside did not give us content that we can hand out."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(service="llm", operation="generate", failure=trouble.failure)
        self.trouble = trouble
        self.fingerprint = ("dependency", "llm", trouble.code)

    @property
    def code(self) -> str:
        """What it did."""
        return self.trouble.code
