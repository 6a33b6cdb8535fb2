"""Who may come in: checked before the body if the client says it there, else in its first line."""

from collections.abc import Mapping, Sequence

from toolboxai.monitor import auth
from toolboxai.monitor.ingest.request import IngestRequest
from toolboxai.monitor.models import Project
from toolboxai.monitor.protocol import (
    Credentials,
    Envelope,
    ForbiddenError,
    Inflater,
    Item,
    UnauthorizedError,
    agreed,
    envelope_header,
    key_before_body,
    key_in_dsn,
    parse_envelope,
    single_event,
)
from toolboxai.monitor.settings import Limits

# Compared with when there is no such project, so that this takes as long.
NO_KEY = "0" * 32


class Keys:
    """The keys of all projects."""

    def __init__(self, projects: Sequence[Project]) -> None:
        self._key_of: Mapping[int, str] = {each.id: each.public_key for each in projects}

    def check(self, project_id: int, credentials: Credentials | None) -> None:
        """Refuse a wrong key and an unknown project with the same words."""
        if credentials is None:
            raise UnauthorizedError
        expected = self._key_of.get(project_id, NO_KEY)
        is_right = auth.same(credentials.key, expected) and expected != NO_KEY
        if not is_right or credentials.project not in (None, str(project_id)):
            raise ForbiddenError


class Door:
    """Lets one request in or not."""

    def __init__(self, request: IngestRequest, keys: Keys, limits: Limits) -> None:
        self._request = request
        self._keys = keys
        self._limits = limits
        self._known = key_before_body(request.headers, request.query)
        if self._known or request.is_single_event:
            self._keys.check(request.project_id, self._known)

    @property
    def is_known(self) -> bool:
        """Whether the sender has shown a right key."""
        return self._known is not None

    def look(self, inflater: Inflater) -> bool:
        """Refuse a body whose first line has no key; say whether a right one was there by now."""
        if self._known:
            return True
        body, max_bytes = inflater.inflated, self._limits.max_header_bytes
        if len(body) > max_bytes or b"\n" in body:
            headers, _ = envelope_header(body, self._limits)
            self._known = key_in_dsn(headers.get("dsn"))
            self._keys.check(self._request.project_id, self._known)
        return self.is_known

    def envelope(self, body: bytes) -> Envelope:
        """Return the envelope in ``body``, checked once more: all keys in it must agree."""
        if self._request.is_single_event:
            return Envelope({}, (Item("event", {}, single_event(body, self._limits)),))
        envelope = parse_envelope(body, self._limits)
        credentials = agreed(self._known, key_in_dsn(envelope.headers.get("dsn")))
        self._keys.check(self._request.project_id, credentials)
        return envelope
