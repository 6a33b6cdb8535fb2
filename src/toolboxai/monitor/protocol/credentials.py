"""Which key a client sent, in any of the four places that Sentry's protocol knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from toolboxai.monitor.protocol.errors import ForbiddenError


@dataclass(frozen=True, slots=True)
class Credentials:
    """The public key of a DSN and, where the client named it, its project."""

    key: str
    project: str | None = None


def key_in_header(value: str) -> str | None:
    """Return the key in ``X-Sentry-Auth: Sentry sentry_key=…, sentry_version=7``."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "sentry":
        return None
    pairs = (pair.strip().partition("=") for pair in rest.split(","))
    return next((key.strip() for name, _, key in pairs if name == "sentry_key"), None)


def key_in_dsn(dsn: object) -> Credentials | None:
    """Return key and project of a DSN."""
    if not isinstance(dsn, str):
        return None
    try:
        parts = urlsplit(dsn)
    except ValueError:
        return None
    if not parts.username:
        return None
    return Credentials(parts.username, parts.path.rpartition("/")[2])


def agreed(*given: Credentials | None) -> Credentials | None:
    """Return what was sent, however often; contradictions are refused, nothing is None."""
    sent = [credentials for credentials in given if credentials]
    if len({credentials.key for credentials in sent}) > 1:
        raise ForbiddenError
    if len({credentials.project for credentials in sent} - {None}) > 1:
        raise ForbiddenError
    return next((each for each in sent if each.project), sent[0]) if sent else None


def key_before_body(headers: Mapping[str, str], query: Mapping[str, str]) -> Credentials | None:
    """Return what can be known without reading the body."""
    keys = (
        key_in_header(headers.get("x-sentry-auth", "")),
        key_in_header(headers.get("authorization", "")),  # of another scheme it is none of ours
        query.get("sentry_key"),
    )
    return agreed(*(Credentials(key) for key in keys if key))
