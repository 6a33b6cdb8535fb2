"""Secrets that are told in a sentence: ``the password is Sunflower#55``, ``token "a1B2…" was refused``."""

import re
from collections.abc import Iterator
from re import Match

from toolboxai.telemetry.privacy.alternatives import any_of
from toolboxai.telemetry.privacy.facts import tells_nothing
from toolboxai.telemetry.privacy.keys import SECRET, rule_for
from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.places import FILES
from toolboxai.telemetry.privacy.rules import Rule
from toolboxai.telemetry.privacy.sieve import DIGIT

_HINTS = (
    "pass", "secret", "token", "key", "pin", "otp", "credential", "pwd", "cookie", "session", "auth", "seed", "kennwort", "contrase", "signature",
    "sid", "senha", "wachtwoord", "haslo", "has\u0142o", "parola", "clave", "jeton", "schlussel", "schluessel", "schl\u00fcssel", "schl\u00fcessel",
    "llave", "chiave", "klucz", "sleutel", "nyckel", "avain", "l\u00f6senord", "adgangskode", "jelsz", "heslo", "salasana", "\u015fifre",
    "\u043f\u0430\u0440\u043e\u043b\u044c", "\u30d1\u30b9\u30ef\u30fc\u30c9", "\u5bc6\u7801", "\ube44\ubc00\ubc88\ud638",
)  # fmt: skip
_IS = r"(?i:is|was|are|were|of|to|set to|changed to|reset to|now|equals|value|id|my|ist|es|est|\u00e8|\u00e9|er|\u00e4r|on|jest|je|lautet|d['’][^\W\d_]{2,14}|(?:de|del|di) [^\W\d_]{2,14}|:|=|->)"
_TOLD = later(
    rf"(?<![\w./\\-])(?P<name>[\w.-]*?{any_of(_HINTS, in_any_case=True)}[\w.-]*|(?i:mot de passe))\s?(?:{_IS}\s?(?![a-z])|{_IS}\s|\s){{0,3}}"
    r"[\"'`\u201c\u00ab\u201e]?(?P<value>(?<=[\"'`\u201c\u00ab\u201e])[^\"'`\u201d\u00bb\n]{1,256}(?=[\"'`\u201d\u00bb\u201c])|[^\s\"'`,;]{4,512})"
)
_CODE = later(
    r"(?i:pairing|backup|recovery|verification|security|confirmation|access|join|invite|invitation|reset|mfa|2fa|otp|one[- ]time|login|log-in|sms|auth\w*|sign-?in"
    r"|class|c[o\u00f3]digo(?: de)?|codice(?: di)?|code(?: de)?|best\u00e4tigungs|einmal|sicherheits|verifizierungs|wiederherstellungs|rescue|unlock|activation|parental)"
    r"[ -]?(?i:code|codes|pin|key|passcode|verificaci[o\u00f3]n|seguridad|verifica|v\u00e9rification|s\u00e9curit\u00e9|recuperaci[o\u00f3]n|acceso|confirma\w*|password)s?"
    r"(?:[\s:=#\"'(]|(?i:is|was|es|est|ist|\u00e8|now)\b){1,8}(?P<value>(?=[A-Za-z-]{0,24}\d|[A-Z0-9]{3,8}-)[A-Z0-9]{3,10}(?:[- ][A-Z0-9]{3,8}){0,7}|[a-z0-9]{4,8}(?:-[a-z0-9]{4,8}){1,7})(?![\w])"
)
_STEM = later(rf"{any_of(_HINTS)}|mot de (?=passe)")


def _told(text: str) -> Iterator[Match[str]]:
    """Yield what ``_TOLD`` finds, tried only where words begin that have a stem in them."""
    folded, position = text.lower(), 0
    if len(folded) != len(text):  # a letter whose small form is two
        yield from _TOLD.finditer(text)
        return
    for stem in _STEM.finditer(folded):
        start = stem.start()
        if start < position:
            continue
        while start > position and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
            start -= 1
        position = stem.end()
        if (match := _TOLD.match(text, start)) is not None:
            yield match
            position = match.end()


_KINDS_OF_CODES = (
    "pairing", "backup", "recovery", "verifica", "security", "confirm", "access", "join", "invit", "reset", "mfa", "2fa", "otp", "time",
    "login", "log", "sms", "auth", "sign", "class", "codigo", "código", "codice", "best", "einmal", "sicherheits", "verifizierungs",
    "wiederherstellungs", "rescue", "unlock", "activation", "parental", "code de", "code pin", "code-pin", "codepin", "séc", "recup",
    "acces", "seguridad",
)  # fmt: skip
_CHOSEN = ("pass", "pwd", "pin", "kennwort", "contrase", "secret", "otp", "passwort")


def _is_random(text: str) -> bool:
    """Say whether it can't be a word: digits among letters, capitals inside, signs."""
    has_digit, has_letter = any(map(str.isdigit, text)), any(map(str.isalpha, text))
    inner = text[1:-1]
    is_mixed = (
        any(map(str.isupper, inner))
        and any(map(str.islower, text))
        and not re.search(r"[()./:]", text)
    )
    return (
        (has_digit and has_letter and len(text) > 5)
        or (is_mixed and len(text) > 7)
        or (text.isdigit() and 4 <= len(text) <= 10)
    )


def _is_told(match: Match[str]) -> bool:
    name, value = match["name"], match["value"].rstrip(".!?)")
    before = match.string[match.end("name") : match.start("value")]
    if not value or not before or value.startswith(_NO_VALUES):
        return False
    is_known = rule_for(name) == SECRET or not name.isascii() or _IN_OTHER_LANGUAGES.search(name)
    is_ours = match.string.endswith("redacted:", 0, match.start())
    if not is_known or is_ours or _FILE.search(name) or _PAIR.match(value):
        return False
    if tells_nothing(name, value):
        return False
    if before[-1:] in _QUOTES:
        is_chosen = any(stem in name.lower() for stem in _CHOSEN) and " " not in value
        return (is_chosen and len(value) > 3 and not _A_WORD.fullmatch(value)) or _is_random(value)
    if len(before) < 2:
        return _is_key_after(name.lower(), value)
    return _is_random(value) and not _A_NUMBER.fullmatch(value)


_IN_OTHER_LANGUAGES = later(r"(?i)mot de|jeton|llave|chiave|klucz|sleutel|nyckel|avain|schluessel")
_NO_VALUES = ("[redacted", "<", "{", "%", "$", "(", "p1_", "http")
_QUOTES = tuple("\"'`“«„")


def _is_key_after(name: str, value: str) -> bool:
    """Say whether what follows a name at once is its value: `passcode 337099`, `temp password 3mb3r_8tR0w`."""
    if name.endswith(("passcode", "pin", "otp", "pincode")) and re.fullmatch(
        r"\d{3,4}-?\d{0,4}", value
    ):
        return True
    has_both = (
        any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and not _A_NUMBER.fullmatch(value)
    )
    is_chosen = any(stem in name for stem in _CHOSEN) and len(value) > 7
    return has_both and (is_chosen or len(value) > 11)


_FILE = later(rf"(?i)\.(?:{FILES}):?$")
_PAIR = later(r"[A-Za-z_.]{1,40}=")
_A_WORD = later(
    r"(?i)[a-z_]*(?:password|passwd|required|missing|invalid|token|secret|body|header|field|string|pin)[a-z_]*|[)}\]:;,.]{1,3}"
)
_A_NUMBER = later(
    r"v?\d{1,3}(?:[.,:/-]\d+)*(?:ms|s|px|kb|mb|%)?|[A-Z]\d{1,3}|\d+(?:st|nd|rd|th)|\d{4}-\d\d-\d\dT?.*"
)


# Words that end like "code" and say of what kind it is, where it is none that lets anybody in.
_CODES_OF_PROGRAMS = later(
    r"(?i)(?:error|status|exit|return|response|reason|http|close|country|zip|area|lang\w*|currency|source|byte|op|uni|qr|bar|sql|fault|result|exception|course|subject|post|objective|standard|curriculum|diagnos\w*|event|key|cancel|signal|sort|promo|color|colour|room|product|sql ?state|encoding|lesson|machine|character|char|error-|fehler|length of|hash|colou?r)[ _-]?$"
)
_ONE_TIME = later(
    r"(?<![\w.])(?P<kind>[^\W\d_]{0,24}(?i:code|kode?|codice|código|codigo|koodi|kód|пин|код|pin|tan|otp)s?)"
    r"(?:\s(?i:is|lautet|ist|est|es|è|er|är|on|to|jest|je|für|for|de|number|again|now|sent|:)){0,3}(?:[\s:=\"'„“(]){1,4}(?P<value>\d{3}[ -]?\d{3}|\d{4,8})(?![\w.,]\d|\w|%)"
)


def _is_one_time(match: Match[str]) -> bool:
    before = match.string[max(0, match.start() - 24) : match.start()]
    return not _CODES_OF_PROGRAMS.search(
        before + match["kind"][: -4 if match["kind"].lower().endswith("code") else None]
    ) and not (
        match["kind"].lower() == "code"
        and re.search(r"(?i)(?:with|returned|exited|failed)\s$", before)
    )


_UUID = later(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _is_session(match: Match[str]) -> bool:
    """Say whether it is the session's id: a lesson's session may have a UUID, too."""
    is_named = re.match(r"(?i)\w+[ _-]?(?:id|key|cookie)|\w*sessid", match[0]) is not None
    return is_named or _UUID.fullmatch(match["value"]) is None


PROSE = (
    Rule(
        SECRET,
        ("cod", "kod", "pin", "tan", "otp", "kód", "cód", "код", "пин"),
        _ONE_TIME,
        _is_one_time,
        needs=(DIGIT,),
    ),
    Rule(
        SECRET,
        ("code", "pin", "key", "cód", "cod", "pass"),
        _CODE,
        lambda match: any(map(str.isdigit, match["value"])) or "-" in match["value"],
        needs=_KINDS_OF_CODES,
    ),
    Rule(SECRET, _HINTS, _TOLD, _is_told, find=_told),
    Rule(
        SECRET,
        (
            "code=",
            "key=",
            "sig=",
            "ticket=",
            "hash=",
            "hmac=",
            "invite=",
            "nonce=",
            "state=",
            "st=",
            "t=",
        ),
        later(
            r"(?<=[?&;])(?:code|key|sig|ticket|hash|hmac|invite|nonce|state|st|t|k|s|h|auth|access)=(?P<value>(?=[\w.~%+/-]*\d)(?=[\w.~%+/-]*[A-Za-z])[\w.~%+/=-]{10,})"
        ),
        needs=(DIGIT,),
    ),
    Rule(
        SECRET,
        ("sess",),
        later(
            r"(?i:session|sess|sessid|jsessionid|phpsessid)(?:[ _-]?(?i:id|key|cookie))?[\s:=\"']{1,3}(?P<value>(?=[\w-]*\d)[\w-]{16,128})(?!\w)"
        ),
        _is_session,
        needs=(DIGIT,),
    ),
)
