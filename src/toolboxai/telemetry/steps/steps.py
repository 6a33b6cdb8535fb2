"""What an application does, by name: a span where the trace is kept, a breadcrumb, and on every error what it came from."""

from collections.abc import Mapping
from time import perf_counter, time
from typing import Any

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.context import Agent, Education, facts_of, tags_of
from toolboxai.telemetry.current import Breadcrumb, current_request
from toolboxai.telemetry.steps.surroundings import NONE, Surroundings, enter, go_back, note_on
from toolboxai.telemetry.steps.wrapping import Repeatable
from toolboxai.telemetry.tracing import span

MAX_NAME_CHARS = 200


class Step(Repeatable):
    """A piece of work with a name: ``with`` it, or decorate a function with it, plain or ``async``."""

    def __init__(
        self,
        op: str,
        name: str,
        *,
        category: str,
        about: Surroundings = NONE,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.op = op
        self.name = name[:MAX_NAME_CHARS]
        self.category = category
        self.about = about
        self.facts = facts or {}

    def begin(self) -> "_Run":
        """Begin."""
        return _Run(self)

    def again(self) -> "Step":
        """Return the same step, to be run once more."""
        return Step(self.op, self.name, category=self.category, about=self.about, facts=self.facts)


class _Run:
    """One run of a step."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._clock = perf_counter()
        self._manager = span(step.op, step.name)
        self.span = self._manager.__enter__()
        self._before = enter(step.about)
        self.tell(step.facts)

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Put ``facts`` on the span, where there is one."""
        if self.span is not None:
            self.span.update_data(dict(facts))

    def end(self, error: BaseException | None) -> None:
        if isinstance(error, Exception):
            note_on(error, self._step.about)
        go_back(self._before)
        self._manager.__exit__(type(error) if error else None, error, None)
        request = current_request()
        if request is not None:
            milliseconds = (perf_counter() - self._clock) * 1000
            outcome = type(error).__name__ if error else f"{milliseconds:.0f} ms"
            level = "error" if error else "info"
            message = f"{self._step.name} [{outcome}]"
            request.leave(Breadcrumb(time(), self._step.category, level, message))


class AgentRun(Step):
    """An agent at work; tell what it has used when that is known."""

    def __init__(self, agent: Agent) -> None:
        super().__init__("gen_ai.invoke_agent", "invoke_agent", category="agent")
        self._agent = agent
        with quietly:
            self.name = f"invoke_agent {agent.task}"[:MAX_NAME_CHARS]
            self.about, self.facts = _about(agent), _measured(agent)

    def used(self, agent: Agent) -> None:
        """Replace what is known of the agent, for the span and for errors from here on."""
        with quietly:
            enter(_about(agent))
            if run := self._runs.mine():
                run.tell(_measured(agent))


def agent_run(agent: Agent) -> AgentRun:
    """Return the step of an agent: ``with telemetry.agent_run(Agent(task="plan")) as run:``."""
    return AgentRun(agent)


def content_generation(education: Education) -> Step:
    """Return the step of making a lesson, a quiz, a world."""
    step = Step("content.generate", "generate content", category="content")
    with quietly:
        step.name = f"generate {education.kind or 'content'}"[:MAX_NAME_CHARS]
        step.facts = {f"education.{name}": fact for name, fact in facts_of(education).items()}
        step.about = _about(education)
    return step


def database_operation(operation: str) -> Step:
    """Return the step of one operation on a database, named for its purpose: ``"store a lesson"``."""
    step = Step("database.operation", operation, category="database")
    with quietly:
        step.about = Surroundings({"operation": operation[:MAX_NAME_CHARS]})
    return step


def external_service(service: str, operation: str) -> Step:
    """Return the step of asking somebody else's service for something: ``("openai", "chat")``."""
    step = Step("service.call", f"{service} {operation}", category="service")
    with quietly:
        tags = {"service": service[:MAX_NAME_CHARS], "operation": operation[:MAX_NAME_CHARS]}
        step.about, step.facts = Surroundings(tags), tags
    return step


def _about(value: Agent | Education) -> Surroundings:
    return Surroundings(tags_of(value), {value.name: facts_of(value)})


def _measured(agent: Agent) -> dict[str, Any]:
    """Return what is known of an agent under the names of Sentry's conventions for spans."""
    names = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": agent.task,
        "gen_ai.request.model": agent.model,
        "gen_ai.usage.input_tokens": agent.input_tokens,
        "gen_ai.usage.output_tokens": agent.output_tokens,
        "gen_ai.cost.total_tokens": agent.cost_usd,  # its unit is US dollars, whatever the name says
    }
    return {name: fact for name, fact in names.items() if fact is not None}
