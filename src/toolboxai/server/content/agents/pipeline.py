"""Plan → write → quiz → review, with one model. What the review objects to is written again, a bounded number of times."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, UsageLimits
from pydantic_ai.exceptions import UnexpectedModelBehavior, UsageLimitExceeded
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage

from toolboxai import telemetry
from toolboxai.server.content.agents.agents import (
    MAX_CORRECTIONS,
    MAX_TOKENS_PER_ANSWER,
    MAX_TOKENS_PER_RUN,
    Agents,
    new_agents,
)
from toolboxai.server.content.agents.tasks import (
    Asked,
    Brief,
    PlanTask,
    QuizTask,
    ReviewTask,
    Task,
    WriteTask,
)
from toolboxai.server.content.checks import Finding, Material, check
from toolboxai.server.content.engine.lesson import Plan
from toolboxai.server.content.orders import Kind, Progress, steps_of
from toolboxai.server.content.provider import Provider
from toolboxai.server.content.writing import RejectedError, Spent, Written

log = logging.getLogger(__name__)

# What OpenAI's API takes as a seed.
MAX_MODEL_SEED: Final = 2**31 - 1
Answer = TypeVar("Answer", bound=BaseModel)


class Pipeline:
    """A writer: four agents, and the model that they ask."""

    def __init__(
        self,
        model: Model,
        provider: Provider,
        *,
        max_attempts: int,
        close_model: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.provider = provider
        self._close_model = close_model
        self._agents = new_agents()
        self._model = model
        self._max_attempts = max_attempts

    async def close(self) -> None:
        """End what the model holds open."""
        if self._close_model is not None:
            await self._close_model()

    async def write(self, plan: Plan, kind: Kind, progress: Progress, spent: Spent) -> Written:
        """Return content that passed every check, or raise `RejectedError`."""
        usage = RunUsage()
        try:
            run = _Run(self._agents, self._model, plan, kind=kind, progress=progress, usage=usage)
            return await self._write(run)
        finally:
            spent(usage.input_tokens, usage.output_tokens)

    async def _write(self, run: "_Run") -> Written:
        findings: tuple[Finding, ...] = ()
        given_up: list[RejectedError] = []
        for attempt in range(self._max_attempts):
            try:
                material = await run.attempt(attempt, findings)
            except RejectedError as error:
                findings = error.findings
                given_up.append(error)
            else:
                findings = check(material)
                if all(finding.passed for finding in findings):
                    log.info("%s is written", run)
                    return Written(material, findings, attempt + 1)
            log.warning("%s failed its checks", run)
        rejected = RejectedError(findings, self._max_attempts)
        if given_up:  # so that however many agents gave up, they are a part of one failure
            rejected.__context__ = ExceptionGroup("attempts", given_up)
            rejected.__suppress_context__ = True
        raise rejected


class _Run:
    """One order on its way through the agents."""

    def __init__(
        self,
        agents: Agents,
        model: Model,
        plan: Plan,
        *,
        kind: Kind,
        progress: Progress,
        usage: RunUsage,
    ) -> None:
        self._agents = agents
        self._model = model
        self._brief = Brief.of(plan)
        self._blank = Material(
            objective=plan.objective,
            grade=plan.grade,
            questions=plan.questions,
            has_text=kind == "lesson",
        )
        self._steps = steps_of(kind)
        self._progress = progress
        self._usage = usage
        self._points: list[str] = []

    def __str__(self) -> str:
        return f"{self._brief.objective} for grade {self._brief.grade} by {self._model.model_name}"

    async def attempt(self, attempt: int, findings: Sequence[Finding]) -> Material:
        """Return reviewed material; it is planned once, and written anew with what was wrong before."""
        objections = [words for finding in findings for words in finding.objections]
        brief = self._brief.model_copy(update={"attempt": attempt, "objections": objections})
        if not self._points:
            outline = await self._ask(self._agents.plan, PlanTask(brief=brief), self._blank)
            self._points = outline.points
        material = await self._write(brief) if self._blank.has_text else self._blank
        return await self._review(brief, await self._add_quiz(brief, material))

    async def _write(self, brief: Brief) -> Material:
        task = WriteTask(brief=brief, points=self._points)
        text = await self._ask(self._agents.write, task, self._blank)
        return replace(
            self._blank,
            explanation=text.explanation,
            worked_examples=text.worked_examples,
            practice=text.practice,
        )

    async def _add_quiz(self, brief: Brief, material: Material) -> Material:
        task = QuizTask(
            brief=brief,
            points=self._points,
            explanation=list(material.explanation),
            already_asked=[one.question for one in material.tasks],
        )
        answer = await self._ask(self._agents.quiz, task, material)
        return replace(material, quiz=answer.questions)

    async def _review(self, brief: Brief, material: Material) -> Material:
        task = ReviewTask(
            brief=brief,
            explanation=list(material.explanation),
            worked_examples=list(material.worked_examples),
            practice=list(material.practice),
            quiz=[Asked(question=one.question, options=one.options) for one in material.quiz],
        )
        return replace(material, verdict=await self._ask(self._agents.review, task, material))

    async def _ask(self, agent: Agent[Material, Answer], task: Task, material: Material) -> Answer:
        """Return what ``agent`` answers, within limits of its own."""
        self._progress(task.step, self._steps.index(task.step), len(self._steps))
        telemetry.set_context(telemetry.Agent(task=task.step, model=self._model.model_name))
        limits = UsageLimits(
            request_limit=self._usage.requests + 1 + MAX_CORRECTIONS,
            total_tokens_limit=self._usage.total_tokens + MAX_TOKENS_PER_RUN,
        )
        settings = ModelSettings(
            max_tokens=MAX_TOKENS_PER_ANSWER, seed=self._brief.seed % MAX_MODEL_SEED
        )
        with telemetry.span(f"content.{task.step}", f"{task.step} {self._brief.objective}"):
            try:
                result = await agent.run(
                    task.model_dump_json(),
                    model=self._model,
                    deps=material,
                    usage=self._usage,
                    usage_limits=limits,
                    model_settings=settings,
                )
            except (UnexpectedModelBehavior, UsageLimitExceeded):
                # Without the cause, which quotes what the model said.
                finding = Finding(f"{task.step} agent", ("it gave no answer that can be used",))
                raise RejectedError([finding], 1) from None
        return result.output
