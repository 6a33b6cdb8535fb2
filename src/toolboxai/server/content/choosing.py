"""Settings → who writes: the engine alone, or a model outside before it."""

import logging
from functools import partial
from importlib.util import find_spec

from prometheus_client import CollectorRegistry

from toolboxai import telemetry
from toolboxai.server.config import Settings, SettingsError
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.outside.breaker import Breaker, State
from toolboxai.server.content.outside.budget import Budget
from toolboxai.server.content.outside.choice import Outside
from toolboxai.server.content.tally import LessonTally, ModelTally
from toolboxai.server.database import Database

log = logging.getLogger(__name__)

# What the extra "llm" installs.
EXTRA = ("openai", "stamina")


def new_authors(settings: Settings, database: Database, registry: CollectorRegistry) -> Authors:
    """Return the writers that ``settings`` choose, or raise `SettingsError`."""
    return Authors(LessonTally(registry), outside=_outside(settings, database, registry))


def _outside(settings: Settings, database: Database, registry: CollectorRegistry) -> Outside | None:
    if not settings.llm_base_url:
        return None
    if missing := [name for name in EXTRA if find_spec(name) is None]:
        message = (
            f"TOOLBOXAI_LLM_BASE_URL is set, but {' and '.join(missing)} can't be imported. "
            "Use pip install 'toolboxai[llm]'."
        )
        raise SettingsError(message)
    tally = ModelTally(registry)
    return Outside(
        base_url=settings.llm_base_url,
        model=settings.llm_model,
        # Its client wants one, also for a service that wants none.
        api_key=settings.llm_api_key or "none",
        timeout_seconds=settings.llm_timeout_seconds,
        falls_back=settings.llm_fallback,
        budget=Budget(database, settings.llm_max_tokens_per_day),
        breaker=Breaker(told=partial(_tell, tally)),
        tally=tally,
    )


def _tell(tally: ModelTally, state: State) -> None:
    """Say how the breaker is; that it opened is an event, because somebody must look after the model."""
    tally.show(rests=state is not State.CLOSED)
    telemetry.breadcrumb("service", f"the circuit is {state.value}", level="warning")
    if state is State.OPEN:
        log.error("the model outside fails again and again, so it is left alone for a while")
    else:
        log.info("the circuit to the model outside is %s", state.value)
