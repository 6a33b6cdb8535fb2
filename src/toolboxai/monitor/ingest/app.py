"""``POST /api/{project}/envelope/``, as plain ASGI: this is the route that must be fast."""

from collections.abc import Callable, Sequence
from functools import partial

from starlette.types import Receive, Scope, Send

from toolboxai.monitor.digest import Answer, Budget, Digest, Submission
from toolboxai.monitor.ingest.answers import (
    begin_refusal,
    end_refusal,
    send_accepted,
    send_method_not_allowed,
    send_preflight,
)
from toolboxai.monitor.ingest.body import BodyReader
from toolboxai.monitor.ingest.door import Door, Keys
from toolboxai.monitor.ingest.request import IngestRequest
from toolboxai.monitor.ingest.waiting import Waiting
from toolboxai.monitor.models import Project
from toolboxai.monitor.protocol import BusyError, Damage, Envelope, ItemError, ProtocolError
from toolboxai.monitor.settings import Limits
from toolboxai.monitor.store import Fate, now_ms

STRANGER = 0


class Ingest:
    """Takes envelopes for ``projects`` and hands them to the digest."""

    def __init__(
        self,
        projects: Sequence[Project],
        digest: Digest,
        limits: Limits,
        *,
        now: Callable[[], int] = now_ms,
    ) -> None:
        self._keys = Keys(projects)
        self._digest = digest
        self._limits = limits
        self._budget = Budget(max_bytes=limits.max_queue_bytes)
        self._waiting = Waiting(timeout_seconds=limits.store_timeout_seconds)
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whose path is an ingest path."""
        if scope["method"] == "OPTIONS":
            await send_preflight(send)
        elif scope["method"] != "POST":
            await send_method_not_allowed(send)
        else:
            await self._post(IngestRequest.of(scope), receive, send)

    async def _post(self, request: IngestRequest, receive: Receive, send: Send) -> None:
        reader = BodyReader(receive, self._budget, self._limits)
        try:
            event_id = await self._accept(request, reader)
        except ProtocolError as error:
            reader.give_back()
            self._count(request, error)
            retry = self._limits.retry_after_seconds
            await begin_refusal(send, error, retry_after_seconds=retry)
            await reader.discard_rest()
            await end_refusal(send)
        else:
            await send_accepted(send, event_id)
        finally:
            reader.give_back()

    async def _accept(self, request: IngestRequest, reader: BodyReader) -> str | None:
        """Return the event's id once the envelope is durable; refuse as early as possible."""
        door = Door(request, self._keys, self._limits)
        inflater = request.inflater(self._limits)
        body = await reader.read(inflater, door.look, is_known=door.is_known)
        envelope = door.envelope(body)
        answer = await self._stored(request, envelope, reader)
        if answer.error:
            raise BusyError from answer.error
        if answer.dropped and request.is_single_event:
            raise ItemError(answer.dropped)
        return answer.event_id

    async def _stored(
        self, request: IngestRequest, envelope: Envelope, reader: BodyReader
    ) -> Answer:
        submission = Submission(
            project_id=request.project_id, received_at=self._now(), envelope=envelope
        )
        submit = partial(self._digest.submit, submission, reader.taken_bytes)
        question = await self._waiting.ask(submit)
        if question.answer is None:
            # It still waits, so it still takes memory.
            question.on_late = reader.hand_over()
            raise BusyError
        return question.answer

    def _count(self, request: IngestRequest, error: ProtocolError) -> None:
        # What strangers send isn't counted under a project of ours.
        is_stranger = error.damage in (Damage.KEY, Damage.NO_KEY)
        project_id = STRANGER if is_stranger else request.project_id
        self._digest.count(project_id, Fate("envelope", "rejected", error.damage.value))
