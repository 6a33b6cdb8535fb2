"""How a value is dressed where it turns up: spelled, quoted, escaped and encoded by whatever it passed through."""

import base64
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote, urlencode

LOG_LINE = "log line"


@dataclass(frozen=True, slots=True)
class Bare:
    """A value before it is dressed, with a key and a sentence that fit it."""

    key: str
    value: str
    sentence: str
    """Has ``{}`` where the value goes."""

    @property
    def told(self) -> str:
        """The sentence with the value in it."""
        return self.sentence.replace("{}", self.value)


Wrap = Callable[[Bare, Random], str]


_REAL_HEADERS = {"authorization", "cookie", "set-cookie", "proxy-authorization", "private-token"}
_STATEMENTS = (
    "INSERT INTO accounts (id, {column}) VALUES (42, '{literal}')",
    "UPDATE accounts SET {column} = '{literal}' WHERE id = 42",
    "SELECT id FROM accounts WHERE {column} = '{literal}' LIMIT 1",
)
_INVALID = (
    "1 validation error for Account\n{column}\n  Value error "
    "[type=value_error, input_value={value!r}, input_type=str]"
)


def _snake(key: str) -> str:
    return re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key)).strip("_").lower()


def _header_name(key: str) -> str:
    words = [word.capitalize() for word in _snake(key).split("_")]
    return "-".join(words if key.lower() in _REAL_HEADERS else ["X", *words])


def _escaped(text: str) -> str:
    """Return ``text`` with every character as its JSON escape, those beyond the first plane as two."""
    units = text.encode("utf-16-be").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _json(bare: Bare, random: Random) -> str:
    ascii_only = random.random() < 0.5
    return json.dumps({"step": 2, bare.key: bare.value, "retry": True}, ensure_ascii=ascii_only)


def _sql(bare: Bare, random: Random) -> str:
    literal = bare.value.replace("'", "''")
    return random.choice(_STATEMENTS).format(column=_snake(bare.key), literal=literal)


def _repr(bare: Bare, random: Random) -> str:
    return random.choice(
        (
            f"Account(id=42, {_snake(bare.key)}={bare.value!r}, is_active=True)",
            repr({"id": 42, bare.key: bare.value}),
            _INVALID.format(column=_snake(bare.key), value=bare.value),
        )
    )


def _log_line(bare: Bare, random: Random) -> str:
    request = f"{random.getrandbits(64):016x}"
    return f"2026-11-23 08:17:04,123 WARNING school.content [{request}] attempt 3 of 5: {bare.told}"


def _xml(bare: Bare, _: Random) -> str:
    tag = _snake(bare.key)
    return f"<record><id>42</id><{tag}>{html.escape(bare.value)}</{tag}></record>"


def _url(bare: Bare, _: Random) -> str:
    return f"https://lms.example.org/callback?page=2&{quote(bare.key)}={quote(bare.value, safe='')}"


WRAPPINGS: dict[str, Wrap] = {
    "plain": lambda bare, _: bare.told,
    "quoted": lambda bare, _: f'{_snake(bare.key)}="{bare.value}" is not valid',
    "percent": lambda bare, _: quote(bare.told, safe=""),
    "percent twice": lambda bare, _: quote(quote(bare.told, safe=""), safe=""),
    "base64": lambda bare, _: base64.b64encode(bare.told.encode()).decode(),
    "escaped": lambda bare, _: f'body was {{"{bare.key}": "{_escaped(bare.value)}"}}',
    "json": lambda bare, random: f"body was {_json(bare, random)}",
    "json twice": lambda bare, random: json.dumps(_json(bare, random)),
    "repr": _repr,
    "bytes repr": lambda bare, _: repr(f"{_snake(bare.key)}: {bare.value}".encode()),
    "form": lambda bare, _: urlencode({"step": "2", bare.key: bare.value, "go": "on"}),
    "sql": _sql,
    "header line": lambda bare, _: f"{_header_name(bare.key)}: {bare.value}",
    "environment line": lambda bare, _: f"{_snake(bare.key).upper()}={bare.value}",
    "url": _url,
    "xml": _xml,
    LOG_LINE: _log_line,
}
