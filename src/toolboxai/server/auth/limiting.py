"""What may be tried how often: sign-ins by name and by address, and whatever else is costly, by user."""

from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItem, RateLimitItemPerMinute

from toolboxai.server.auth.counting import Counts
from toolboxai.server.auth.dependencies import SignedInDep
from toolboxai.server.auth.errors import TooManyFailuresError, TooManyRequestsError

FAILURES_BY_NAME = RateLimitItemPerMinute(5, 15, namespace="failures by name")
LOCK = RateLimitItemPerMinute(1, 15, namespace="lock")
FAILURES_BY_ADDRESS = RateLimitItemPerMinute(20, namespace="failures by address")
REQUESTS_PER_MINUTE = 300
# Whoever has one IPv6 address has the 2^64 beside it, too.
IPV6_NETWORK_BITS = 64


async def counts_of(request: Request) -> Counts:
    """Return what the application counts with."""
    counts: Counts = request.app.state.counts
    return counts


def address_of(request: Request) -> str:
    """Return where the request comes from, as uvicorn says (behind a proxy: see --forwarded-allow-ips)."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(int(address) >> (128 - IPV6_NETWORK_BITS))
    return str(getattr(address, "ipv4_mapped", None) or address)


CountsDep = Annotated[Counts, Depends(counts_of)]
AddressDep = Annotated[str, Depends(address_of)]


def limited(
    name: str, *, per_minute: int = REQUESTS_PER_MINUTE
) -> Callable[[SignedInDep, CountsDep], Awaitable[None]]:
    """Return a dependency that lets each user do something so often: ``Depends(limited("generations"))``."""
    limit = RateLimitItemPerMinute(per_minute, namespace=name)

    async def within_limit(who: SignedInDep, counts: CountsDep) -> None:
        whose = str(who.user_id)
        if not await counts.hit(limit, whose):
            raise TooManyRequestsError(await counts.wait_seconds(limit, whose))

    return within_limit


async def allow_sign_in(counts: Counts, username: str, address: str) -> None:
    """Let a sign-in be tried, or raise `TooManyFailuresError`.

    It counts as a failure until `forgive`: of a hundred guesses at once five are checked, not all.
    """
    await _need_room(counts, LOCK, username)
    await _need_room(counts, FAILURES_BY_ADDRESS, address)
    if not await counts.hit(FAILURES_BY_NAME, username):
        raise TooManyFailuresError(await counts.wait_seconds(FAILURES_BY_NAME, username))


async def _need_room(counts: Counts, limit: RateLimitItem, whose: str) -> None:
    if not await counts.has_room(limit, whose):
        raise TooManyFailuresError(await counts.wait_seconds(limit, whose))


async def note_failure(counts: Counts, username: str, address: str) -> bool:
    """Count a failed sign-in; say whether it was the one that locked the name."""
    await counts.hit(FAILURES_BY_ADDRESS, address)
    if await counts.has_room(FAILURES_BY_NAME, username):
        return False
    return await counts.hit(LOCK, username)


async def take_back(counts: Counts, username: str) -> None:
    """Forget one sign-in that could not be tried."""
    await counts.take_back(FAILURES_BY_NAME, username)


async def forgive(counts: Counts, username: str) -> None:
    """Forget the failures of somebody who has signed in."""
    await counts.clear(FAILURES_BY_NAME, username)
