"""The spool's folders, or one sentence about why they can't be looked into."""

import os
from pathlib import Path

from toolboxai.cli.errors import CommandError
from toolboxai.telemetry.spool import Worker, workers_in


def workers_below(folder: Path) -> list[Worker]:
    """Return the workers' folders. Raises ``CommandError`` when this user may not see what is there."""
    if folder.exists() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        message = f"{folder} belongs to another user; run this as the user that the server runs as"
        raise CommandError(message)
    return workers_in(folder)
