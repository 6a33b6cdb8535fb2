"""What `toolboxai demo` does: sends planned traffic at an even pace and counts what came back."""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import urllib3
from rich.console import Console
from rich.progress import Progress

from toolboxai.cli.demo_school import made_here
from toolboxai.cli.errors import CommandError
from toolboxai.cli.traffic import Call, Kind, Objective, Who, plan

TIMEOUT_SECONDS = 30.0
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
PLAIN_LINES = 10


class Server:
    """A ToolboxAI server somewhere."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = f"--url {url!r} is no address; try http://127.0.0.1:8008"
            raise CommandError(message)
        self.url = url.rstrip("/")
        self.is_local = parts.hostname in LOOPBACK
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT_SECONDS)

    def objectives(self) -> list[Objective]:
        """Return what it makes lessons about."""
        try:
            found = self._http.request("GET", f"{self.url}/objectives").json()
            return [
                Objective(code=one["code"], grades=tuple(one["grades"]), subject=one["subject"])
                for one in found
            ]
        except urllib3.exceptions.HTTPError as error:
            message = f"no server answers at {self.url}; start one with: toolboxai up"
            raise CommandError(message, exit_code=1) from error
        except (ValueError, TypeError, KeyError) as error:
            message = f"what answers at {self.url} is no ToolboxAI server; correct --url"
            raise CommandError(message, exit_code=1) from error

    def send(self, call: Call, memory: dict[str, str]) -> int:
        """Return the status that ``call`` ends in; 0 when nothing came back. What it keeps is put into ``memory``."""
        known = defaultdict(str, memory)
        url, body = f"{self.url}{call.path.format_map(known)}", _filled(call.body, known)
        # uvicorn hangs up after an error, and a request on its way there would be lost.
        headers = {"Connection": "close"}
        if call.who is not Who.NOBODY:
            headers["Authorization"] = f"Bearer {known[f'{call.who}_token']}"
        sent: dict[str, Any] = {"fields": body, "encode_multipart": False} if call.is_form else {}
        if body and not call.is_form:
            sent = {"json": body}
        try:
            answer = self._http.request(call.method, url, headers=headers, **sent)
            given = answer.json() if call.keeps and answer.status < 300 else {}
        except (urllib3.exceptions.HTTPError, ValueError):
            return 0
        memory |= {
            name: str(given[member]) for name, member in call.keeps.items() if member in given
        }
        return answer.status


def _filled(value: object, known: Mapping[str, str]) -> object:
    """Return what a call sends, with what earlier answers gave in its place."""
    if isinstance(value, str):
        return value.format_map(known)
    if isinstance(value, Mapping):
        return {name: _filled(member, known) for name, member in value.items()}
    return [_filled(member, known) for member in value] if isinstance(value, list) else value


def run_demo(
    url: str, *, requests: int, seconds: float, seed: int, people: Mapping[str, str] | None = None
) -> int:
    """Send the traffic, show how far it is, sum it up; 0 when every answer was as it should be.

    ``people`` are names and passwords of a teacher and a pupil; without them a school is made in the database of
    this machine's server.
    """
    server = Server(url)
    calls = list(plan(server.objectives(), requests, seed))
    if people is None and not server.is_local:
        message = "a server elsewhere has no demo school; run the command on its machine"
        raise CommandError(message)
    memory = dict(made_here() if people is None else people)
    console = Console()
    outcomes: Counter[tuple[Kind, int]] = Counter()
    unexpected: Counter[str] = Counter()
    started = time.monotonic()
    for call in with_progress(paced(calls, seconds), requests, console):
        status = server.send(call, memory)
        outcomes[call.kind, status] += 1
        if not call.is_expected(status):
            unexpected[f"{call.method} {call.path} → {status or 'no answer'}"] += 1
    took_seconds = time.monotonic() - started
    for line in summary(outcomes, unexpected, took_seconds):
        console.print(line, markup=False, highlight=False)
    console.print(where_to_look(server), markup=False, highlight=False)
    return 1 if unexpected else 0


def paced(
    calls: Sequence[Call],
    seconds: float,
    *,
    now: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Call]:
    """Yield ``calls`` spread over ``seconds``; a slow server makes it take longer, never shorter."""
    started = now()
    for number, call in enumerate(calls):
        due = started + seconds * number / len(calls)
        wait(max(0.0, due - now()))
        yield call


def with_progress(calls: Iterator[Call], total: int, console: Console) -> Iterator[Call]:
    """Yield ``calls`` and show how many are done: a bar on a terminal, else a line now and then."""
    if console.is_terminal:
        with Progress(console=console) as progress:
            yield from progress.track(calls, total=total, description="requests")
        return
    step = max(1, total // PLAIN_LINES)
    for number, call in enumerate(calls, start=1):
        yield call
        if number % step == 0 or number == total:
            sys.stdout.write(f"{number} of {total} requests\n")
            sys.stdout.flush()


def summary(
    outcomes: Counter[tuple[Kind, int]], unexpected: Counter[str], seconds: float
) -> Iterator[str]:
    """Yield what was asked for, how it ended, and what should not have ended so."""
    yield f"{outcomes.total()} requests in {seconds:.1f} s"
    for (kind, status), number in sorted(outcomes.items()):
        yield f"{number:6} {kind} ({status or 'no answer'})"
    for what, number in unexpected.most_common(5):
        yield f"  unexpected, {number} times: {what}"


def where_to_look(server: Server) -> str:
    """Say where the errors can be seen."""
    if server.is_local:
        return (
            "the errors are in the monitor, whose address is what toolboxai up said last; "
            "with SENTRY_DSN set, in the project that it names"
        )
    return "the errors are in the project that the server's SENTRY_DSN names"
