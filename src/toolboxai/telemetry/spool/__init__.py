"""Undelivered envelopes on disk. Knows bytes, files and order; neither envelopes nor the network."""

from toolboxai.telemetry.spool.adoption import Heir
from toolboxai.telemetry.spool.disk import Disk, RealDisk
from toolboxai.telemetry.spool.looking import (
    Waiting,
    Worker,
    damaged_in,
    discard,
    waiting_in,
    workers_in,
)
from toolboxai.telemetry.spool.slots import (
    FIGURES_NAME,
    Slot,
    claim_folder,
    home_of,
    may_pass,
)
from toolboxai.telemetry.spool.spool import MAX_AGE_HOURS, Entry, Spool

__all__ = [
    "FIGURES_NAME",
    "MAX_AGE_HOURS",
    "Disk",
    "Entry",
    "Heir",
    "RealDisk",
    "Slot",
    "Spool",
    "Waiting",
    "Worker",
    "claim_folder",
    "damaged_in",
    "discard",
    "home_of",
    "may_pass",
    "waiting_in",
    "workers_in",
]
