"""The writers that there are: the one module that the rest of the server loads, when the first order comes."""

from toolboxai.server.content.agents.engine_model import EngineModel
from toolboxai.server.content.agents.pipeline import Pipeline
from toolboxai.server.content.outside.choice import Outside
from toolboxai.server.content.provider import ENGINE, outside_provider
from toolboxai.server.content.subjects import Subjects
from toolboxai.server.content.writing import Writer

MAX_ENGINE_ATTEMPTS = 3
# Each costs tokens, and the engine can always write instead.
MAX_OUTSIDE_ATTEMPTS = 2


def engine_writer(subjects: Subjects) -> Writer:
    """Return the curriculum engine with its agents."""
    return Pipeline(EngineModel(subjects), ENGINE, max_attempts=MAX_ENGINE_ATTEMPTS)


def outside_writer(outside: Outside) -> Writer:
    """Return a model outside with its agents."""
    # Its packages are an extra, and the engine must work without.
    from toolboxai.server.content.agents.outside_model import OutsideModel

    provider = outside_provider(outside.model)
    model = OutsideModel(outside)
    return Pipeline(model, provider, max_attempts=MAX_OUTSIDE_ATTEMPTS, close_model=model.close)
