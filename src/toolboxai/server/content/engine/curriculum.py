"""What can be asked for: every objective, by code and by grade."""

from collections.abc import Iterable, Sequence

from toolboxai.server.content.engine import (
    calculus,
    early,
    elementary,
    equations,
    parts,
    powers,
    proportions,
    triangles,
)
from toolboxai.server.content.engine.exercise import Objective

TOPICS = (early, elementary, parts, proportions, equations, triangles, powers, calculus)


class Curriculum:
    """Objectives in the order of school."""

    def __init__(self, objectives: Iterable[Objective]) -> None:
        self.objectives = tuple(sorted(objectives, key=lambda objective: objective.grades))
        self._by_code = {objective.code: objective for objective in self.objectives}

    def find(self, name: str) -> Objective | None:
        """Return the objective with this code or title; case and spaces don't matter."""
        code = "-".join(name.lower().split())
        by_title = (one for one in self.objectives if one.title.lower() == name.strip().lower())
        return self._by_code.get(code) or next(by_title, None)

    def for_grade(self, grade: int) -> Sequence[Objective]:
        """Return what is taught in ``grade``."""
        return [objective for objective in self.objectives if grade in objective.grades]


MATHEMATICS = Curriculum(objective for topic in TOPICS for objective in topic.OBJECTIVES)
