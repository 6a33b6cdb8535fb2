"""Access tokens: who is asking, signed, for a quarter of an hour. Knows no rows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import jwt

ALGORITHM = "HS256"
LIFETIME = timedelta(minutes=15)
# What the clocks of two machines behind one address may differ by.
MAX_CLOCK_DIFFERENCE = timedelta(seconds=10)


class ForgedTokenError(Exception):
    """Nobody here made this token."""


class ExpiredTokenError(Exception):
    """The token was ours, and its time is over."""


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Makes and reads access tokens with one secret, which all workers and machines must share."""

    secret: str

    def issue(self, user_id: UUID, *, now: datetime | None = None) -> str:
        """Return a token for ``user_id`` that begins to hold at ``now``."""
        begin = now or datetime.now(UTC)
        claims = {"sub": str(user_id), "iat": begin, "exp": begin + LIFETIME}
        return jwt.encode(claims, self._key, ALGORITHM)

    def read(self, token: str) -> UUID:
        """Return whose token it is, or raise `ForgedTokenError` or `ExpiredTokenError`."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                [ALGORITHM],
                leeway=MAX_CLOCK_DIFFERENCE,
                options={"require": ["sub", "iat", "exp"]},
            )
            return UUID(claims["sub"])
        except jwt.ExpiredSignatureError:
            raise ExpiredTokenError from None
        except (jwt.InvalidTokenError, ValueError):
            # Not "from": what was sent stands in the texts of these.
            raise ForgedTokenError from None

    @property
    def _key(self) -> bytes:
        return sha256(b"access token:" + self.secret.encode()).digest()
