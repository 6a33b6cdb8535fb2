"""Which model outside was chosen, and how far it is trusted. Plain values."""

from dataclasses import dataclass, field

from toolboxai.server.content.outside.breaker import Breaker
from toolboxai.server.content.outside.budget import Budget
from toolboxai.server.content.tally import ModelTally

# A lesson takes at least four answers. This many slow ones in all, and the engine writes it.
MAX_SLOW_ANSWERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A service that answers as OpenAI's does."""

    base_url: str
    model: str
    api_key: str = field(repr=False)
    timeout_seconds: float
    falls_back: bool
    budget: Budget
    breaker: Breaker
    tally: ModelTally
