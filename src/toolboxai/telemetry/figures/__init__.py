"""What one worker counts and measures, as a value; what all of them do, added up; and a page of it."""

from toolboxai.telemetry.figures.durations import Durations, Series, Sketch
from toolboxai.telemetry.figures.exposition import CONTENT_TYPE, Family, Sample, as_text
from toolboxai.telemetry.figures.families import families_of, gauge
from toolboxai.telemetry.figures.figures import Figures, Moment, added_up, moment
from toolboxai.telemetry.figures.workers import Workers, figures_in

__all__ = [
    "CONTENT_TYPE",
    "Durations",
    "Family",
    "Figures",
    "Moment",
    "Sample",
    "Series",
    "Sketch",
    "Workers",
    "added_up",
    "as_text",
    "families_of",
    "figures_in",
    "gauge",
    "moment",
]
