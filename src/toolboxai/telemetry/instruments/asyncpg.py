"""asyncpg where an application uses it itself. What SQLAlchemy sends through it is SQLAlchemy's query.

Server-side cursors and COPY are not observed.
"""

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from toolboxai.telemetry.instruments.calls import Choices
from toolboxai.telemetry.instruments.observing import Patches
from toolboxai.telemetry.instruments.queries import Queries, Query

_CONNECTION_METHODS = ("execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval")
_STATEMENT_METHODS = ("executemany", "fetch", "fetchmany", "fetchrow", "fetchval")
# The frame around queries, and what a pool sends to tidy up: nobody's question, and alike every time.
_HOUSEKEEPING = re.compile(
    r"\s*(?:;?\s*\Z|(?:BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b|SELECT pg_advisory_unlock_all)",
    re.IGNORECASE,
)


class ConnectionQueries(Queries):
    """``(connection, query, …)``."""

    def read(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> Query | None:
        """Return the query, by position or by name."""
        statement = args[1] if len(args) > 1 else options.get("query", options.get("command"))
        if not isinstance(statement, str) or _HOUSEKEEPING.match(statement):
            return None
        return Query(statement, "postgresql")

    def count_rows(self, args: tuple[Any, ...], result: object) -> int | None:
        """Return the length of a list of records."""
        del args
        return len(result) if isinstance(result, list) else None


class PreparedQueries(ConnectionQueries):
    """``(prepared statement, …)``."""

    def read(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> Query | None:
        """Return the query that was prepared."""
        del options
        return Query(args[0].get_query(), "postgresql")


def observe(module: ModuleType, patches: Patches, choices: Choices) -> None:
    """Observe connections and prepared statements. ``module`` is ``asyncpg``."""
    for method in _CONNECTION_METHODS:
        patches.observe(module.connection.Connection, method, ConnectionQueries(choices))
    for method in _STATEMENT_METHODS:
        prepared = module.prepared_stmt.PreparedStatement
        patches.observe(prepared, method, PreparedQueries(choices))
