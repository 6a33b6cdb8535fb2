"""The page at `/docs`, with everything it needs from this machine: a school's network may reach no other."""

from importlib.resources import as_file, files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from toolboxai.server.hosts import (
    FOREIGN_ORIGIN,
    NO_HOST,
    OPEN_PATHS,
    SAFE_METHODS,
    UNKNOWN_HOST,
)
from toolboxai.server.inflating import UNKNOWN_ENCODING
from toolboxai.server.limits import MAX_BODY_BYTES
from toolboxai.server.problems import documented

ASSETS = "/docs/assets"
ABOUT = """\
Lessons and quizzes for schools. Sign in with `POST /auth/token` (here: *Authorize*) and send the access token with every request.

Errors are problem documents (RFC 9457): `type` says what it is and stays the same, `detail` what to do about it, `request_id` and \
`event_id` lead whoever looks after the server to it. A 503 or 429 says in `Retry-After` how many seconds to wait. Lists come in pages: send `next` as `cursor`.
"""

# What the layers around all endpoints answer. An endpoint's own entry for the same status comes first.
_GUARDS = {
    "400": documented(
        400, NO_HOST, kind="no-host", description="No Host header, or a body that is no whole gzip"
    ),
    "403": documented(403, FOREIGN_ORIGIN, kind="foreign-origin"),
    "413": documented(413, f"The body may have {MAX_BODY_BYTES:,} bytes at most."),
    "415": documented(415, UNKNOWN_ENCODING),
    "421": documented(421, UNKNOWN_HOST, kind="unknown-host"),
}


class DocumentedApp(FastAPI):
    """An application whose OpenAPI document also says what the layers around its endpoints answer."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            document.setdefault("components", {})["responses"] = _GUARDS
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _add_guards(operation, path, method)
        return super().openapi()


def _add_guards(operation: dict[str, Any], path: str, method: str) -> None:
    statuses = [] if path in OPEN_PATHS else ["400", "421"]
    statuses += [] if method.upper() in SAFE_METHODS else ["403"]
    statuses += ["413", "415"] if "requestBody" in operation else []
    for status in statuses:
        operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{status}"})


def add_documentation(app: FastAPI) -> None:
    """Serve Swagger UI for ``app``, made with ``docs_url=None``, from the files that fastapi-offline carries."""
    with as_file(files("fastapi_offline") / "static") as folder:
        app.mount(ASSETS, StaticFiles(directory=folder))
    page = get_swagger_ui_html(
        openapi_url=app.openapi_url or "",
        title=f"{app.title} API",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon.png",
    )

    @app.get("/docs", include_in_schema=False)
    async def documentation() -> HTMLResponse:
        return page
