"""What happens when one side is killed, or the other is away: nothing, seen from the outside."""

import random
import signal
from collections import Counter
from pathlib import Path
from statistics import median
from threading import Thread
from time import perf_counter

import pytest

from tests.cli.processes import wait_until
from tests.e2e.conftest import Server, StartMonitor, StartServer

KILLS = 5
# The dearest requests of two noisy cores; what an unnoticed outage must not add to the typical one.
MOST_SLOWDOWN = 1.5


def test_kills_of_the_server_lose_nothing_that_was_spooled(
    start_monitor: StartMonitor, start_server: StartServer
) -> None:
    chance = random.Random(4)
    monitor = start_monitor()
    dsn = monitor.tell("dsn")
    monitor.process.send(signal.SIGKILL)
    monitor.process.end()
    promised: set[str] = set()

    for _ in range(KILLS):
        server = start_server(SENTRY_DSN=dsn)
        promised |= {server.fail() for _ in range(chance.randint(1, 5))}
        server.wait_until_spooled()
        load = Thread(target=fail_until_dead, args=(server, chance.randint(1, 8)))
        load.start()
        server.process.send(signal.SIGKILL)
        server.process.end()
        load.join()

    monitor = start_monitor()
    start_server(SENTRY_DSN=dsn)
    wait_until(lambda: promised <= monitor.event_ids(), f"{len(promised)} events")


def fail_until_dead(server: Server, requests: int) -> None:
    """Keep the server busy while it is killed; what fails here was not promised."""
    try:
        for _ in range(requests):
            server.ask("/sentry-debug")
    except Exception:  # noqa: BLE001 - it is being killed, anything may happen
        return


@pytest.mark.alone
def test_a_monitor_that_is_away_is_not_noticed_and_gets_everything_later(
    start_monitor: StartMonitor, start_server: StartServer
) -> None:
    monitor = start_monitor()
    server = start_server()
    load(server, 60)  # warm

    with_monitor = load(server, 300)
    monitor.process.send(signal.SIGKILL)
    monitor.process.end()
    failed_meanwhile = [server.fail() for _ in range(20)]
    without_monitor = load(server, 300)
    assert not server.ask("/sentry/status").json()["healthy"]
    monitor = start_monitor()

    wait_until(lambda: set(failed_meanwhile) <= monitor.event_ids(), "the events of the outage")
    wait_until(lambda: server.ask("/sentry/status").json()["spool"]["waiting"] == 0, "all of it")
    ratio = median(without_monitor) / median(with_monitor)
    assert ratio < MOST_SLOWDOWN, f"requests took {ratio:.2f} times as long without the monitor"
    counts = Counter(server.ask("/sentry/status").json()["counts"])
    assert counts["envelopes.delivered"] == counts["envelopes.spooled"]
    assert not [name for name in counts if name.startswith("dropped.")]


def load(server: Server, requests: int) -> list[float]:
    """Make requests that all have to succeed; return how long each took, in seconds."""
    taken = []
    for _ in range(requests):
        began = perf_counter()
        assert server.ask("/objectives?grade=4").status == 200
        taken.append(perf_counter() - began)
    return taken


def test_the_tail_arrives_when_everything_is_stopped_in_order(
    start_monitor: StartMonitor, start_server: StartServer
) -> None:
    monitor, server = start_monitor(), start_server()
    event_ids = {server.fail() for _ in range(10)}

    server.process.send(signal.SIGTERM)
    server.process.end()

    assert event_ids <= monitor.event_ids()


def test_a_spool_belongs_to_nobody_but_its_owner(
    start_monitor: StartMonitor, start_server: StartServer, data: Path
) -> None:
    start_monitor()
    server = start_server()
    server.fail()
    server.wait_until_spooled()

    (worker,) = (data / "spool").glob("*/worker-*")

    assert worker.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in worker.iterdir()} <= {0o600}
