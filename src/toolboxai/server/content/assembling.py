"""Checked material → what is handed out and stored. Pure."""

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from toolboxai.server.content.checks import Finding, Material
from toolboxai.server.content.orders import Order
from toolboxai.server.content.provider import Provider
from toolboxai.server.content.schemas import Check, Lesson, Quiz, Sections, Usage, Validity
from toolboxai.server.grades import grade_band_of

LESSONS = uuid5(NAMESPACE_URL, "urn:toolboxai:lesson")
NO_ID = UUID(int=0)


def content_from(
    order: Order,
    material: Material,
    findings: Sequence[Finding],
    *,
    provider: Provider,
    usage: Usage,
    fallback_reason: str | None = None,
) -> Lesson | Quiz:
    """Return the lesson or quiz that ``order`` asked for."""
    facts: dict[str, Any] = {
        "id": NO_ID,
        "title": material.objective.title,
        "objective": material.objective.code,
        "subject": material.objective.subject,
        "grade": material.grade,
        "grade_band": grade_band_of(material.grade),
        "provider": provider.name,
        "model": provider.model,
        "ai_generated": provider.is_ai,
        "fallback_reason": fallback_reason,
        "seed": order.seed,
        "usage": usage,
        "validity": Validity(
            valid=True,
            checks=[Check(name=finding.check, passed=finding.passed) for finding in findings],
        ),
    }
    if order.kind == "quiz":
        return _with_id(order, Quiz(questions=list(material.quiz), **facts))
    sections = Sections(
        explanation=list(material.explanation),
        worked_examples=list(material.worked_examples),
        practice=list(material.practice),
    )
    return _with_id(order, Lesson(sections=sections, quiz=list(material.quiz), **facts))


def _with_id(order: Order, content: Lesson | Quiz) -> Lesson | Quiz:
    """Give ``content`` an id by what it is: asking the engine twice is harmless, and no school sees another's."""
    words = f"{order.school_id}/{order.kind}/{content.model_dump_json(exclude={'id'})}"
    return content.model_copy(update={"id": uuid5(LESSONS, words)})
