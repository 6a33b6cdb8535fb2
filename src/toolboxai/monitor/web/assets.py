"""Stylesheet and icon, at addresses that change with their content and so can be kept for ever."""

import hashlib
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from toolboxai.monitor.web.errors import PageNotFoundError

_MEDIA_TYPES = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """The static files of the package, read once."""

    def __init__(self) -> None:
        static = files("toolboxai.monitor.web") / "static"
        self._files = {name: (static / name).read_bytes() for name in _MEDIA_TYPES}
        self._names = {_stamped(name, body): name for name, body in self._files.items()}
        self._paths = {name: f"/assets/{stamped}" for stamped, name in self._names.items()}

    def path(self, name: str) -> str:
        """Return the address of the file ``name`` as it is now."""
        return self._paths[name]

    async def serve(self, request: Request) -> Response:
        """Answer with a file whose content is the one asked for."""
        name = self._names.get(request.path_params["name"])
        if name is None:
            msg = "This file belongs to another version of the monitor. Load the page again."
            raise PageNotFoundError(msg)
        headers = {"cache-control": _FOREVER}
        return Response(self._files[name], media_type=_MEDIA_TYPES[name], headers=headers)


def _stamped(name: str, body: bytes) -> str:
    stem, _, suffix = name.partition(".")
    return f"{stem}.{hashlib.sha256(body).hexdigest()[:16]}.{suffix}"
