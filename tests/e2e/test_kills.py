"""Whoever is killed, whenever: what was promised is in the monitor, once, and nothing else is."""

from pathlib import Path

from benchmarks.kills import survive

KILLS, SEED = 16, 7
# About 25 times as many as there are kills; far fewer would mean that there was nothing to lose.
FEWEST_PROMISES = 5 * KILLS


def test_what_was_promised_is_there_once_whoever_is_killed(tmp_path: Path) -> None:
    truth = survive(tmp_path, kills=KILLS, seed=SEED)

    assert truth.faults == []
    assert len(truth.promised) >= FEWEST_PROMISES
    assert truth.kills.total() == KILLS
