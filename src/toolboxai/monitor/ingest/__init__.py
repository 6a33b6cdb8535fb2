"""The door for envelopes: authenticates and limits before it reads, answers when it is durable."""

from toolboxai.monitor.ingest.app import Ingest
from toolboxai.monitor.ingest.request import is_ingest_path

__all__ = ["Ingest", "is_ingest_path"]
