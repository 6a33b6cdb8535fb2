"""``/sentry-debug/model``: an order to a model that isn't there, so that one can see what becomes of it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from prometheus_client import CollectorRegistry

from toolboxai import telemetry
from toolboxai.server.config import Settings
from toolboxai.server.content.choosing import new_authors
from toolboxai.server.content.orders import Order
from toolboxai.server.content.service import about, generate
from toolboxai.server.database import Database

# The port of a protocol that nobody speaks any more: what is asked there is refused at once.
NOBODYS_ADDRESS = "http://127.0.0.1:9/v1"
NOBODY = UUID(int=0)
ORDER = Order(
    kind="quiz",
    school_id=NOBODY,
    subject="mathematics",
    objective="place-value",
    grade=4,
    seed=1,
    questions=3,
)


def missing_model(settings: Settings, database: Database) -> Callable[[], Awaitable[None]]:
    """Return what orders a quiz of a model that isn't there: tried again and given up, like one that was set up."""
    changes = {
        "llm_base_url": NOBODYS_ADDRESS,
        "llm_model": "a-model-that-is-away",
        "llm_fallback": False,
    }
    away = settings.model_copy(update=changes)

    async def order() -> None:
        authors = new_authors(away, database, CollectorRegistry())
        telemetry.set_context(about(ORDER, authors))
        try:
            await generate(ORDER, authors=authors)
        finally:
            await authors.close()

    return order
