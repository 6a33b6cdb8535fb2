"""Whose id it is → a pseudonym: the same person is recognised, and nobody without the key learns who it is."""

import os
import re
from base64 import b32encode
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from secrets import token_hex

Pseudonym = Callable[[str], str]

KEY_FILE = "pseudonym.key"
# What stands in the place of somebody whom nobody knows.
UNKNOWN = "unknown"
IS_PSEUDONYM = re.compile(r"p1_[a-z2-7]{26}")
MAX_REMEMBERED = 4_096


def pseudonyms(secret: str) -> Pseudonym:
    """Return a function from an id to ``p1_`` and 26 base32 characters, keyed by ``secret`` (128 bits, BLAKE2b)."""
    key = sha256(secret.encode()).digest()

    @lru_cache(maxsize=MAX_REMEMBERED)
    def pseudonym(identity: str) -> str:
        digest = blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16, key=key)
        return f"p1_{b32encode(digest.digest()).decode().rstrip('=').lower()}"

    return pseudonym


def secret_in(folder: Path, name: str = KEY_FILE) -> str:
    """Return the secret kept in ``folder``, made at first need, 0600; all workers get the same one.

    Raises ``OSError`` when there is none and none can be kept.
    """
    path = folder / name
    with suppress(FileNotFoundError):
        if kept := path.read_text().strip():
            return kept
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = folder / f".{name}.{os.getpid()}.{token_hex(4)}"
    own.touch(mode=0o600, exist_ok=False)
    try:
        own.write_text(token_hex(32))
        with suppress(FileExistsError):
            # Not a rename: whichever worker is first decides for all.
            path.hardlink_to(own)
        return path.read_text().strip()
    finally:
        own.unlink()
