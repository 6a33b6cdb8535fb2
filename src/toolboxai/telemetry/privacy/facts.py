"""When the value under a telling name tells nothing after all: a count, a time, a switch, a kind. Pure."""

import re

from toolboxai.telemetry.privacy.keys import (
    ADDRESS,
    BIRTH,
    HEALTH,
    NAME,
    SECRET,
    SECRET_STEMS,
    SECRET_WORDS,
    rule_for,
    words_of,
)

# What ends like this counts, times or names a kind, if its value looks it: token_count, password_reset_at.
_COUNTING_ENDS = frozenset(
    {
        "age", "at", "attempts", "failures", "errors", "successes", "requests", "events", "changes", "checks", "rotations", "logins", "resets", "entries", "rows", "columns", "years", "months", "weeks", "percent", "threshold", "bytes", "chars", "count", "counts", "cost", "duration", "expires", "expiry", "hits", "idx",
        "in", "index", "length", "limit", "max", "min", "misses", "ms", "num", "position", "quantity", "rate", "ratio",
        "remaining", "retries", "seconds", "size", "timeout", "tokens", "total", "ttl", "usage", "used", "valid", "version",
        "window", "days", "hours", "minutes", "per", "budget", "lifetime", "interval", "until", "date", "since", "time",
        "level", "port", "bits",
    }
)  # fmt: skip
# A number is a secret only under these: elsewhere it counts something.
_NUMERIC_SECRETS = frozenset(
    {
        "code", "cvc", "cvv", "id", "key", "number", "otp", "passcode", "password", "passwd", "pin", "pincode", "pw", "pwd",
        "secret", "sid", "token", "totp", "passphrase", "pass",
    }
)  # fmt: skip
_NAMING_ENDS = frozenset(
    {
        "algorithm", "backend", "strength", "schema", "column", "validator", "pattern", "regex", "style", "case", "generator", "category", "handler", "callback", "view", "route", "page", "middleware", "table", "model", "hasher", "issuer", "audience", "prefix", "suffix", "location", "header", "param", "parameter", "names", "mechanism", "prompt", "feature", "flag", "reset", "flow", "step", "stage", "endpoint", "path", "file", "class", "enabled", "error", "field", "format", "func", "function", "kind", "label",
        "method", "mode", "module", "name", "policy", "provider", "reason", "required", "result", "rule", "scheme",
        "scope", "scopes", "state", "status", "strategy", "type", "url", "verified", "version", "template", "source",
        "action", "event", "present", "configured", "set", "changed", "hint",
    }
)  # fmt: skip
_SURELY_NAMING = frozenset({"policy", "template", "field", "format", "type", "kind", "required", "rule", "validator", "pattern", "regex", "column", "strategy", "schema", "style", "case", "generator", "verified", "enabled", "strength", "visibility", "source", "method", "validation", "max", "min", "provider"})  # fmt: skip
_COUNTING_ANYWHERE = frozenset({"count", "max", "min", "total", "num", "expires", "expiry", "ttl", "limit", "tokens", "used", "usage", "retries", "attempts", "size", "length", "duration", "has", "is", "budget", "per"})  # fmt: skip
_TIME = re.compile(r"[\d:T.Z+ /-]{1,40}")
_PLAIN_WORD = re.compile(
    r"[A-Za-z/][A-Za-z_.:/{}-]{0,60}(?:[0-9]{1,4})?|v?\d{1,4}(?:[.-]\d{1,4}){0,3}"
)
# Of a birthday these say when it is.
_OF_A_DAY = frozenset({"age", "date", "days", "months", "number", "time", "year", "years"})
_ASKING = frozenset({"has", "is", "use", "uses", "with"})
_NEITHER_NOR = frozenset(
    {"true", "false", "none", "null", "undefined", "nan", "on", "off", "enabled", "disabled"}
)
_VERSION = re.compile(r"v?\d[\w.+-]{0,40}")
_SWITCH = re.compile(r"(?i)true|false|yes|no|on|off|[01]")
# The last word of a name by which its value can be the secret itself, whatever comes before: password_hash, token_value.
_VALUE_ENDS = frozenset(
    {
        "again", "b64", "base64", "body", "bytes", "cert", "clear", "code", "codes", "confirm", "confirmation", "content", "current", "data", "digest",
        "encoded", "encrypted", "env", "hash", "header", "headers", "hex", "id", "ids", "input", "key", "keys", "link", "new", "old", "param", "pem", "phrase", "plain",
        "plaintext", "previous", "raw", "repeat", "salt", "seed", "string", "temp", "text", "uri", "url", "val", "value", "values", "verify", "word", "file", "backup",
    }
)  # fmt: skip
_PLAIN_FACT = re.compile(
    r"[a-z]+(?:[_ -][a-z]+){0,3}|\d{1,6}\s?(?:ms|s|m|h|d|kb|mb|%)?|\.?[a-z-]+(?:\.[a-z-]+)+|v?\d{1,4}(?:[.-]\d{1,4}){1,3}[\w-]{0,8}|\d{4}-\d\d-\d\d.{0,20}|/[\w/{}.-]*|[a-z_]+(?:\.[a-z_]+)+"
)


def tells_nothing(name: str, value: str | float) -> bool:
    """Say whether ``value`` under a telling name is only a count, a time, a switch or a kind."""
    words = words_of(name)
    if not words:
        return False
    end, rule = words[-1], rule_for(name)
    if isinstance(value, str):
        return _tells_nothing(words, rule, value.strip("'\""))
    if rule == SECRET:
        return end not in _NUMERIC_SECRETS or not _COUNTING_ANYWHERE.isdisjoint(words)
    return end in _COUNTING_ENDS and (rule != BIRTH or end not in _OF_A_DAY)


def _tells_nothing(words: tuple[str, ...], rule: str | None, text: str) -> bool:
    end = words[-1]
    is_counting = end in _COUNTING_ENDS and (rule != BIRTH or end not in _OF_A_DAY)
    is_naming = end in (_SURELY_NAMING if rule in {NAME, HEALTH, ADDRESS} else _NAMING_ENDS)
    if text.lower() in _NEITHER_NOR or ((is_counting or rule == NAME) and _TIME.fullmatch(text)):
        return True
    if (is_naming and not is_counting and _PLAIN_WORD.fullmatch(text)) or (
        end == "version" and _VERSION.fullmatch(text)
    ):
        return True
    if words[0] in _ASKING and _SWITCH.fullmatch(text):
        return True
    is_fact = rule == SECRET and _PLAIN_FACT.fullmatch(text) is not None
    return is_fact and _only_begins_like_a_secret(words)


def _only_begins_like_a_secret(words: tuple[str, ...]) -> bool:
    """Say whether a name goes on after what sounds like a secret: `token_bucket`, `session_store`."""
    end, joined = words[-1], "".join(words)
    is_secret = end in SECRET_WORDS or end in _VALUE_ENDS or end.isdigit()
    is_secret |= any(
        stem in end or (stem.endswith(end) and stem in joined) for stem in SECRET_STEMS
    )
    return not is_secret
