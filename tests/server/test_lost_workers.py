"""Processes that are killed, restarted, or share the work: what was accepted is made, once."""

import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from httpx2 import Client, HTTPError

from tests.cli.processes import wait_until
from tests.server.ordering import rows, stored_seeds
from tests.server.slow_servers import ORDERS, Servers, Slow, kill, servers

ORDERED = {"grade": 4, "objective": "equivalent-fractions"}
KILLS = 2  # an order that is lost a third time has failed


@pytest.fixture
def shared(tmp_path: Path, database_url: str) -> Generator[Servers]:
    with servers(tmp_path, database_url) as running:
        yield running


def order(client: Client, seed: int) -> bool:
    """Order something; say whether it was accepted. Sent again, it is the same order."""
    key = {"Idempotency-Key": f"order-{seed}"}
    try:
        answer = client.post(ORDERS, json=ORDERED | {"seed": seed}, headers=key)
    except HTTPError:
        return False
    assert answer.status_code == 202, answer.text
    return True


def order_all(shared: Servers, server: Slow, seeds: range) -> None:
    with shared.client(server) as client:
        assert all(order(client, seed) for seed in seeds)


def statuses(shared: Servers) -> list[str]:
    return [row.status for row in shared.read(rows)]


def all_done(shared: Servers, count: int) -> bool:
    return statuses(shared) == ["done"] * count


def test_what_was_accepted_before_a_kill_is_made_once(shared: Servers) -> None:
    accepted: set[int] = set()
    for life in range(KILLS):
        server = shared.start(lease_seconds=3)
        with shared.client(server) as client:
            seeds = range(10 * life, 10 * life + 10)
            accepted |= {seed for seed in seeds if order(client, seed)}
        wait_until(lambda: "running" in statuses(shared), "work on an order")
        kill(server.process)
    in_the_middle = statuses(shared)

    shared.start(lease_seconds=3)

    wait_until(lambda: all_done(shared, len(accepted)), "the end of all orders")
    assert "running" in in_the_middle
    assert len(accepted) == 10 * KILLS
    assert shared.read(stored_seeds) == sorted(accepted)
    assert max(row.attempts for row in shared.read(rows)) <= KILLS + 1


def test_orders_that_are_sent_again_after_a_kill_are_made_once(shared: Servers) -> None:
    server = shared.start(lease_seconds=3)
    with shared.client(server) as client:
        answered = []
        for seed in range(10):
            if seed == 5:
                server.process.send(signal.SIGKILL)
            answered.append(order(client, seed))
    kill(server.process)

    order_all(shared, shared.start(lease_seconds=3), range(10))

    wait_until(lambda: all_done(shared, 10), "the end of all orders")
    assert not all(answered)
    assert shared.read(stored_seeds) == list(range(10))


def test_two_processes_share_the_work_and_none_of_it_is_done_twice(shared: Servers) -> None:
    first, second = shared.start(), shared.start()

    order_all(shared, first, range(12))
    order_all(shared, second, range(12, 24))

    wait_until(lambda: all_done(shared, 24), "the end of all orders")
    workers = {line.split()[2] for line in shared.journal.read_text().splitlines()}
    assert workers == {str(first.process.pid), str(second.process.pid)}
    assert shared.noted("begin") == dict.fromkeys(range(24), 1)
    assert shared.read(stored_seeds) == list(range(24))
    assert {row.attempts for row in shared.read(rows)} == {1}


def test_a_process_that_ends_in_order_hands_over_what_it_works_on(shared: Servers) -> None:
    server = shared.start(seconds_a_step=20, lease_seconds=60)
    order_all(shared, server, range(2))
    wait_until(lambda: statuses(shared) == ["running"] * 2, "work on both")

    server.process.stop()
    handed_over = [(row.status, row.attempts) for row in shared.read(rows)]
    shared.start(seconds_a_step=0, lease_seconds=60)

    wait_until(lambda: all_done(shared, 2), "the end of both")
    assert handed_over == [("queued", 0)] * 2
    assert shared.noted("made") == {0: 1, 1: 1}


def test_a_process_that_stood_still_does_no_harm_when_it_goes_on(shared: Servers) -> None:
    stopped = shared.start(seconds_a_step=0.5, lease_seconds=1, workers=1)
    order_all(shared, stopped, range(1))
    wait_until(lambda: statuses(shared) == ["running"], "work")
    stopped.process.send(signal.SIGSTOP)

    shared.start(seconds_a_step=0.5, lease_seconds=3)
    wait_until(lambda: statuses(shared) == ["running"] and _attempts(shared) == [2], "a new lease")
    stopped.process.send(signal.SIGCONT)

    wait_until(lambda: all_done(shared, 1), "the end")
    assert shared.read(stored_seeds) == [0]
    assert _attempts(shared) == [2]


def _attempts(shared: Servers) -> list[int]:
    return [row.attempts for row in shared.read(rows)]


def test_work_that_is_cancelled_through_one_process_ends_in_the_other(shared: Servers) -> None:
    working = shared.start(seconds_a_step=20, lease_seconds=60)
    asked = shared.start(seconds_a_step=0, lease_seconds=60, workers=0)
    order_all(shared, working, range(3))
    wait_until(lambda: statuses(shared) == ["running", "running", "queued"], "work on two")

    with shared.client(asked) as client:
        address = f"{ORDERS}/{shared.read(rows)[0].id}"
        answer = client.delete(address)

    wait_until(lambda: statuses(shared) == ["cancelled", "running", "running"], "the next")
    assert answer.json()["status"] == "cancelled"
