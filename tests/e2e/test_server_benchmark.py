"""The server's own benchmark runs, and says everything that it promises to."""

from benchmarks.server.__main__ import measured
from benchmarks.server.measuring import Load
from benchmarks.server.report import TITLES, table

TINY = Load(
    generations=4, orders=4, sign_ins=4, reads=16, plugins=8, wait_seconds=2, rest_seconds=0.1
)


def test_every_figure_of_the_server_is_measured_and_told() -> None:
    found = measured("sqlite", TINY)

    assert found.keys() == TITLES.keys()
    assert found["waiting_plugins"]["plugins"] == TINY.plugins
    assert min(figures.get("per_second", 1) for figures in found.values()) > 0
    assert len(table({"sqlite": found}).splitlines()) == len(TITLES) + 2
