"""Who writes: the curriculum engine, or a model outside. Plain values."""

from dataclasses import dataclass
from typing import Final, Literal

ProviderName = Literal["toolbox-offline", "openai-compatible"]


@dataclass(frozen=True, slots=True)
class Provider:
    """What a lesson says about who wrote it."""

    name: ProviderName
    model: str
    is_ai: bool


ENGINE: Final = Provider("toolbox-offline", "toolbox-curriculum", is_ai=False)


def outside_provider(model: str) -> Provider:
    """Return what is said of a model that answers as OpenAI's do."""
    return Provider("openai-compatible", model, is_ai=True)
