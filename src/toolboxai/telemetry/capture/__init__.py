"""An exception → the event that describes it: its chain, its frames, their source and variables."""

from toolboxai.telemetry.capture.exceptions import (
    exception_event,
    exception_values,
    without_variables,
)
from toolboxai.telemetry.capture.frames import frames_of, is_in_app

__all__ = ["exception_event", "exception_values", "frames_of", "is_in_app", "without_variables"]
