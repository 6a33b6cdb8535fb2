"""Values inside SQL, and inside what databases say of rows: the statement stays, the values go."""

import re

from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.rules import Found, Rule

SQL = "sql"

IS_SQL = later(
    r"(?i)\b(?:select\b.{1,4000}?\bfrom|insert\s+into|update\s.{1,200}?\sset|delete\s+from|merge\s+into|replace\s+into|where\s.{1,200}?(?:=|\bin\b|\blike\b)|values\s*\()",
    re.DOTALL,
)
_TABLE = later(
    r"(?i)\b(?:from|join|update|into)\s{1,4}[\"`]?(\w{1,64})[\"`]?(?:(?=\s{1,4}(?:as\s{1,4})?(\w{1,64})))?"
)
_COLUMN = later(r"([A-Za-z_]\w{0,63})\.([A-Za-z_]\w{0,63})(?=[\s,;)]|\Z)")
HINTS = ("select", "insert", "update", "delete", "where", "values", "replace", "merge")
# Where a parameter will stand.
_PLACES = ("%s", "%(", "?", ":", "$")
_LITERALS = (
    Rule(
        SQL,
        ("'",),
        later(r"(?<![\w'\\])[NEBXnebx]?'(?P<value>(?:[^'\\]|''|\\.)++)(?:'|\Z)"),
        lambda match: not match["value"].startswith(_PLACES),
    ),
    Rule(
        SQL,
        ('"',),
        later(r"(?:=|\(|,|(?i:like|in))\s{0,2}\"(?P<value>[^\"\\]++)\""),
    ),
    Rule(
        SQL,
        ("",),
        later(
            r"(?i:=|<|>|\(|,|in|between|and|values)\s{0,2}(?P<value>-?\d{5,}(?:\.\d+)?)(?![\w-])"
        ),
    ),
)
SAID = (
    Rule("bound-parameters", ("[parameters:",), later(r"(?<=\[parameters: )(?P<value>(?!\[redacted:).+)")),
    Rule(SQL, ("key (",), later(r"(?i)key \([^)]{1,200}\)=\((?P<value>[^)]{1,1000})\)")),
    Rule(SQL, ("row contains",), later(r"(?i)row contains \((?P<value>[^\n]{1,4000})\)")),
    Rule(SQL, ("duplicate entry",), later(r"(?i)duplicate entry '(?P<value>[^\n]{1,1000}?)' for key")),
    Rule(SQL, ("invalid input syntax", "incorrect", "truncated"), later(r"(?i)(?:syntax for (?:type )?[\w ]{2,40}: |incorrect [\w ]{2,20} value: )[\"'](?P<value>[^\n\"]{1,1000})[\"']")),
    Rule("input", ("input_value=",), later(r"(?<=input_value=)(?P<value>(?!\[redacted:).+?)(?=, input_type=|\n|\Z)")),
)  # fmt: skip


def without_literals(text: str, found: Found) -> str:
    """Return ``text`` without the values in its statement, if it has one."""
    statement = IS_SQL.search(text)
    if statement is None:
        return text
    start, end = statement.start(), len(text)
    if start and text[start - 1] in "\"'":  # a quoted one: what follows is not part of it
        closing = text.find(text[start - 1], start)
        end = closing if closing > 0 else end
    inner = text[start:end]
    for rule in _LITERALS:
        inner = rule.without(inner, found)
    return text[:start] + inner + text[end:]


def tables_in(text: str) -> frozenset[str]:
    """Return the tables of the statements in ``text``, and what they are called there; none without a statement."""
    if not IS_SQL.search(text):
        return frozenset()
    return frozenset(name for match in _TABLE.finditer(text) for name in match.groups() if name)


def is_column(value: str, name: str, tables: frozenset[str]) -> bool:
    """Say whether ``value`` begins with a column of one of ``tables`` that is compared: `user.id = session.user_id`.

    A column is called like the one it is compared with, or in words with an underscore: people aren't.
    """
    found = _COLUMN.match(value)
    if found is None or found[1] not in tables:
        return False
    return "_" in found[2] or found[2] == name.rpartition(".")[2]
