"""How an older database becomes the one that the models describe, step by step. Only forward.

A new step is a new file in `versions`; `tests/server/test_migrations.py` says what it has to do. There is
no way back: whoever must go back restores the copy that they made before, because a step that drops a
column can't bring back what was in it.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

FOLDER = Path(__file__).parent


class NewerDatabaseError(Exception):
    """A newer version has brought the database further than this one knows."""


def migrate(connection: Connection) -> None:
    """Bring the database up to date, in the transaction that ``connection`` has begun."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NewerDatabaseError from error
