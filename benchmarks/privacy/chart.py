"""The comparison as a picture: what each scrubber catches beside what it takes too much of. Pure: figures in, SVG out."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _LEFT, _SCALE, _ROW, _TOP, _BAR = 760, 190, 480, 46, 74, 15
_CAUGHT, _TAKEN = "#2563a8", "#c2571a"
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1c2733}.title{font-weight:600;font-size:15px}"
    ".soft{fill:#5b6875;font-size:12px}"
)
_OPENING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}" role="img" aria-label="What scrubbers catch and take">'
)


@dataclass(frozen=True, slots=True)
class Bars:
    """A scrubber's two shares, from 0 to 1."""

    name: str
    caught: float
    taken: float


def drawn(rows: Sequence[Bars], note: str) -> str:
    """Return an SVG with two bars a scrubber and ``note`` below."""
    height = _TOP + _ROW * len(rows) + 34
    parts = [
        _OPENING.format(width=_WIDTH, height=height),
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#ffffff"/>',
        _text(16, 26, "What scrubbers catch, and what they take too much of", "title"),
        _key(16, _CAUGHT, "secrets and personal data caught"),
        _key(270, _TAKEN, "harmless values taken"),
        *(_row(_TOP + _ROW * number, bars) for number, bars in enumerate(rows)),
        _text(16, height - 12, note, "soft"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _row(top: int, bars: Bars) -> str:
    shares = ((top, bars.caught, _CAUGHT), (top + _BAR + 2, bars.taken, _TAKEN))
    return _text(16, top + _BAR + 5, bars.name) + "".join(
        f'<rect x="{_LEFT}" y="{y}" width="{max(share * _SCALE, 1):.1f}" height="{_BAR}" fill="{fill}"/>'
        + _text(_LEFT + int(share * _SCALE) + 8, y + 12, f"{share:.1%}", "soft")
        for y, share, fill in shares
    )


def _key(left: int, fill: str, meaning: str) -> str:
    return f'<rect x="{left}" y="42" width="12" height="12" fill="{fill}"/>' + _text(
        left + 18, 53, meaning, "soft"
    )


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'
