"""All that is read from the monitor's files. Safe from several threads; never writes."""

from toolboxai.monitor.queries.issues import cursor_of
from toolboxai.monitor.queries.questions import Queries

__all__ = ["Queries", "cursor_of"]
