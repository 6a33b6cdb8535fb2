"""Several envelopes at once, each over a connection of its own. Knows threads; doesn't know what is waiting."""

from collections.abc import Sequence
from threading import Thread

import urllib3

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.transport.sink import Answer, Post


class Volley:
    """As many at once as there are ``posts``. Its threads live no longer than an attempt."""

    def __init__(self, posts: Sequence[Post]) -> None:
        self._posts = posts
        self.size = len(posts)

    def __call__(self, bodies: Sequence[bytes]) -> list[Answer | str]:
        """Return, for each of up to ``size`` bodies, its answer, or the name of the error that came instead."""
        answers: list[Answer | str] = ["internal error"] * len(bodies)

        def post(place: int) -> None:
            with quietly:
                answers[place] = _answer_to(bodies[place], self._posts[place])

        ours, threads = [0], list[Thread]()
        for place in range(1, len(bodies)):
            thread = Thread(target=post, args=(place,), name="telemetry-sender", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # there are no more threads to be had
                ours.append(place)
            else:
                threads.append(thread)
        for place in ours[: len(bodies)]:
            post(place)
        for thread in threads:
            thread.join()
        return answers


def _answer_to(body: bytes, post: Post) -> Answer | str:
    try:
        return post(body)
    except (OSError, urllib3.exceptions.HTTPError) as error:
        return type(error).__name__
