"""Which names say that their value is a secret or a person's. Pure: a name in, the rule's name out."""

import re
from functools import lru_cache

SECRET = "secret"  # noqa: S105 - the name of a rule
PERSON = "person"
MAX_NAME_CHARS = 128

# Anywhere in the name, however it is written: accesstoken, dbPassword, X-Api-Key.
_SECRET_STEMS = (
    "accesscode", "accesskey", "apikey", "authcode", "authkey", "authoriz", "bearer", "cardnumber", "codeverifier",
    "connectionstring", "cookie", "credential", "csrf", "dbpass", "dbpwd", "deploykey", "encryptionkey", "hmackey",
    "jwt", "kennwort", "licensekey", "magiclink", "masterkey", "mfacode", "oauthcode", "openaikey", "passcode",
    "passphrase", "passwd", "password", "passwort", "privatekey", "resetlink", "roblosecurity", "robloxkey", "rootpw",
    "secret", "securitycode", "servicekey", "sessionid", "sessionkey", "signingkey", "sshkey", "token",
    "verificationcode", "webhookurl", "xsrf",
)  # fmt: skip
# Only as a word of its own: `pin` is one, `spinning` isn't.
_SECRET_WORDS = frozenset(
    [
        "auth",
        "cvv",
        "dsn",
        "iban",
        "otp",
        "pass",
        "pin",
        "pincode",
        "pw",
        "pwd",
        "session",
        "sid",
        "signature",
        "ssn",
        "totp",
    ]
)
_PERSON_STEMS = (
    "birthdate", "birthday", "dateofbirth", "displayname", "email", "familyname", "firstname", "fullname",
    "givenname", "homeaddress", "ipaddress", "lastname", "nickname", "parentname", "phonenumber", "postalcode",
    "pupilid", "pupilname", "robloxid", "robloxname", "studentid", "studentname", "surname", "telephone",
    "username", "zipcode",
)  # fmt: skip
_PERSON_WORDS = frozenset({"address", "dob", "ip", "mobile", "phone"})
_TELLING_WORDS = frozenset(
    {*_SECRET_STEMS, *_SECRET_WORDS, *_PERSON_STEMS, *_PERSON_WORDS, "authorization", "bearer"}
)
_NEITHER = ("authorized", "networkaddress", "secretar", "serveraddress", "tokeniz", "unauthorized")
# What ends like this counts, times or names a kind, if its value looks it: token_count, password_reset_at.
_COUNTING_ENDS = frozenset(
    {
        "at", "bytes", "chars", "count", "counts", "expires", "expiry", "length", "limit", "max", "min", "ms",
        "seconds", "size", "tokens", "total", "used", "valid",
    }
)  # fmt: skip
# A number is a secret or a person's only under these: elsewhere it counts something.
_NUMERIC_SECRETS = frozenset(
    [
        "code",
        "cvv",
        "id",
        "mobile",
        "number",
        "otp",
        "passcode",
        "password",
        "phone",
        "pin",
        "pincode",
        "pwd",
        "secret",
        "sid",
        "ssn",
        "telephone",
        "token",
        "totp",
    ]
)
_NAMING_ENDS = frozenset({"kind", "method", "provider", "status", "type"})
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_TIME = re.compile(r"[\d:T.Z+ /-]{1,40}")
_PLAIN_WORD = re.compile(r"[A-Za-z_]{1,16}")


@lru_cache(maxsize=8_192)
def rule_for(name: str) -> str | None:
    """Return the rule by which the value under ``name`` must go, or ``None``.

    Of a long name the end is looked at: that is where the noun stands.
    """
    words = _words(name)
    joined = "".join(words)
    for harmless in _NEITHER:
        joined = joined.replace(harmless, "")
    if _SECRET_WORDS.intersection(words) or any(stem in joined for stem in _SECRET_STEMS):
        return SECRET
    is_person = _PERSON_WORDS.intersection(words) and joined
    if is_person or any(stem in joined for stem in _PERSON_STEMS):
        return PERSON
    return None


def tells_nothing(name: str, value: str | float) -> bool:
    """Say whether ``value`` under a telling name is only a count, a time or a kind."""
    words = _words(name)
    end = words[-1] if words else ""
    if not isinstance(value, str):
        return end not in _NUMERIC_SECRETS
    if end in _COUNTING_ENDS:
        return _TIME.fullmatch(value) is not None
    return end in _NAMING_ENDS and _PLAIN_WORD.fullmatch(value) is not None


def is_telling_word(text: str) -> bool:
    """Say whether ``text`` is itself one of the words: a secret that reads `password` is no secret."""
    return text.lower() in _TELLING_WORDS


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name[-MAX_NAME_CHARS:]))
