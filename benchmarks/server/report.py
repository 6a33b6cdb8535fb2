"""Figures → what is read: a table, or facts for a later comparison."""

import os
import platform
from collections.abc import Mapping

from benchmarks.server.target import Figures
from toolboxai import __version__

TITLES = {
    "lesson": "a lesson, at once",
    "quiz": "a quiz, at once",
    "lesson_order": "a lesson, ordered: from the order to its end",
    "quiz_order": "a quiz, ordered: from the order to its end",
    "first_lesson": "the first lesson after the start",
    "sign_in": "a sign-in",
    "read_me": "`GET /auth/me`",
    "read_lesson": "`GET /lessons/{id}`",
    "list_orders": "20 of the school's orders",
    "read_alone": "`GET /auth/me`, one after the other",
    "read_beside_plugins": "the same beside plugins that wait",
    "waiting_plugins": "plugins that wait",
    "memory_idle": "memory at the start",
    "memory_after_load": "memory after the load",
}
PACE = "{per_second:,.0f}/s; p50 {p50_ms:.0f}, p95 {p95_ms:.0f} ms; {cpu_ms:.1f} ms CPU"
SENTENCES = {
    "waiting_plugins": "{plugins:,.0f}: {cpu_percent:.0f} % of a core, {mib:.0f} MiB; a message after {message_ms:.0f} ms",
    "first_lesson": "{ms:,.0f} ms",
    "memory_idle": "{mib:.0f} MiB",
    "memory_after_load": "{mib:.0f} MiB",
}


def table(found: Mapping[str, Mapping[str, Figures]]) -> str:
    """Return a Markdown table: a row for each question, a column for each database."""
    rows = [["", *found], ["---"] * (len(found) + 1)]
    for name, title in TITLES.items():
        sentence = SENTENCES.get(name, PACE)
        rows.append([title, *(sentence.format(**figures[name]) for figures in found.values())])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def machine() -> dict[str, str | int | float]:
    """Return where the figures were taken."""
    return {
        "toolboxai": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count() or 1,
        "load": os.getloadavg()[0],
    }
