"""Answers of a service outside, read up to a bound: what never ends would fill our memory."""

from collections.abc import AsyncIterator

import httpx2

MAX_ANSWER_BYTES = 1024 * 1024


class AnswerTooLongError(ValueError):
    """The service says more than anybody asked for, or packs it so that nobody knows how much."""


async def bound_answer(response: httpx2.Response) -> None:
    """Let ``response`` be read up to `MAX_ANSWER_BYTES`; a hook for what has come in but isn't read."""
    if response.headers.get("content-encoding", "identity") != "identity":
        msg = "the answer is compressed, though none was asked for"
        raise AnswerTooLongError(msg)
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_ANSWER_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                msg = f"the answer is longer than {MAX_ANSWER_BYTES} bytes"
                raise AnswerTooLongError(msg)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
