"""How many tokens a model outside may use in a day, over all schools and worker processes. Counted in the database.

A day is one of UTC. Checked before something is made and counted afterwards, so a day's use can exceed the budget by what is
being made at that moment.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from toolboxai.server.database import Database
from toolboxai.server.error_handling import database_operation
from toolboxai.server.models import TokenUse, utc_now

INSERT: dict[str, type[postgresql.Insert] | type[sqlite.Insert]] = {
    "postgresql": postgresql.Insert,
    "sqlite": sqlite.Insert,
}


class Budget:
    """Tokens a day."""

    def __init__(
        self, database: Database, tokens_per_day: int, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._tokens_per_day = tokens_per_day
        self._now = now

    async def has_left(self) -> bool:
        """Say whether something more may be made today."""
        return await self.used_today() < self._tokens_per_day

    async def used_today(self) -> int:
        """Return how many tokens all schools have used today."""
        total = func.coalesce(func.sum(TokenUse.input_tokens + TokenUse.output_tokens), 0)
        statement = select(total).where(TokenUse.day == self._now().date())
        with database_operation("read the token budget"):
            async with self._database.session() as session:
                return int((await session.execute(statement)).scalar_one())

    async def spend(self, school_id: UUID, *, input_tokens: int, output_tokens: int) -> None:
        """Count what ``school_id`` has used."""
        row: dict[str, Any] = {
            "day": self._now().date(),
            "school_id": school_id,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
        }
        insert = INSERT[self._database.engine.dialect.name](TokenUse).values(row)
        add = insert.on_conflict_do_update(
            index_elements=[TokenUse.day, TokenUse.school_id],
            set_={
                "input_tokens": TokenUse.input_tokens + insert.excluded.input_tokens,
                "output_tokens": TokenUse.output_tokens + insert.excluded.output_tokens,
            },
        )
        with database_operation("count tokens"):
            async with self._database.writing() as session:
                await session.execute(add)
