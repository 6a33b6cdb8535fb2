"""Requests that wait for the writer's answer. Many answers reach the loop with one wake-up."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial

from toolboxai.monitor.digest import Answer


class Question:
    """What one request asks the writer; ``answer`` is None until it comes.

    ``on_late`` is called, in the loop, when it comes after nobody waits for it any more.
    """

    __slots__ = ("answer", "future", "on_late")

    def __init__(self, future: asyncio.Future[None]) -> None:
        self.future = future
        self.answer: Answer | None = None
        self.on_late: Callable[[], None] | None = None


class Waiting:
    """All questions that are asked in one loop."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._answered: deque[tuple[Question, Answer]] = deque()
        self._is_woken = False

    async def ask(self, submit: Callable[[Callable[[Answer], None]], None]) -> Question:
        """Wait for whatever ``submit`` is answered, from any thread, but not for ever."""
        loop = asyncio.get_running_loop()
        question = Question(loop.create_future())
        timer = loop.call_later(self._timeout_seconds, _end, question.future)
        submit(partial(self._resolve, question))
        try:
            await question.future
        finally:
            timer.cancel()
        return question

    def _resolve(self, question: Question, answer: Answer) -> None:
        self._answered.append((question, answer))
        # Waking the loop costs more than an answer: a batch of them does it once.
        if not self._is_woken:
            self._is_woken = True
            try:
                question.future.get_loop().call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the whole program may be gone by now
                self._is_woken = False

    def _deliver(self) -> None:
        # First, so that what is added from now on wakes the loop again.
        self._is_woken = False
        while self._answered:
            question, answer = self._answered.popleft()
            question.answer = answer
            if question.future.done():
                if question.on_late:
                    question.on_late()
            else:
                question.future.set_result(None)


def _end(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
