"""Figures in the text format that Prometheus reads. Pure: families in, text out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Sample(NamedTuple):
    """One number, under its full name."""

    name: str
    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """What belongs together: one name, one meaning. A counter's samples end in ``_total``, its name doesn't."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: list[Sample]


def as_text(families: Iterable[Family]) -> str:
    """Return the page."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    yield f"# HELP {name} {_escaped(family.help)}"
    yield f"# TYPE {name} {family.kind}"
    for sample in family.samples:
        labels = ",".join(f'{label}="{_quoted(text)}"' for label, text in sample.labels.items())
        yield (
            f"{sample.name}{{{labels}}} {float(sample.value)!r}"
            if labels
            else (f"{sample.name} {float(sample.value)!r}")
        )


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
