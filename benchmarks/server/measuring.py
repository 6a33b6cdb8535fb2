"""What is asked of the server, one thing after the other, so that none is in another's way."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlencode

from benchmarks.load import get, post
from benchmarks.server.orders import GENERATIONS, MOST_AT_ONCE, burst
from benchmarks.server.plugins import seconds_to_reach, still_waiting, waiting
from benchmarks.server.school import People
from benchmarks.server.target import Figures, Target

SYNCHRONOUS = {"lesson": "/generate_content", "quiz": "/generate_quiz"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is asked: of each kind of content, of sign-ins and of reads; how many plugins wait, how long, and how much of that
    alone.
    """

    generations: int = 200
    orders: int = MOST_AT_ONCE
    sign_ins: int = 64
    reads: int = 800
    plugins: int = 1_000
    wait_seconds: int = 15
    rest_seconds: float = 1.0


def measure(server: Target, people: People, load: Load) -> Iterator[tuple[str, Figures]]:
    """Yield what was measured, each with its name."""
    yield "memory_idle", {"mib": server.memory_mib()}
    sign_ins = [_sign_in(server.port, name, people.password) for name in people.names]
    token: str = server.ask(sign_ins[0])["access_token"]
    began = perf_counter()
    lesson = server.ask(_generations(server, SYNCHRONOUS["lesson"], {}, token)[0])
    yield "first_lesson", {"ms": (perf_counter() - began) * 1e3}
    for kind, path in SYNCHRONOUS.items():
        yield kind, server.pace(*_generations(server, path, {}, token), count=load.generations)
    for kind in SYNCHRONOUS:
        requests = _generations(server, GENERATIONS, {"kind": kind}, token)
        yield f"{kind}_order", burst(server, requests, token=token, count=load.orders)
    yield "sign_in", server.pace(*sign_ins, count=load.sign_ins)
    reads = {
        "read_me": "/auth/me",
        "read_lesson": f"/lessons/{lesson['id']}",
        "list_orders": f"{GENERATIONS}?limit=20",
    }
    for name, path in reads.items():
        yield name, server.pace(get(server.port, path, token=token), count=load.reads)
    yield "memory_after_load", {"mib": server.memory_mib()}
    yield from _beside_plugins(server, people, load, token)


def _generations(server: Target, path: str, wanted: dict[str, str], token: str) -> Sequence[bytes]:
    """Return a request for each objective, without a seed: so nothing is asked for twice."""
    objectives = server.ask(get(server.port, "/objectives"))
    return [
        post(
            server.port,
            path,
            json.dumps(
                {
                    "objective": each["code"],
                    "subject": each["subject"],
                    "grade": each["grades"][0],
                    **wanted,
                }
            ).encode(),
            token=token,
        )
        for each in objectives
    ]


def _sign_in(port: int, name: str, password: str) -> bytes:
    body = urlencode({"username": name, "password": password}).encode()
    return post(port, "/auth/token", body, kind="x-www-form-urlencoded")


def _beside_plugins(
    server: Target, people: People, load: Load, token: str
) -> Iterator[tuple[str, Figures]]:
    """Yield what one reader notices of plugins that wait, and what they cost."""
    me, reads = get(server.port, "/auth/me", token=token), load.reads // 4
    yield "read_alone", server.pace(me, count=reads, connections=1)
    with waiting(server, people.studios, wait_seconds=load.wait_seconds) as polls:
        yield "read_beside_plugins", server.pace(me, count=reads, connections=1)
        waited, mib = still_waiting(polls), server.memory_mib()
        # The one that came last has the longest to wait.
        reached = seconds_to_reach(server, people.studios[-1], polls[-1], token=token)
        resting = server.cpu_percent(load.rest_seconds)
    yield (
        "waiting_plugins",
        {"plugins": waited, "cpu_percent": resting, "message_ms": reached * 1e3, "mib": mib},
    )
