"""Long work, in this process, with a row of the database as the truth. Knows rows and leases, not content."""

from toolboxai.server.jobs.crew import Work
from toolboxai.server.jobs.jobs import Jobs
from toolboxai.server.jobs.leases import Result
from toolboxai.server.jobs.queue import (
    AlreadyFinishedError,
    OrderNotFoundError,
    QueueFullError,
    SchoolQueueFullError,
)
from toolboxai.server.jobs.watch import Followed, TooManyReadersError

__all__ = [
    "AlreadyFinishedError",
    "Followed",
    "Jobs",
    "OrderNotFoundError",
    "QueueFullError",
    "Result",
    "SchoolQueueFullError",
    "TooManyReadersError",
    "Work",
]
