"""SQL without anybody's data in it. Pure."""

import re
from functools import lru_cache
from re import Match

MAX_READ_CHARS = 4_096
MAX_CHARS = 1_000
MAX_REMEMBERED = 1_000

# One pass, one token at a time; every alternative consumes or fails at once, so it is linear. What is
# left open, by the cut or by mistake, counts as literal up to the end.
_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<literal> (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?:(?P=tag)|\Z)
        # After a backslashed quote nobody knows which dialect's end of the string is meant: all the rest goes.
        | (?:[eEbBnNxX]|[uU]&)?'[^'\\]*(?:(?:''|\\[^'])[^'\\]*)*(?:\\'.*|\\?\Z|')
        | %\(\w+\)s | %s | \$\d+ | (?<!:)[:@][^\W\d]\w* | \.?\d[\w.]*(?:(?<=[eE])[+-]\d+)? )
    | (?P<quoted> "[^"]*(?:""[^"]*)*(?:"|\Z) )
    | (?P<backticked> `[^`]*(?:`|\Z) )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<space> \s+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r'["`][^\W\d][\w $]{0,62}["`]')
# A name in quotes that something is compared with is somebody's value: SQLite takes it for a string.
_COMPARED = re.compile(r"(?:[=<>]|\b(?:I?LIKE|IN|VALUES)\s*\(?)\s*\Z", re.IGNORECASE)
_CAST = r"(?:::\w+(?: PRECISION| WITH(?:OUT)? TIME ZONE)?(?:\(\?(?:, ?\?)*\))?(?:\[\])?)?"
_ITEM = rf"[+-]?\?{_CAST}"
_ITEMS = re.compile(rf"{_ITEM}(?: ?, ?{_ITEM})*")
_ROWS = re.compile(r"\( ?\? ?\)(?: ?, ?\( ?\? ?\))+")
_DOUBLE_QUOTES_STRINGS = frozenset({"mariadb", "mysql"})


@lru_cache(maxsize=MAX_REMEMBERED)
def _normalised(statement: str, *, is_quoting_strings: bool) -> str:
    def replace(match: Match[str]) -> str:
        match match.lastgroup:
            case "comment" | "space":
                return " "
            case "quoted":
                return match[0] if not is_quoting_strings and _is_name(match) else "?"
            case "backticked":
                return match[0] if _NAME.fullmatch(match[0]) else "?"
            case "word":
                return match[0]
            case _:
                return "?"

    text = " ".join(_TOKEN.sub(replace, statement).split())
    text = _ROWS.sub("(?)", _ITEMS.sub("?", text))
    return text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + "…"


def _is_name(match: Match[str]) -> bool:
    if not _NAME.fullmatch(match[0]):
        return False
    before = match.string[max(0, match.start() - 16) : match.start()]
    return match.string[match.end() : match.end() + 1] == "." or not _COMPARED.search(before)


def normalised(statement: str, system: str) -> str:
    """Return ``statement`` without literals, comments and line breaks, so that equal queries look equal.

    Parameters, numbers, strings and lists of them become ``?``. ``system`` is the database's name.
    """
    return _normalised(
        statement[:MAX_READ_CHARS], is_quoting_strings=system in _DOUBLE_QUOTES_STRINGS
    )


def operation_of(normal: str) -> str:
    """Return the first word: ``SELECT``, ``INSERT`` …"""
    return normal.partition(" ")[0].upper()[:32]
