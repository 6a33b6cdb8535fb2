"""Figures → families of a metrics page. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from toolboxai.telemetry.figures.durations import Series, Sketch
from toolboxai.telemetry.figures.exposition import Family, Sample
from toolboxai.telemetry.figures.figures import Figures

PREFIX = "toolboxai_telemetry"
REQUESTS = "toolboxai_http_request_duration"
LIMITS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SHARES = (0.5, 0.95, 0.99)
# What the parts of a counter's dotted name are; of any other, what follows the first dot is its kind.
_LABELS = {"dropped": ("reason", "category"), "redacted": ("rule",), "sent": ("category",)}
_HELP = {
    "dropped": "What will never arrive, by Sentry's discard reason and data category.",
    "redacted": "What was taken out of reports before they left, by rule.",
    "sent": "What the sink has confirmed, by Sentry's data category.",
}


def gauge(name: str, help_text: str, value: float) -> Family:
    """Return a family of one number."""
    return Family(f"{PREFIX}_{name}", "gauge", help_text, [Sample(f"{PREFIX}_{name}", {}, value)])


def families_of(figures: Figures, *, workers: int, now: float) -> Iterator[Family]:
    """Yield what ``figures``, those of ``workers`` workers added up, say at ``now`` (since 1970)."""
    waited = now - figures.oldest_waiting_at if figures.oldest_waiting_at else 0.0
    yield gauge("workers", "Processes that answer requests and are added up here.", workers)
    yield gauge("queued", "Captured, not yet on disk.", figures.queued)
    yield gauge("spool_waiting", "Envelopes on disk, not yet delivered.", figures.spool_waiting)
    yield gauge("spool_size_bytes", "Disk that the spool takes.", figures.spool_size_bytes)
    yield gauge("spool_oldest_waiting_seconds", "How long the oldest waits.", max(0.0, waited))
    yield gauge("spool_held", "Envelopes in memory only, as the disk refuses.", figures.spool_held)
    yield _limits(figures.limited, now)
    if figures.last_success:
        yield gauge("last_success_timestamp_seconds", "Last delivery.", figures.last_success.at)
    if figures.last_failure:
        yield gauge("last_failure_timestamp_seconds", "Last failure.", figures.last_failure.at)
    yield from _counters(figures.counts)
    yield _histogram(figures.durations)
    yield _quantiles(figures.durations)


def _limits(limits: Mapping[str, float], now: float) -> Family:
    name = f"{PREFIX}_limited_seconds"
    samples = [
        Sample(name, {"category": category}, max(0.0, until - now))
        for category, until in sorted(limits.items())
    ]
    return Family(name, "gauge", "For how long the sink still wants none of a category.", samples)


def _counters(counts: Mapping[str, int]) -> Iterator[Family]:
    groups: dict[str, list[Sample]] = defaultdict(list)
    for name, count in sorted(counts.items()):
        group, _, rest = name.partition(".")
        family = f"{PREFIX}_{re.sub(r'[^a-zA-Z0-9_]', '_', group)}"
        groups[group].append(Sample(f"{family}_total", _labels(group, rest), count))
    for group, samples in groups.items():
        yield Family(
            samples[0].name.removesuffix("_total"),
            "counter",
            _HELP.get(group, f"Telemetry: {group.replace('_', ' ')}."),
            samples,
        )


def _labels(group: str, rest: str) -> dict[str, str]:
    names = _LABELS.get(group, ("kind",))
    return dict(zip(names, rest.split(".", len(names) - 1), strict=False)) if rest else {}


def _histogram(durations: Mapping[Series, Sketch]) -> Family:
    name = f"{REQUESTS}_seconds"
    samples = [sample for each in durations.items() for sample in _distribution(name, *each)]
    help_text = "Until an answer was complete; a limit counts what is within 5 % of it."
    return Family(name, "histogram", help_text, samples)


def _distribution(name: str, series: Series, sketch: Sketch) -> Iterator[Sample]:
    labels = {"method": series.method, "route": series.route, "status": series.status_class}
    for limit, count in zip(LIMITS_SECONDS, sketch.within(LIMITS_SECONDS), strict=True):
        yield Sample(f"{name}_bucket", labels | {"le": repr(limit)}, count)
    yield Sample(f"{name}_bucket", labels | {"le": "+Inf"}, sketch.count)
    yield Sample(f"{name}_count", labels, sketch.count)
    yield Sample(f"{name}_sum", labels, sketch.nanoseconds / 1e9)


def _quantiles(durations: Mapping[Series, Sketch]) -> Family:
    """Return the quantiles of each method and route, whatever the answers were."""
    name = f"{REQUESTS}_quantile_seconds"
    together: dict[tuple[str, str], Sketch] = defaultdict(Sketch)
    for series, sketch in durations.items():
        together[series.method, series.route].merge(sketch)
    samples = [
        Sample(
            name,
            {"method": method, "route": route, "quantile": f"{share:g}"},
            sketch.quantile(share),
        )
        for (method, route), sketch in together.items()
        for share in SHARES
    ]
    return Family(name, "gauge", "Within 5 % of the exact ones, since the start.", samples)
