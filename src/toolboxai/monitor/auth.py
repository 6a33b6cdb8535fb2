"""Keys, tokens and the password. Pure but for chance; keeps nothing."""

import hashlib
import hmac
import secrets

# No letters or digits that look alike or make words.
ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
PASSWORD_CHARS = 20  # 27 letters: 4.75 bit each, 95 bit in all
GROUP_CHARS = 5
TOKEN_BYTES = 32
SALT_BYTES = 16
# About 60 ms and 16 MiB a try.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1


def new_dsn_key() -> str:
    """Return the public part of a DSN: 128 bit."""
    return secrets.token_hex(16)


def new_token() -> str:
    """Return an API token: 256 bit."""
    return secrets.token_hex(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Return what is kept of a token. It is as random as its hash, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def new_session_key() -> bytes:
    """Return a key that signs session cookies."""
    return secrets.token_bytes(32)


def new_password() -> str:
    """Return a password that can be read out: four groups of five characters, 95 bit."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_CHARS))
    groups = [letters[at : at + GROUP_CHARS] for at in range(0, PASSWORD_CHARS, GROUP_CHARS)]
    return "-".join(groups)


def password_hash(password: str) -> bytes:
    """Return what is kept of a password: salt and scrypt."""
    salt = secrets.token_bytes(SALT_BYTES)
    return salt + _scrypt(password, salt)


def password_matches(password: str, kept: bytes) -> bool:
    """Say whether ``kept`` is the hash of ``password``."""
    salt, expected = kept[:SALT_BYTES], kept[SALT_BYTES:]
    return hmac.compare_digest(_scrypt(password, salt), expected)


def same(given: str, expected: str) -> bool:
    """Compare in a time that doesn't tell how much was right."""
    return hmac.compare_digest(
        given.encode("utf-8", "surrogateescape"), expected.encode("utf-8", "surrogateescape")
    )


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P
    )
