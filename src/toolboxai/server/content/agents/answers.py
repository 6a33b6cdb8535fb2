"""What the curriculum engine answers to a task. Pure: mathematics is computed, everything else looked up."""

from functools import lru_cache

from pydantic import BaseModel

from toolboxai.server.content.agents.tasks import (
    Asked,
    Brief,
    Outline,
    PlanTask,
    Questions,
    QuizTask,
    ReviewTask,
    Task,
    Text,
    WriteTask,
)
from toolboxai.server.content.checks import Material, Verdict
from toolboxai.server.content.engine.judge import (
    exercises_of,
    object_to_answers,
    right_options,
    worth_the_same,
)
from toolboxai.server.content.engine.lesson import Draft, Plan, write
from toolboxai.server.content.schemas import PracticeTask, QuizQuestion, WorkedExample
from toolboxai.server.content.subjects import Subjects

# One lesson is asked for in three steps; what runs beside it has other drafts.
MAX_DRAFTS_KEPT = 64


class Answers:
    """Answers tasks about ``subjects``."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._written = lru_cache(MAX_DRAFTS_KEPT)(_write)

    def to(self, task: Task) -> BaseModel:
        """Return the answer: the same to the same task, always."""
        match task:
            case PlanTask():
                return Outline(points=task.brief.curriculum)
            case WriteTask():
                return _text_of(self._draft(task.brief))
            case QuizTask():
                items = self._draft(task.brief).quiz
                return Questions(questions=[QuizQuestion.of(item) for item in items])
            case ReviewTask():
                return _verdict_on(task, self._draft(task.brief))

    def whole(self, brief: Brief) -> Material:
        """Return a reviewed lesson without asking agents: for examples, and for laws about all lessons."""
        draft = self._draft(brief)
        text, quiz = _text_of(draft), [QuizQuestion.of(item) for item in draft.quiz]
        shown = [Asked(question=one.question, options=one.options) for one in quiz]
        task = ReviewTask(
            brief=brief,
            explanation=text.explanation,
            worked_examples=text.worked_examples,
            practice=text.practice,
            quiz=shown,
        )
        return Material(
            objective=draft.plan.objective,
            grade=brief.grade,
            questions=brief.questions,
            explanation=text.explanation,
            worked_examples=text.worked_examples,
            practice=text.practice,
            quiz=quiz,
            verdict=_verdict_on(task, draft),
        )

    def _draft(self, brief: Brief) -> Draft:
        objective = self._subjects[brief.subject].find(brief.objective)
        if objective is None:
            raise LookupError(brief.objective)
        plan = Plan(
            objective=objective, grade=brief.grade, seed=brief.seed, questions=brief.questions
        )
        return self._written(plan, brief.attempt)


def _write(plan: Plan, attempt: int) -> Draft:
    return write(plan, attempt=attempt)


def _text_of(draft: Draft) -> Text:
    return Text(
        explanation=list(draft.plan.objective.idea),
        worked_examples=[WorkedExample.of(exercise) for exercise in draft.examples],
        practice=[PracticeTask.of(exercise) for exercise in draft.practice],
    )


def _verdict_on(task: ReviewTask, draft: Draft) -> Verdict:
    known = exercises_of(draft)
    tasks: list[WorkedExample | PracticeTask] = [*task.worked_examples, *task.practice]
    answers = [(one.question, one.answer) for one in tasks]
    ambiguous = [
        f"two options are worth the same: {one.question}"
        for one in task.quiz
        if worth_the_same(known.get(one.question), one.options)
    ]
    return Verdict(
        covers_objective=all(one.question in known for one in task.quiz),
        right_options=[right_options(known.get(one.question), one.options) for one in task.quiz],
        objections=[*object_to_answers(draft, answers), *ambiguous],
    )
