"""A sink: one envelope in, its answer out, within a given time. Knows HTTP; doesn't know what is waiting."""

import socket
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit
from zlib import DEFLATED, compressobj

import urllib3
from sentry_sdk.utils import Dsn
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from toolboxai.telemetry.options import Options
from toolboxai.telemetry.transport.deadline import Deadline, connect, tls_sockets_keep
from toolboxai.telemetry.transport.head import WholeHead
from toolboxai.telemetry.transport.kept import Ordinary, ask
from toolboxai.telemetry.transport.resolving import Resolver
from toolboxai.telemetry.transport.route import is_loopback, proxy_for, tls_context

ATTEMPT_SECONDS = 10.0
MAX_ANSWER_BYTES = 16 * 1024
_GZIP_WINDOW = 31
_GZIP_MEMORY = 7  # one step below the default: 1 % more bytes, in half the time
_LIMITS = b"x-sentry-rate-limits"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sink said: an HTTP status, and the headers in which it asks to be left alone.

    One that isn't short costs a connection each time, and whatever was on its way.
    """

    status: int
    rate_limits: str | None = None
    retry_after: str | None = None
    is_short: bool = True


class Post(Protocol):
    """Send one envelope, or raise ``OSError`` or urllib3's ``HTTPError`` when there was no answer."""

    def __call__(self, body: bytes, /) -> Answer: ...


class Sink:
    """A DSN's envelope endpoint over a kept-alive connection.

    An attempt ends within ``attempt_seconds``, whatever is slow: names, connecting, TLS, the proxy,
    the way there or the answer.
    """

    def __init__(
        self,
        dsn: str,
        client: str,
        options: Options,
        *,
        attempt_seconds: float = ATTEMPT_SECONDS,
        resolve: Resolver | None = None,
    ) -> None:
        parsed = Dsn(dsn)
        auth = parsed.to_auth(client)
        self.is_near = is_loopback(parsed.host)
        self._options = options
        self._url = auth.get_api_url()
        self._headers = {
            "X-Sentry-Auth": auth.to_header(),
            "Content-Type": "application/x-sentry-envelope",
            "User-Agent": client,
        }
        if not self.is_near:  # on this machine packing takes both sides longer than the way does
            self._headers["Content-Encoding"] = "gzip"
        self._attempt_seconds = attempt_seconds
        self._deadline = Deadline()
        self._resolve = resolve or Resolver()
        self._pool: urllib3.PoolManager | None = None
        self._kept: HTTPConnection | None = None

    def __call__(self, body: bytes, /) -> Answer:
        """Post one envelope; raises what urllib3 raises when there is no answer."""
        self._deadline.begin(self._attempt_seconds)
        packed = body if self.is_near else _gzipped(body)
        kept, self._kept = self._kept, None
        if kept is not None and kept.is_connected:
            return self._ask_again(kept, packed)
        # Made by the thread that sends: reading all of a system's certificates takes its time. Not a
        # cached_property: in Python 3.11 all sinks share its lock, which a fork may find taken.
        self._pool = pool = self._pool or self._new_pool()
        response = pool.request(
            "POST",
            self._url,
            body=packed,
            headers=self._headers,
            retries=False,
            redirect=False,
            preload_content=False,
            timeout=urllib3.Timeout(total=self._attempt_seconds),
        )
        connection = response.connection
        answer = _answer(response)
        # A proxy that isn't only a tunnel wants another request line, and headers of its own.
        if isinstance(connection, HTTPConnection) and not connection.proxy_is_forwarding:
            self._kept = connection if answer.is_short else None
        return answer

    def _ask_again(self, kept: HTTPConnection, body: bytes) -> Answer:
        """Post over a connection that urllib3 has opened, and has in its pool for the next time we need it."""
        try:
            said, goes_on = ask(kept, self._head(len(body)) + body)
            if isinstance(said, Ordinary):
                answer = Answer(said.status, said.get(_LIMITS), said.get(b"retry-after"))
            else:
                answer = _answer(said)
            if goes_on and answer.is_short:
                self._kept = kept
        finally:
            if self._kept is None:
                kept.close()
        return answer

    def _head(self, length: int) -> bytes:
        parts = urlsplit(self._url)
        headers = self._headers | {"Host": parts.netloc, "Content-Length": str(length)}
        lines = [
            f"POST {parts.path} HTTP/1.1",
            *(f"{name}: {each}" for name, each in headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _new_pool(self) -> urllib3.PoolManager:
        settings: dict[str, Any] = {"num_pools": 1, "maxsize": 1}
        proxy = proxy_for(self._url, self._options)
        if self._url.startswith("https:") or (proxy and proxy.url.startswith("https:")):
            context = tls_sockets_keep(self._deadline, tls_context(self._options))
            settings["ssl_context"] = context
        if proxy is None:
            pool = urllib3.PoolManager(**settings)
        else:
            pool = urllib3.ProxyManager(
                proxy.url,
                proxy_headers=proxy.headers,
                proxy_ssl_context=settings.get("ssl_context"),
                **settings,
            )
        pool.pool_classes_by_scheme = _pools(self._deadline, self._resolve)
        return pool

    def close(self) -> None:
        """Close the connection."""
        if self._pool is not None:
            # Not clear(): that only lets go, and the connection ends when Python next looks.
            self._pool.connection_from_url(self._url).close()


def _pools(deadline: Deadline, resolve: Resolver) -> dict[str, Any]:
    """Return urllib3's pools, with connections that keep ``deadline``."""

    def opened(connection: HTTPConnection) -> socket.socket:
        try:
            host, port = connection.host, connection.port
            addresses = resolve(host, port, timeout_seconds=deadline.left())
            return connect(addresses, deadline)
        except socket.gaierror as error:
            raise NameResolutionError(connection.host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, str(error)) from error
        except OSError as error:
            raise NewConnectionError(connection, str(error)) from error

    ours = {"_new_conn": opened, "response_class": WholeHead}
    http = type("Http", (HTTPConnection,), ours)
    https = type("Https", (HTTPSConnection,), ours)
    return {
        "http": type("HttpPool", (HTTPConnectionPool,), {"ConnectionCls": http}),
        "https": type("HttpsPool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
    }


def _answer(response: urllib3.BaseHTTPResponse) -> Answer:
    said = response.headers
    limits, retry_after = said.get("X-Sentry-Rate-Limits"), said.get("Retry-After")
    return Answer(response.status, limits, retry_after, is_short=_finish(response))


def _finish(response: urllib3.BaseHTTPResponse) -> bool:
    """Read a short answer to its end, so that the connection can be kept; hang up on any other.

    An answer that goes on and on counts as it began; one that was cut off counts as none. Say whether
    it was short.
    """
    left_bytes = MAX_ANSWER_BYTES
    while left_bytes > 0:
        try:
            part = response.read1(left_bytes, decode_content=False)
        except urllib3.exceptions.TimeoutError:
            break
        if not part:
            response.release_conn()
            return True
        left_bytes -= len(part)
    response.close()
    return False


def _gzipped(body: bytes) -> bytes:
    packer = compressobj(1, DEFLATED, _GZIP_WINDOW, _GZIP_MEMORY)
    return packer.compress(body) + packer.flush()
