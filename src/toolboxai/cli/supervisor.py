"""Carries out on real processes what ``supervision`` decides, and says what happens."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from toolboxai.cli.supervision import Act, Child, Facts, Patience, Phase, advance

TICK_SECONDS = 0.05


class Supervised(Protocol):
    """A process that can be started again and again."""

    @property
    def name(self) -> str: ...
    @property
    def exit_code(self) -> int | None: ...
    def start(self) -> None: ...
    def is_alive(self) -> bool: ...
    def is_healthy(self) -> bool: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def ended_well(self) -> bool: ...


class Supervisor:
    """Keeps processes running, in the order given; stops them in the opposite order.

    Each starts once those before it have been up, and is stopped once those after it are gone.
    """

    def __init__(
        self,
        processes: Sequence[Supervised],
        *,
        say: Callable[[str], None],
        when_up: Callable[[], None],
        patience: Patience | None = None,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._processes = processes
        self._children = [Child() for _ in processes]
        self._say = say
        self._when_up = when_up
        self._patience = patience or Patience()
        self._now = now
        self._wait = wait
        self._is_announced = False
        self._has_failed = False
        self._stops_asked = 0
        self._stops_done = 0

    def stop(self) -> None:
        """Begin to stop; asked a second time, kill. Safe in a signal handler: it only counts."""
        self._stops_asked += 1

    def run(self) -> bool:
        """Keep the processes running until stopped; say whether all ended well."""
        while any(child.phase is not Phase.GONE for child in self._children):
            self._hurry()
            # A tick after the last one came up, when what it printed until then has been heard.
            self._announce()
            for position in range(len(self._processes)):
                self._tend(position)
            self._wait(TICK_SECONDS)
        return not self._has_failed

    def _tend(self, position: int) -> None:
        process, before = self._processes[position], self._children[position]
        is_alive = process.is_alive()
        facts = Facts(
            is_alive=is_alive,
            is_healthy=is_alive and before.phase is Phase.STARTING and process.is_healthy(),
            is_wanted=self._is_wanted(position),
            may_start=all(child.was_up for child in self._children[:position]),
        )
        after, act = advance(before, facts, self._patience, self._now())
        self._children[position] = after
        self._report(process, before, after)
        self._has_failed |= after.phase is Phase.KILLED
        self._do(process, act)

    def _is_wanted(self, position: int) -> bool:
        later = self._children[position + 1 :]
        return not self._stops_asked or any(child.phase is not Phase.GONE for child in later)

    def _do(self, process: Supervised, act: Act) -> None:
        match act:
            case Act.START:
                process.start()
            case Act.TERMINATE:
                process.terminate()
            case Act.KILL:
                self._say(f"{process.name} does not react; killing it")
                process.kill()
            case Act.NOTHING:
                pass

    def _report(self, process: Supervised, before: Child, after: Child) -> None:
        if before.is_running and after.phase is Phase.WAITING:
            self._report_death(process, after)
        elif after.phase is Phase.STOPPING and before.is_running:
            self._say(f"stopping {process.name}")
        elif before.phase is Phase.STOPPING and after.phase is Phase.GONE:
            self._has_failed |= not process.ended_well()
        elif before.phase is Phase.STARTING and after.phase is Phase.UP and self._is_announced:
            self._say(f"{process.name} is up again")

    def _report_death(self, process: Supervised, child: Child) -> None:
        ended = f"{process.name} ended with exit code {process.exit_code}"
        if child.has_failed:
            self._has_failed = True
            self._say(f"{ended} before it answered; see its last lines above. Stopping the rest")
            self.stop()
            return
        seconds = self._patience.pause_seconds(child.deaths)
        self._say(f"{ended}; starting it again in {seconds:g} s")

    def _announce(self) -> None:
        if self._is_announced or self._stops_asked:
            return
        if all(child.phase is Phase.UP for child in self._children):
            self._is_announced = True
            self._when_up()

    def _hurry(self) -> None:
        if self._stops_asked > max(self._stops_done, 1):
            for process in self._processes:
                process.kill()
        self._stops_done = self._stops_asked
