"""Lengths of time and sizes as people write them. Pure."""

import re
from datetime import timedelta

from toolboxai.cli.errors import CommandError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])")


def parse_duration(text: str) -> timedelta:
    """Return how long ``24h``, ``30m``, ``90s`` or ``3d`` is. Raises ``CommandError`` for anything else."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        message = f"{text!r} is no length of time; write a number and s, m, h or d, as in 24h"
        raise CommandError(message)
    return timedelta(**{_UNITS[found[2]]: float(found[1])})


def shown_duration(seconds: float) -> str:
    """Return a length of time in its largest fitting unit: ``3 days``, ``5 h``, ``12 min``, ``40 s``."""
    for unit_seconds, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit_seconds:
            return f"{seconds / unit_seconds:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def shown_bytes(size_bytes: int) -> str:
    """Return a size in its largest fitting unit."""
    for unit_bytes, unit in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if size_bytes >= unit_bytes:
            return f"{size_bytes / unit_bytes:.1f} {unit}"
    return f"{size_bytes} B"
