"""A route that does everything wrong with what it knows of somebody. Only the audit's own server has it."""

import logging
from typing import NoReturn

import sentry_sdk
from fastapi import APIRouter, Request
from sentry_sdk import logger, metrics
from sentry_sdk.crons import capture_checkin
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from toolboxai import telemetry
from toolboxai.server.audit import places
from toolboxai.server.audit.canaries import KINDS, Canaries, Kind

CARELESS = "/careless/{said}"

log = logging.getLogger(__name__)


class CarelessError(RuntimeError):
    """Raised on request, with a text that should never have been written."""


class Careless:
    """A program that tells everybody everything, of one kind of canary."""

    def __init__(self, canaries: Canaries, kind: Kind) -> None:
        self._canaries = canaries
        self._kind = kind

    def text(self, place: str) -> str:
        """Return a sentence that gives the canary of a place away."""
        return f"{places.tag_of(place)}: {self._canaries.planted(place, self._kind).sentence}"

    def fact(self, place: str) -> dict[str, str]:
        """Return the canary of a place under the name that programs give it."""
        return {f"{places.tag_of(place)}_{self._kind.field}": self._value(place)}

    def _value(self, place: str) -> str:
        return self._canaries.planted(place, self._kind).value

    def tell(self) -> None:
        """Tell it in all ways that lead to a report, but for raising an error."""
        sentry_sdk.set_user(
            {
                "id": self._value(places.USER_ID),
                "username": self._value(places.USER_FACTS),
                "email": self._value(places.USER_FACTS),
                "ip_address": self._value(places.USER_FACTS),
                "data": self.fact(places.USER_FACTS),
                "role": "student",
            }
        )
        sentry_sdk.set_tag(places.tag_of(places.TAG), self.text(places.TAG))
        sentry_sdk.set_context("careless", self._both(places.CONTEXT))
        sentry_sdk.set_extra(places.tag_of(places.EXTRA), self._both(places.EXTRA))
        sentry_sdk.add_breadcrumb(
            message=self.text(places.BREADCRUMB), data=self.fact(places.BREADCRUMB)
        )
        telemetry.breadcrumb("content", self.text(places.BREADCRUMB))
        with sentry_sdk.start_span(op="careless", name=self.text(places.SPAN)) as span:
            for name, value in self.fact(places.SPAN).items():
                span.set_data(name, value)
        self._log()
        sentry_sdk.capture_message(self.text(places.MESSAGE))
        self._items()

    def _both(self, place: str) -> dict[str, str]:
        return self.fact(place) | {"note": self.text(place)}

    def _log(self) -> None:
        log.warning(self.text(places.LOG_LINE))
        log.warning("it was %s", self.text(places.LOG_ARGUMENT))
        log.warning("see there", extra=self.fact(places.LOG_ATTRIBUTE))
        log.error(self.text(places.LOGGED_ERROR))
        logger.warning(self.text(places.SDK_LOG), attributes=self.fact(places.SDK_LOG))
        metrics.count("careless", 1, attributes=self._both(places.METRIC))
        capture_checkin(monitor_slug="careless", status="ok")

    def _items(self) -> None:
        """Send an item of every type, past all that is careful on the way to the transport."""
        sentry_sdk.add_attachment(
            bytes=self.text(places.ATTACHMENT).encode(), filename="careless.txt"
        )
        transport = sentry_sdk.get_client().transport
        for place, item_type in zip(places.BY_ITEM, places.ITEM_TYPES, strict=True):
            payload = {
                "event_id": f"{places.PLACES.index(place):032x}",
                "message": self.text(place),
                "extra": self._both(place),
                "items": [{"body": self.text(place), "attributes": self.fact(place)}],
                "deep": [[{"json": f'{{"{self._kind.field}": "{self._value(place)}"}}'}]],
            }
            item = Item(payload=PayloadRef(json=payload), type=item_type)
            if transport is not None:
                transport.capture_envelope(Envelope(items=[item]))

    def fail(self) -> NoReturn:
        """Raise an error that quotes, was caused by and holds what it should not."""
        note, held = self.text(places.VARIABLE), self.fact(places.VARIABLE)
        # A class for each kind: more than a few of one error are only counted.
        kind = type(f"Careless{KINDS.index(self._kind)}Error", (CarelessError,), {})
        error = kind(self.text(places.EXCEPTION))
        error.add_note(f"{self.text(places.NOTE)} ({len(note)}, {len(held)})")
        raise error from ValueError(self.text(places.CAUSE))

    async def fail_later(self) -> None:
        """Fail behind the answer."""
        text = self.text(places.JOB)
        raise type(f"Later{KINDS.index(self._kind)}Error", (CarelessError,), {})(text)


def careless_router(canaries: Canaries) -> APIRouter:
    """Return the routes; ``number`` says which kind of canary is told."""
    router = APIRouter()

    @router.api_route(CARELESS, methods=["GET", "POST"])
    async def careless(request: Request, said: str, number: int) -> None:
        form, headers = await request.body(), dict(request.headers)
        program = Careless(canaries, KINDS[number])
        program.tell()
        _ = telemetry.background(program.fail_later(), name=program.text(places.JOB))
        if said or form or headers:  # all of them are in this frame when it fails
            program.fail()

    return router
