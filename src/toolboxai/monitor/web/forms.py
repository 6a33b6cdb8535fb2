"""Forms as browsers send them, read within bounds and only from our own pages."""

from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from toolboxai.monitor.web.errors import ForeignFormError, FormTooLargeError, PageError

MAX_FORM_BYTES = 8_192
MAX_FIELDS = 20
LANDING = "/issues/"
PAGES = (LANDING, "/outcomes/", "/performance/", "/traces/")


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form that one of our own pages sent."""
    refuse_foreign(request)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise FormTooLargeError(MAX_FORM_BYTES)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        msg = "The form could not be read. Open the page again and repeat."
        raise PageError(msg) from error
    return {name: values[-1] for name, values in fields.items()}


def refuse_foreign(request: Request) -> None:
    """Refuse what another site's page sent; clients that are no browsers name no origin."""
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    # The scheme isn't compared: behind a proxy that ends TLS we see http where the browser saw https.
    if origin is not None and _netloc(origin) != host:
        raise ForeignFormError(origin, host)


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def number_in(text: str) -> int | None:
    """Return the number that is written there, if it is one of a size that ids have."""
    # 15 digits fit into every database's integers.
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else None


def safe_destination(asked: str) -> str:
    """Return ``asked`` if it is one of our pages, else the list: never another site."""
    harmless = asked.isascii() and asked.isprintable() and "\\" not in asked and len(asked) <= 2_000
    return asked if harmless and asked.startswith(PAGES) else LANDING
