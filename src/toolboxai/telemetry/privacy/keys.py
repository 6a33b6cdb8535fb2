"""Which names say that their value is a secret or a person's. Pure: a name in, the rule's name out."""

import re
from functools import lru_cache
from itertools import pairwise

SECRET = "secret"  # noqa: S105 - the name of a rule
PERSON = "person"

# One word of the name is enough: password_hash, x-api-token, dbPassword.
_SECRET_WORDS = frozenset(
    {
        "apikey", "auth", "authorization", "bearer", "cookie", "cookies", "credential", "credentials",
        "csrf", "csrftoken", "dsn", "jwt", "otp", "passphrase", "passwd", "password", "passwords", "pin",
        "pincode", "privatekey", "pwd", "roblosecurity", "secret", "secrets", "session", "sessionid",
        "sid", "signature", "ssn", "token", "tokens", "totp", "xsrf",
    }
)  # fmt: skip
_SECRET_PAIRS = frozenset(
    {
        ("api", "key"),
        ("access", "key"),
        ("private", "key"),
        ("secret", "key"),
        ("client", "secret"),
        ("session", "id"),
    }
)
_PERSON_WORDS = frozenset(
    {
        "address", "birthdate", "birthday", "dob", "email", "emails", "firstname", "fullname", "ip",
        "lastname", "mobile", "nickname", "phone", "surname", "telephone", "username", "zipcode",
    }
)  # fmt: skip
_PERSON_PAIRS = frozenset(
    {
        ("first", "name"), ("last", "name"), ("full", "name"), ("user", "name"), ("family", "name"),
        ("given", "name"), ("display", "name"), ("student", "name"), ("parent", "name"), ("student", "id"),
        ("roblox", "name"), ("birth", "date"), ("zip", "code"), ("postal", "code"), ("date", "birth"),
    }
)  # fmt: skip
_HARMLESS_PAIRS = frozenset({("server", "address"), ("network", "address")})
# A name that ends like this counts, times or switches: token_count, password_reset_at, auth_enabled.
_HARMLESS_ENDS = frozenset(
    {
        "at", "count", "counts", "enabled", "expires", "expiry", "id", "kind", "length", "limit", "max", "method",
        "min", "ms", "provider", "required", "seconds", "size", "status", "total", "type", "used", "valid",
    }
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_MAX_NAME_CHARS = 128


@lru_cache(maxsize=8_192)
def rule_for(name: str) -> str | None:
    """Return the rule by which the value under ``name`` must go, or ``None``."""
    words = tuple(word.lower() for word in _WORD.findall(name[:_MAX_NAME_CHARS]))
    pairs = set(pairwise(words))
    if _SECRET_PAIRS & pairs:
        return SECRET
    if _PERSON_PAIRS & pairs:
        return PERSON
    if (len(words) > 1 and words[-1] in _HARMLESS_ENDS) or _HARMLESS_PAIRS & pairs:
        return None
    if _SECRET_WORDS.intersection(words):
        return SECRET
    return PERSON if _PERSON_WORDS.intersection(words) else None


def is_telling_word(text: str) -> bool:
    """Say whether ``text`` is itself one of the words: a secret that reads `password` is no secret."""
    return text.lower() in _SECRET_WORDS | _PERSON_WORDS
