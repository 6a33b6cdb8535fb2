"""Values over time as shapes that a page draws. Pure; a chart is ``WIDTH`` by ``HEIGHT`` units."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1_000
HEIGHT = 200
MIN_BAR_UNITS = 2
# Of what is drawn: nobody sees less, and a float has no room below for the steps of an axis.
SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle that stands on the chart's ground."""

    x: float
    y: float
    width: float
    height: float


def line_of(values: Sequence[float | None], highest: float) -> str:
    """Return an SVG path through the values, one a step; it is interrupted where there is none."""
    step = WIDTH / max(len(values), 1)
    parts: list[str] = []
    is_drawing = False
    for place, value in enumerate(values):
        if value is None:
            is_drawing = False
            continue
        x, y = (place + 0.5) * step, HEIGHT * (1 - value / highest) if highest else HEIGHT
        # A lonely value is a short line, so that it is seen.
        parts.append(f"L{x:.1f} {y:.1f}" if is_drawing else f"M{x - 1:.1f} {y:.1f}L{x:.1f} {y:.1f}")
        is_drawing = True
    return "".join(parts)


def bars_of(values: Sequence[float], highest: float) -> list[Bar]:
    """Return a bar a step; nothing where the value is 0."""
    step = WIDTH / max(len(values), 1)
    return [
        Bar(
            x=round((place + 0.1) * step, 1),
            y=round(HEIGHT - height, 1),
            width=round(step * 0.8, 1),
            height=round(height, 1),
        )
        for place, value in enumerate(values)
        if value > 0 and (height := max(MIN_BAR_UNITS, HEIGHT * value / highest))
    ]


def rounded_up(value: float) -> float:
    """Return the next number that begins with 1, 2 or 5 and ends in noughts: the top of an axis."""
    if value <= 0:
        return 1.0
    value = max(value, SMALLEST)
    magnitude = 10.0 ** (len(f"{value:.9f}".partition(".")[0]) - 1)
    while magnitude > value:
        magnitude /= 10
    return next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= value)
