"""The page at `/docs`, with everything it needs from this machine: a school's network may reach no other."""

from importlib.resources import as_file, files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = "/docs/assets"
ABOUT = """\
Lessons and quizzes for schools. Sign in with `POST /auth/token` (here: *Authorize*) and send the access token with every request.

Errors are problem documents (RFC 9457): `type` says what it is and stays the same, `detail` what to do about it, `request_id` and \
`event_id` lead whoever looks after the server to it. A 503 or 429 says in `Retry-After` how many seconds to wait. Lists come in pages: send `next` as `cursor`.
"""


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
