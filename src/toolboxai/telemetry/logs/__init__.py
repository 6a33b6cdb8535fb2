"""What loggers say, seen without a handler of ours: breadcrumbs, log items, reports of errors."""

from toolboxai.telemetry.logs.entries import MAX_BODY_CHARS, Entry, raised_in, values_of
from toolboxai.telemetry.logs.items import Place, renderer
from toolboxai.telemetry.logs.watch import Call, LogWatch, calls

__all__ = [
    "MAX_BODY_CHARS",
    "Call",
    "Entry",
    "LogWatch",
    "Place",
    "calls",
    "raised_in",
    "renderer",
    "values_of",
]
