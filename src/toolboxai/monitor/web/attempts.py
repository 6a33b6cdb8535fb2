"""How often an address may guess the password. Bounded memory; forgets when nobody guesses."""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

FREE_ATTEMPTS = 5
FIRST_WAIT_SECONDS = 30
MAX_WAIT_SECONDS = 900
MAX_ADDRESSES = 10_000


@dataclass(slots=True)
class _Guesses:
    count: int = 0
    blocked_until: float = 0.0
    last: float = 0.0


class Attempts:
    """Counts guesses before they are checked, so many at once gain nothing."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()

    def begin(self, address: str) -> int:
        """Count one guess and return 0, or return how many seconds ``address`` has to wait first."""
        now = self._clock()
        guesses = self._recent(_network(address), now)
        if now < guesses.blocked_until:
            return int(guesses.blocked_until - now) + 1
        guesses.count += 1
        guesses.last = now
        if (beyond := guesses.count - FREE_ATTEMPTS) >= 0:
            guesses.blocked_until = now + min(FIRST_WAIT_SECONDS * 2**beyond, MAX_WAIT_SECONDS)
        return 0

    def succeeded(self, address: str) -> None:
        """Forget the guesses of ``address``: one was right."""
        self._guesses.pop(_network(address), None)

    def _recent(self, network: str, now: float) -> _Guesses:
        guesses = self._guesses.get(network)
        # Twice the longest wait: whoever guesses again right after a wait isn't forgotten.
        if guesses is None or now - guesses.last > 2 * MAX_WAIT_SECONDS:
            guesses = self._guesses[network] = _Guesses()
        self._guesses.move_to_end(network)
        if len(self._guesses) > MAX_ADDRESSES:
            self._guesses.popitem(last=False)
        return guesses


def _network(address: str) -> str:
    """Return what one guesser controls: an IPv4 address, or a whole IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))
