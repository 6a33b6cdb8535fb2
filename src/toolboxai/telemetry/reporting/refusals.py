"""What requests were refused for, without what was sent: route, field and kind."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from toolboxai.telemetry.current import Request
from toolboxai.telemetry.facts import transaction_name

MAX_FIELDS = 20
MAX_COUNTED_KINDS = 500
_FIELD = re.compile(r"[A-Za-z_]\w{0,40}")
_KIND = re.compile(r"[a-z][a-z_]{0,40}")
_SURPLUS = "other"
# Their last name is one that the caller made up.
_MADE_UP = frozenset({"extra_forbidden", "unexpected_keyword_argument"})


class Refusals:
    """Names for what was refused; of more than ``MAX_COUNTED_KINDS`` the surplus shares one."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def of(self, request: Request) -> Iterator[str]:
        """Yield one name for each reason: ``POST /lessons body.grade missing``, ``GET /me credentials 401``."""
        where = f"{request.scope.get('method', '')} {transaction_name(request)}".strip()
        for reason in _reasons(request):
            yield self._bounded(f"{where} {reason}")

    def _bounded(self, name: str) -> str:
        if name not in self._known:
            if len(self._known) >= MAX_COUNTED_KINDS:
                return _SURPLUS
            self._known.add(name)
        return name


def _reasons(request: Request) -> Iterator[str]:
    if request.status in {401, 403}:
        yield f"credentials {request.status}"
        return
    errors = getattr(request.invalid, "errors", None)
    for error in islice(errors(), MAX_FIELDS) if callable(errors) else ():
        kind = str(error.get("type", ""))
        yield f"{_field(error, kind)} {kind if _KIND.fullmatch(kind) else _SURPLUS}"


def _field(error: Mapping[str, Any], kind: str) -> str:
    """Return where it was wrong: no deeper than a field of the model, since below a caller may choose names."""
    place = list(error.get("loc") or ())
    if kind in _MADE_UP and place:
        place[-1] = "*"
    names = [str(part) if _FIELD.fullmatch(str(part)) else "*" for part in place[:2]]
    return ".".join([*names, "*"] if len(place) > 2 else names) or _SURPLUS
