"""Passwords: what is kept of one, and whether one is right. Knows no accounts.

argon2id with 32 MiB and three passes is above OWASP's minimum (19 MiB, two passes), and costs about
53 ms of one core (2026-11). It runs in threads, one core fewer than there are, so that a whole
school that signs in at eight o'clock leaves one to everybody else.
"""

import asyncio
import os
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_bytes
from typing import TypeVar, TypeVarTuple

from anyio import to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from toolboxai.server.error_handling import DependencyError
from toolboxai.server.models import Role

SERVICE = "password hashing"
MAX_WAIT_SECONDS = 10
MAX_PASSWORD_CHARS = 256
SALT_BYTES = 16
HASH_BYTES = 32
Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one password costs to check, and to guess."""

    memory_kib: int = 32 * 1024
    passes: int = 3
    lanes: int = 1


class Passwords:
    """Makes and checks hashes, a few at a time."""

    def __init__(self, cost: Cost | None = None, *, at_once: int | None = None) -> None:
        chosen = cost or Cost()
        hasher = Argon2Hasher(
            chosen.passes, chosen.memory_kib, chosen.lanes, hash_len=HASH_BYTES, salt_len=SALT_BYTES
        )
        self._hash = PasswordHash((hasher,))
        self._of_nobody = _hash_of_nobody(chosen)
        self._turns = asyncio.Semaphore(at_once or max(1, (os.cpu_count() or 1) - 1))

    async def hash(self, password: str) -> str:
        """Return what to keep of ``password``."""
        return await self._in_turn(self._hash.hash, _bytes_of(password))

    async def check(self, password: str, kept: str | None) -> tuple[bool, str | None]:
        """Say whether ``password`` is the one that ``kept`` was made of; ``None`` takes as long and is wrong.

        The second value is what to keep from now on, if the cost of a hash has changed since.
        """
        hashed = self._of_nobody if kept is None else kept
        return await self._in_turn(self._hash.verify_and_update, _bytes_of(password), hashed)

    async def _in_turn(
        self, work: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise DependencyError(service=SERVICE, operation="wait for a turn") from error
        try:
            return await to_thread.run_sync(work, *arguments)
        finally:
            self._turns.release()


def min_password_chars(role: Role) -> int:
    """Return how long a password has to be: a pupil's can be looked up in a class list, and opens less."""
    return 8 if role is Role.STUDENT else 12


def _bytes_of(password: str) -> bytes:
    # The same letters can be typed in several ways; NIST SP 800-63B asks to take them as one.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _hash_of_nobody(cost: Cost) -> str:
    """Return a well-formed hash that no password has, so that unknown names take as long as known ones."""
    parts = (b64encode(token_bytes(size)).decode().rstrip("=") for size in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${'$'.join(parts)}"
