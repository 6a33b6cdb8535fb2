"""How often somebody did something: counted in Redis, where all workers and machines see it, else in this process.

Without Redis the server goes on: each process counts for itself until Redis is back, which is tried
every few seconds. A limit is then up to as many times as large as there are processes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from hashlib import blake2b, sha256
from importlib import import_module
from math import ceil
from time import monotonic, time
from typing import Any, TypeVar

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from toolboxai.server.config import SettingsError
from toolboxai.server.error_handling import DependencyError
from toolboxai.server.parts import Part, PartStatus

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_SECONDS = 0.5
TRY_AGAIN_SECONDS = 5
KEY_PREFIX = "toolboxai"
NOBODYS = RateLimitItemPerSecond(1, namespace="health")
# A limiter wraps what the client raises, except while it runs a script of its own.
FAILURES = (StorageError, OSError, TimeoutError)
Answer = TypeVar("Answer")
Question = Callable[[FixedWindowRateLimiter], Awaitable[Answer]]


class Counts:
    """Counts by limit and by whom. A window begins with the first that is counted in it."""

    def __init__(self, redis_url: str = "", secret: str = "") -> None:
        self._key = sha256(b"counts:" + secret.encode()).digest()
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._pool: Any = None
        self._shared: FixedWindowRateLimiter | None = None
        if redis_url:
            self._pool, self._shared = _shared_by(redis_url)
        self._ask_again_at = 0.0
        self._is_away = False

    async def hit(self, limit: RateLimitItem, whose: str) -> bool:
        """Count one more; say whether it is within the limit."""
        return await self._ask(lambda counts: counts.hit(limit, self._hidden(whose)))

    async def take_back(self, limit: RateLimitItem, whose: str) -> None:
        """Count one less: it did not happen after all."""
        await self._ask(lambda counts: counts.hit(limit, self._hidden(whose), cost=-1))

    async def has_room(self, limit: RateLimitItem, whose: str) -> bool:
        """Say whether one more would be within the limit."""
        return await self._ask(lambda counts: counts.test(limit, self._hidden(whose)))

    async def wait_seconds(self, limit: RateLimitItem, whose: str) -> int:
        """Return after how many seconds the limit begins anew."""
        found = await self._ask(lambda counts: counts.get_window_stats(limit, self._hidden(whose)))
        return max(1, ceil(found.reset_time - time()))

    async def clear(self, limit: RateLimitItem, whose: str) -> None:
        """Begin the limit anew."""
        await self._ask(lambda counts: counts.clear(limit, self._hidden(whose)))

    async def health(self) -> Part:
        """Say who counts."""
        if self._shared is None:
            says = "each process counts limits for itself; REDIS_URL is not set"
            return Part(status=PartStatus.UNUSED, says=says)
        await self.has_room(NOBODYS, "")
        if self._is_away:
            says = "away: each process counts limits for itself until it is back; see REDIS_URL"
            return Part(status=PartStatus.DEGRADED, says=says)
        return Part(status=PartStatus.OK, says="counts limits for all processes together")

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _ask(self, question: Question[Answer]) -> Answer:
        if self._shared is None or monotonic() < self._ask_again_at:
            return await question(self._own)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                answer = await question(self._shared)
        except FAILURES as error:
            self._count_alone(error)
            return await question(self._own)
        if self._is_away:
            self._is_away = False
            log.info("redis is back: limits are counted for all processes together again")
        return answer

    def _count_alone(self, error: Exception) -> None:
        self._ask_again_at = monotonic() + TRY_AGAIN_SECONDS
        if self._is_away:
            return
        self._is_away = True
        failure = DependencyError(service="redis", operation="count for a limit")
        failure.__cause__ = error
        log.error("redis is away: each process counts limits for itself", exc_info=failure)

    def _hidden(self, whose: str) -> str:
        """Return what stands for a name or an address: it is not readable in Redis."""
        return blake2b(
            whose.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16
        ).hexdigest()


def _shared_by(redis_url: str) -> tuple[Any, FixedWindowRateLimiter]:
    try:
        redis = import_module("redis.asyncio")
    except ModuleNotFoundError as error:
        message = (
            "REDIS_URL is set, but the package redis is missing (pip install 'toolboxai[redis]')"
        )
        raise SettingsError(message) from error
    pool = redis.ConnectionPool.from_url(
        redis_url,
        socket_timeout=ANSWER_TIMEOUT_SECONDS,
        socket_connect_timeout=ANSWER_TIMEOUT_SECONDS,
    )
    options: dict[str, Any] = {"connection_pool": pool, "wrap_exceptions": True}
    storage = RedisStorage(redis_url, implementation="redispy", key_prefix=KEY_PREFIX, **options)
    return pool, FixedWindowRateLimiter(storage)
