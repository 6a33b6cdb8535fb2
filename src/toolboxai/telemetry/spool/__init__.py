"""Undelivered envelopes on disk. Knows bytes, files and order; neither envelopes nor the network."""

from toolboxai.telemetry.spool.disk import Disk, RealDisk
from toolboxai.telemetry.spool.slots import claim_folder
from toolboxai.telemetry.spool.spool import Entry, Spool

__all__ = ["Disk", "Entry", "RealDisk", "Spool", "claim_folder"]
