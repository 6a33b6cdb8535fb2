"""How a sink is reached: straight or by a proxy, with which certificates."""

import logging
import os
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3.util import make_headers
from urllib3.util.ssl_ import create_urllib3_context

from toolboxai.telemetry.options import Options

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address, and what it wants to see."""

    url: str
    headers: dict[str, str]


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def proxy_for(url: str, options: Options) -> Proxy | None:
    """Return the proxy to reach ``url`` by: the options', else the environment's.

    An empty option means none. The environment's is not for this machine itself: the embedded monitor
    has to be found whatever a company's machines are told.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    given = {"https": options.https_proxy, "http": options.http_proxy}
    surroundings = {} if is_loopback(host) or proxy_bypass(host) else getproxies()
    for scheme in ("https", "http") if parts.scheme == "https" else ("http",):
        if given[scheme] == "":
            continue
        if found := given[scheme] or surroundings.get(scheme):
            return _proxy(found)
    return None


def _proxy(address: str) -> Proxy | None:
    """Return the proxy at ``address``, whose user and password go into a header."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in {"http", "https"}:
        log.warning("a %s proxy is not supported; reports are sent without it", parts.scheme)
        return None
    user, at, place = parts.netloc.rpartition("@")
    headers = make_headers(proxy_basic_auth=unquote(user)) if at else {}
    return Proxy(f"{parts.scheme}://{place}", headers)


def tls_context(options: Options) -> ssl.SSLContext:
    """Return what to trust and who we are. Raises ``OSError`` for a file that isn't what it should be."""
    context = create_urllib3_context()
    given = os.environ.get
    authorities = options.ca_certs or given("SSL_CERT_FILE") or given("REQUESTS_CA_BUNDLE")
    if not authorities:
        context.load_default_certs()
    elif Path(authorities).is_dir():
        context.load_verify_locations(capath=authorities)
    else:
        context.load_verify_locations(cafile=authorities)
    if certificate := options.cert_file or given("CLIENT_CERT_FILE"):
        # Without an answer to give, OpenSSL would ask for the key's password at the terminal.
        key = options.key_file or given("CLIENT_KEY_FILE")
        context.load_cert_chain(certificate, key, password=lambda: "")
    return context
