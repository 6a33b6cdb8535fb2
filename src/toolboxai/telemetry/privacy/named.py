"""Values in free text that stand behind a name which tells what they are: ``password=…``, ``"email": "…"``, ``Name: …``."""

from collections.abc import Mapping
from re import Match
from types import MappingProxyType

from toolboxai.telemetry.privacy.keys import (
    MAX_NAME_CHARS,
    NAME,
    SECRET,
    is_of_people,
    is_telling_word,
    rule_for,
)
from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.markers import is_ours, marker
from toolboxai.telemetry.privacy.names import Names
from toolboxai.telemetry.privacy.places import FILES
from toolboxai.telemetry.privacy.plausible import REMARK, is_plausible
from toolboxai.telemetry.privacy.rules import Found
from toolboxai.telemetry.privacy.spans import span
from toolboxai.telemetry.privacy.sql import is_column, tables_in

_SIGNS = ("=", ":", "->", "<", "--", "%3", "：")

# A name and what puts a value behind it: `password=`, `"password": `, `token[0]=`, `--password `,
# `('password', `, `<password>`.
_NAMED = later(
    r"n(?<!\wn)ame=\\*[\"'](?P<part>[\w.\[\]-]{1,64})\\*[\"'](?:[^\n\\]{0,100})(?:\r?\n|(?:\\+r)?\\+n){2}"
    r"|[\"'](?:name|key|field|header)\\*[\"']\s{0,2}:\s{0,2}\\*[\"'](?P<called>[\w.-]{1,64})\\*[\"']\s{0,2},\s{0,2}\\*[\"'](?:value|val|input)\\*[\"']\s{0,2}:\s{0,2}"
    r"|(?<![\w.-])(?<!redacted:)(?P<name>[\w.-]++)(?:\[(?P<index>[\w.-]{0,64})\]|\])?\\*[\"']?\s{0,8}"
    r"(?::=|=>|->|={1,3}|:|：|%3[Dd])\s{0,8}"
    r"|--(?<![\w-]--)(?P<flag>[\w-]{1,64})\s{1,8}(?!-)"
    r"|(?<=[(\[])\s{0,2}[A-Za-z]{0,2}\\*[\"'](?P<pair>[\w.-]{1,64})\\*[\"']\s{0,4},\s{0,4}(?=[A-Za-z]{0,2}\\*[\"'])"
    r"|<(?P<tag>[\w.-]{1,64})>(?=[^<])"
)
# Where a statement's parameter will stand.
_PLACE = later(r"(?:\?|\$\d+|%s|%\(\w+\)?s?|:\w+|@\w+|\{\w*\})(?=[\s,;)]|\Z)")
_WORDS_BEFORE = later(r"(?:[^\W_]{1,20}[ _](?:of |de )?){1,2}\Z")
_EXAMPLE_NAME = later(r"[a-z]+(?:[._-][a-z]+)+\.[a-z]{2,4}|[a-z_]+\.[a-z_.]+|\d+(?:\.\d+)*|/.*|[A-Z_]{3,}|\w+\(.*")  # fmt: skip


def may_tell(text: str) -> bool:
    """Say whether anything in ``text`` can stand behind a name: a sign does, or a bracket and a comma."""
    return any(map(text.__contains__, _SIGNS)) or ("," in text and ("(" in text or "[" in text))


class Named:
    """Cuts the values behind telling names out of text; the names stay. ``own`` are a deployment's names, each with its rule."""

    def __init__(
        self,
        names: Names,
        switched_off: frozenset[str] = frozenset(),
        own: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._names = names
        self._own = own
        self._switched_off = switched_off

    def without(
        self, text: str, found: Found, *, is_source: bool = False, only_secrets: bool = False
    ) -> str:
        """Return ``text`` without those values. Of source code only quoted ones: ``password=password`` is a name there."""
        parts, position, tables = [], 0, None
        for match in _NAMED.finditer(text):
            if match.start() < position or (told := self._told(match, text)) is None:
                continue
            name, rule = told
            if (only_secrets and rule != SECRET) or rule.strip() in self._switched_off:
                continue
            start, end, is_quoted = span(text, match, name, rule)
            end = start + len(text[start:end].rstrip(",. "))
            value = text[start:end]
            if not is_quoted and "." in value:
                tables = tables_in(text) if tables is None else tables
                if is_column(value, name, tables):
                    continue
            if rule in {NAME, _PERHAPS} and "," in value:
                head, _, rest = value.partition(",")
                if rest.lstrip()[:1].islower():  # `author: Rowan Stallworth, teacher at the school`
                    value, end = head, start + len(head)
            if (is_source and not is_quoted) or not self._goes(
                rule, name, value, match, is_quoted=is_quoted
            ):
                continue
            taken = "key-value" if rule == SECRET else rule
            taken = taken.strip()
            found(taken)
            parts += [text[position:start], marker(taken)]
            position = end
        return "".join([*parts, text[position:]])

    def _told(self, match: Match[str], text: str) -> tuple[str, str] | None:
        """Return the telling name and its rule."""
        told = self._telling(match, text)
        return None if told and match["name"] and _is_code(match, text) else told

    def _telling(self, match: Match[str], text: str) -> tuple[str, str] | None:
        for group in ("index", "name") if match["name"] else (match.lastgroup or "name",):
            if not (name := match[group]):
                continue
            if rule := self._own.get(name) or rule_for(name[-MAX_NAME_CHARS:]):
                return name, rule
            if group == "name":
                whole = _with_words_before(name, text, match.start())
                if whole != name and (rule := rule_for(whole)) and rule != SECRET:
                    return whole, rule
                if name == "input" and "loc" in text:
                    return name, SECRET
            if is_of_people(name) or name.lower() == "name":
                return name, _PERHAPS
        return None

    def _goes(
        self, rule: str, name: str, value: str, match: Match[str], *, is_quoted: bool
    ) -> bool:
        is_place = _PLACE.match(value) is not None or not value.strip() or is_ours(value.strip())
        if name in self._own:
            return not is_place
        is_listed = match["pair"] is not None and is_telling_word(value)
        if is_place or is_listed or (not is_quoted and self._is_said_of(rule, value, match)):
            return False
        if rule == _PERHAPS:
            return self._names.is_name_of(name, value.strip())
        return is_plausible(rule, name, value)

    def _is_said_of(self, rule: str, value: str, match: Match[str]) -> bool:
        """Say whether what stands behind the name is a remark about its value: `password: field required`."""
        if rule == SECRET:
            after = match.string[match.end() : match.end() + 40]
            return _COMPLAINT.match(value) is not None and REMARK.search(after) is not None
        is_remark = REMARK.search(value) or _EXAMPLE_NAME.fullmatch(value)
        return rule == NAME and is_remark is not None and not self._names.is_name(value)


def _with_words_before(name: str, text: str, start: int) -> str:
    """Return the name at ``start`` with one or two words before it: `date of birth`."""
    if text[start - 1 : start] != " ":
        return name
    before = _WORDS_BEFORE.search(text, max(0, start - 42), start)
    return f"{before[0]}{name}" if before else name


# `src/tokens.py:55`, `handlers.password_reset:handle`, `lambda token: token.value`.
_CODE_WORDS = ("lambda ", "def ", "class ")
_CODE_BEFORE = later(r"\b(?:lambda |def \w{1,40}\([^)]{0,80}|class )\Z")
_FILE = later(rf"(?i)[\w.-]+\.(?:{FILES})")
_ATTRIBUTE = later(r"[A-Za-z_]\w*(?:[\s,;)\]}\"']|\Z)")
_COMPLAINT = later(r"[a-z]{2,16}\Z")


def _is_code(match: Match[str], text: str) -> bool:
    """Say whether what looks like a name and a value is a place in a program."""
    name, sign = match["name"], match[0][len(match["name"]) :]
    if not sign.startswith(":"):
        return False
    start = match.start()
    if text[start - 1 : start] in {"/", "\\"} or ("." in name and _FILE.fullmatch(name)):
        return True
    may_be = any(word in text for word in _CODE_WORDS)
    if may_be and _CODE_BEFORE.search(text, max(0, start - 128), start):
        return True
    return sign == ":" and "." in name and _ATTRIBUTE.match(text, match.end()) is not None


_PERHAPS = "name "  # only where it reads like one
