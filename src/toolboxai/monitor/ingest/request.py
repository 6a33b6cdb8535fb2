"""What the first line and the headers of a request say, before its body is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Scope

from toolboxai.monitor.protocol import Inflater, Part, TooLargeError, check_encoding
from toolboxai.monitor.settings import Limits

# 18 digits fit into SQLite's integers.
PATH = re.compile(r"/api/(\d{1,18})/(envelope|store)/?", re.ASCII)
MAX_QUERY_FIELDS = 50


def is_ingest_path(path: str) -> bool:
    """Say whether a request is for the ingest."""
    return PATH.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """A request to store something."""

    project_id: int
    is_single_event: bool
    headers: Mapping[str, str]
    query: Mapping[str, str]

    @classmethod
    def of(cls, scope: Scope) -> "IngestRequest":
        """Return what ``scope`` says; its path is an ingest path."""
        _, _, project_id, endpoint, *_ = scope["path"].split("/")
        return cls(
            project_id=int(project_id),
            is_single_event=endpoint == "store",
            headers={
                name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
            },
            query=_query(scope["query_string"]),
        )

    def inflater(self, limits: Limits) -> Inflater:
        """Return what takes the body; refuse an encoding or a length that can't be taken."""
        encoding = check_encoding(self.headers.get("content-encoding", ""))
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limits.max_compressed_bytes:
            raise TooLargeError(Part.BODY, limits.max_compressed_bytes)
        return Inflater(encoding, limits)


def _query(text: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(text.decode("latin-1"), max_num_fields=MAX_QUERY_FIELDS))
    except ValueError:
        # Far more fields than any client sends: as good as none.
        return {}
