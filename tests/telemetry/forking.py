"""Programs that fork, run as processes of their own: ``python -m tests.telemetry.forking <what> <dsn> <folder>``."""

import asyncio
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import sentry_sdk
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from toolboxai import telemetry
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.figures import Durations
from toolboxai.telemetry.figures.durations import durations
from toolboxai.telemetry.reporting.bursts import Bursts
from toolboxai.telemetry.reporting.storms import Storms
from toolboxai.telemetry.setup import current_telemetry
from toolboxai.telemetry.spool import disk, segment
from toolboxai.telemetry.transport import keeper, sink
from toolboxai.telemetry.transport.limit_file import LimitFile

LIMIT_SECONDS = 15
CHILDREN = 24
AT_ONCE = 6
CAPTURED = 5
METHODS = ("fork", "spawn", "forkserver")
POOL_TASKS = ("first", "second", "third")
# Under a lock, wherever there is one.
PLACES: dict[str, tuple[Any, str]] = {
    "cleaning": (keeper, "record"),
    "counting": (counters, "_counts"),
    "writing": (disk, "_sync"),
    "reading": (segment, "record_at"),
    "preparing": (sink, "proxy_for"),
    "looking up": (socket, "getaddrinfo"),
    "connecting": (sink, "connect"),
    "limiting": (LimitFile, "_look"),
    "counting refusals": (Bursts, "_kind"),
    "counting errors": (Storms, "_current"),
    "measuring": (Durations, "_settle"),
}


def begin(dsn: str, folder: str) -> None:
    """Start telemetry."""
    quietly.strict = True
    options = telemetry.Options(
        dsn=dsn, spool_dir=Path(folder), environment="development", burst_refusals_per_minute=2
    )
    telemetry.init(options)


def application() -> Starlette:
    """An application that refuses, or fails with the words it is given."""

    async def refuse(_request: Request) -> Response:
        return Response(status_code=401)

    async def fail(request: Request) -> Response:
        raise ValueError(request.path_params["words"])

    app = Starlette(routes=[Route("/refuse", refuse), Route("/fail/{words}", fail)])
    telemetry.instrument(app)
    return app


def ask(app: Starlette, path: str) -> None:
    """Make a request without a server."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(_message: Any) -> None:  # noqa: ANN401 - ASGI's
        pass

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    with suppress(ValueError):
        asyncio.run(app(scope, receive, send))


def forked(work: Callable[[], None]) -> int:
    """Let a child do ``work`` and deliver; return its id. It ends badly unless everything arrived in time."""
    child = os.fork()
    if child:
        return child
    signal.alarm(LIMIT_SECONDS)
    work()
    os._exit(not telemetry.flush(LIMIT_SECONDS))


def has_ended_well(child: int) -> bool:
    """Wait for a child."""
    return os.waitpid(child, 0)[1] == 0


class Halt:
    """Somewhere in this process, but not in its children, where the first thread that comes by stays."""

    def __init__(self) -> None:
        self.reached, self.go_on = Event(), Event()
        self._process = os.getpid()

    def __call__(self) -> None:
        """Stay."""
        if os.getpid() == self._process and not self.go_on.is_set():
            self.reached.set()
            self.go_on.wait()


def halting(halt: Halt, original: Any) -> Any:  # noqa: ANN401 - a function, or a mapping
    """Return ``original``, but with a halt before it."""
    if callable(original):

        def halted(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
            halt()
            return original(*arguments, **keywords)

        return halted

    class Halted(type(original)):  # type: ignore[misc]
        def __setitem__(self, name: object, value: object) -> None:
            halt()
            super().__setitem__(name, value)

    return Halted(original)


def work(app: Starlette, words: str) -> None:
    """Do a bit of everything."""
    logging.getLogger("shop").warning("about to fail")
    ask(app, "/refuse")
    ask(app, f"/fail/{words}")
    durations.snapshot()
    durations.snapshot()


def fork_while(place: str, dsn: str, folder: str) -> None:
    """Fork while another thread is at ``place``; the child must deliver, and the parent afterwards."""
    begin(dsn, folder)
    app, halt, (owner, name) = application(), Halt(), PLACES[place]
    original = getattr(owner, name)
    setattr(owner, name, halting(halt, original))
    busy = Thread(target=work, args=(app, f"parent {place}"), daemon=True)
    busy.start()
    assert halt.reached.wait(LIMIT_SECONDS), place
    child = forked(partial(work, app, f"child {place}"))
    assert has_ended_well(child), place
    halt.go_on.set()
    busy.join()
    assert telemetry.flush(LIMIT_SECONDS)
    telemetry.close()
    setattr(owner, name, original)


def halted(dsn: str, folder: str) -> None:
    """Fork while a thread is wherever there is a lock."""
    for place in PLACES:
        fork_while(place, dsn, folder)


def loaded(dsn: str, folder: str) -> None:
    """Fork while threads capture, log and answer requests."""
    begin(dsn, folder)
    app, stopping = application(), Event()

    def load(number: int) -> None:
        turn = 0
        while not stopping.is_set():
            turn += 1
            logging.getLogger("shop").warning("still there")
            ask(app, "/refuse")
            if turn % 20 == number:
                ask(app, "/fail/load")

    busy = [Thread(target=load, args=(number,), daemon=True) for number in range(3)]
    for thread in busy:
        thread.start()
    for first in range(0, CHILDREN, AT_ONCE):
        numbers = range(first, first + AT_ONCE)
        children = [forked(partial(work, app, f"child {number}")) for number in numbers]
        assert [has_ended_well(child) for child in children] == [True] * AT_ONCE
    stopping.set()
    for thread in busy:
        thread.join()


def importing(dsn: str, folder: str) -> None:
    """Deliver, by name and over TLS, in a parent and a child, and print what a thread of ours imports."""

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "import" and threading.current_thread().name.startswith("telemetry"):
            print(arguments[0], flush=True)

    sys.addaudithook(listen)
    for address in (dsn.replace("127.0.0.1", "localhost"), dsn.replace("http:", "https:")):
        begin(address, folder)
        work(application(), "parent")
        telemetry.flush()
        forked(partial(work, application(), "child"))
        os.wait()


def task(dsn: str, folder: str, name: str) -> int:
    """Capture a few things, which nothing but the process's end will keep."""
    keeper.TICK_SECONDS = 60
    if current_telemetry() is None:
        begin(dsn, folder)
    for turn in range(CAPTURED):
        sentry_sdk.capture_message(f"{name} {turn}")
    return os.getpid()


def children(dsn: str, folder: str, methods: Iterable[str] = METHODS) -> None:
    """Let children of ``multiprocessing`` capture."""
    begin(dsn, folder)
    processes: list[Any] = []
    for method in methods:
        context: Any = multiprocessing.get_context(method)
        processes.append(context.Process(target=task, args=(dsn, folder, method)))
        processes[-1].start()
    for process in processes:
        process.join(LIMIT_SECONDS)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def pool(dsn: str, folder: str) -> None:
    """Let the processes of a pool capture."""
    begin(dsn, folder)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as processes:
        list(processes.map(partial(task, dsn, folder), POOL_TASKS))


def everywhere(dsn: str, folder: str) -> None:
    """Let all kinds of children capture."""
    pool(dsn, folder)
    children(dsn, folder)


WHAT: dict[str, Callable[[str, str], None]] = {
    "halted": halted,
    "loaded": loaded,
    "importing": importing,
    "children": everywhere,
    "forked child": partial(children, methods=["fork"]),
}

if __name__ == "__main__":
    WHAT[sys.argv[1]](*sys.argv[2:])
