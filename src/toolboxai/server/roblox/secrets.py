"""Pairing codes and session tokens: how they are made and read. What is stored of one is its hash."""

from hashlib import sha256
from secrets import choice, token_urlsafe

from toolboxai.server.roblox.protocol import CODE_CHARS

# No 0, O, 1, I, L: somebody reads the code off a page and types it. 31 signs, eight times: 40 bits, for ten minutes.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
BETWEEN = str.maketrans("", "", " -")
MAX_TYPED_CHARS = 32
PREFIX = "tbxp_"  # tells such a token from others
TOKEN_BYTES = 32


def new_code() -> str:
    """Return a code that nobody can guess while it is good."""
    return "".join(choice(CODE_ALPHABET) for _ in range(CODE_CHARS))


def code_of(typed: str) -> str | None:
    """Return the code that somebody typed, or ``None`` when it can't be one."""
    code = typed.translate(BETWEEN).upper()
    is_one = len(code) == CODE_CHARS and all(sign in CODE_ALPHABET for sign in code)
    return code if is_one else None


def new_token() -> str:
    """Return the token of a new session."""
    return PREFIX + token_urlsafe(TOKEN_BYTES)


def hash_of(secret: str) -> str:
    """Return what is stored of a code, a token or a Studio's id."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
