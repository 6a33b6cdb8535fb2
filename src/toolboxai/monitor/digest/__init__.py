"""From an accepted envelope to a durable one: one thread that parses, groups and commits."""

from toolboxai.monitor.digest.budget import Budget
from toolboxai.monitor.digest.items import Submission
from toolboxai.monitor.digest.jobs import Answer, NotStoredError
from toolboxai.monitor.digest.worker import Digest

__all__ = ["Answer", "Budget", "Digest", "NotStoredError", "Submission"]
