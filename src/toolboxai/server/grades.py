"""School grades, and the four bands that they lie in. Pure values."""

from enum import Enum


class GradeBand(Enum):
    """The four ages of school; the value is what panels and pages call it."""

    EARLY = "K-2"
    ELEMENTARY = "3-5"
    MIDDLE = "6-8"
    HIGH = "9-12"


def grade_band_of(grade: int) -> GradeBand:
    """Return the band in which ``grade`` lies."""
    if grade <= 2:
        return GradeBand.EARLY
    if grade <= 5:
        return GradeBand.ELEMENTARY
    return GradeBand.MIDDLE if grade <= 8 else GradeBand.HIGH
