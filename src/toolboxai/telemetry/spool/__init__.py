"""Undelivered envelopes on disk. Knows bytes, files and order; neither envelopes nor the network."""

from toolboxai.telemetry.spool.disk import Disk, RealDisk
from toolboxai.telemetry.spool.slots import Slot, claim_folder, may_pass
from toolboxai.telemetry.spool.spool import MAX_AGE_HOURS, Entry, Spool

__all__ = [
    "MAX_AGE_HOURS",
    "Disk",
    "Entry",
    "RealDisk",
    "Slot",
    "Spool",
    "claim_folder",
    "may_pass",
]
