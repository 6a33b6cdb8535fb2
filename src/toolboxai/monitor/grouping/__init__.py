"""Which events are the same problem, and why."""

from toolboxai.monitor.grouping.components import Component, Grouping, Kind
from toolboxai.monitor.grouping.deciding import GROUPING_VERSION, group, older_fingerprints
from toolboxai.monitor.grouping.messages import parametrised
from toolboxai.monitor.grouping.naming import culprit_of, is_handled, title_of

__all__ = [
    "GROUPING_VERSION",
    "Component",
    "Grouping",
    "Kind",
    "culprit_of",
    "group",
    "is_handled",
    "older_fingerprints",
    "parametrised",
    "title_of",
]
