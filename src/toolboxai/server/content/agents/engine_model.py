"""The curriculum engine as a model of pydantic-ai: same agents, same spans, same failures, and no AI."""

from typing import Final

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from toolboxai.server.content.agents.answers import Answers
from toolboxai.server.content.agents.tasks import TASK, Task
from toolboxai.server.content.provider import ENGINE
from toolboxai.server.content.subjects import Subjects


class EngineModel(Model):
    """Reads the task in the prompt, and calls the output tool with the engine's answer."""

    def __init__(self, subjects: Subjects) -> None:
        super().__init__()
        self._answers: Final = Answers(subjects)

    @property
    def model_name(self) -> str:
        """The engine's name, which is no AI's."""
        return ENGINE.model

    @property
    def system(self) -> str:
        """Who provides it."""
        return ENGINE.name

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Answer the task. No tokens are used, so none are reported."""
        del model_settings
        (tool,) = model_request_parameters.output_tools
        answer = self._answers.to(_task_in(messages))
        return ModelResponse(
            parts=[ToolCallPart(tool.name, answer.model_dump_json())],
            usage=RequestUsage(),
            model_name=self.model_name,
        )


def _task_in(messages: list[ModelMessage]) -> Task:
    """Return the task that began the conversation."""
    requests = (message for message in messages if isinstance(message, ModelRequest))
    parts = (part for request in requests for part in request.parts)
    prompt = next(part.content for part in parts if isinstance(part, UserPromptPart))
    return TASK.validate_json(str(prompt))
