"""Values in free text that stand behind a name which tells what they are: ``password=…``, ``"email": "…"``, ``Name: …``."""

import re
from re import Match

from toolboxai.telemetry.privacy.keys import (
    ADDRESS,
    BANK,
    BIRTH,
    EMAIL,
    HEALTH,
    IDENTITY,
    IP,
    LOCATION,
    MAX_NAME_CHARS,
    NAME,
    NATIONAL,
    PERSON,
    PHONE,
    RESULT,
    SECRET,
    is_of_people,
    is_telling_word,
    rule_for,
    tells_nothing,
)
from toolboxai.telemetry.privacy.markers import IS_MARKER, is_ours, marker
from toolboxai.telemetry.privacy.names import Names
from toolboxai.telemetry.privacy.rules import Found

SIGNS = ("=", ":", "：", "--", "%3", ",", ">")

# Values that tell nothing: no value, a place for one, a type, a mark.
_NOTHING = re.compile(
    r"(?i:none|null|nil|undefined|true|false|yes|no|n/a|str|int|float|bool|bytes|uuid|path|string|number|boolean|integer|object|\?|\$\d+|%s|%\(\w*\)?s?|@\w+"
    r"|:\w+|\$?\{[\w:.]*\}|<[\w ]+>|…|\.\.\.|\*+|x{3,}|[^\w\s]{1,3}|\[(?:filtered|masked|hidden|removed|redacted)\]|optional\[\w+\]|str \| none)"
)
# What is said about a value instead of the value: the words of validations.
_REMARK = re.compile(
    r"(?i)\b(?:required|invalid|missing|must|cannot|can't|should|not (?:a )?valid|field|is not|isn't|expected|unknown|already|exists?|failed|wrong|changed|expired|updated|verified|enabled|disabled|supported|allowed|empty|too (?:short|long)|mismatch\w*|incorrect|value|please|format|provided|set)\b"
)
# A name and what puts a value behind it: `password=`, `"password": `, `token[0]=`, `--password `,
# `('password', `, `<password>`.
_NAMED = re.compile(
    r"\bname=\\*[\"'](?P<part>[\w.\[\]-]{1,64})\\*[\"'](?:[^\n\\]{0,100})(?:\r?\n|(?:\\+r)?\\+n){2}"
    r"|[\"'](?:name|key|field|header)\\*[\"']\s{0,2}:\s{0,2}\\*[\"'](?P<called>[\w.-]{1,64})\\*[\"']\s{0,2},\s{0,2}\\*[\"'](?:value|val|input)\\*[\"']\s{0,2}:\s{0,2}"
    r"|(?<![\w.-])(?P<name>[\w.-]++)(?:\[(?P<index>[\w.-]{0,64})\]|\])?\\*[\"']?\s{0,8}"
    r"(?::=|=>|->|={1,3}|:|：|%3[Dd])\s{0,8}"
    r"|(?<![\w-])--(?P<flag>[\w-]{1,64})\s{1,8}(?!-)"
    r"|(?<=[(\[])\s{0,2}[A-Za-z]{0,2}\\*[\"'](?P<pair>[\w.-]{1,64})\\*[\"']\s{0,4},\s{0,4}(?=[A-Za-z]{0,2}\\*[\"'])"
    r"|<(?P<tag>[\w.-]{1,64})>(?=[^<])"
)
# Where a statement's parameter will stand.
_PLACE = re.compile(r"(?:\?|\$\d+|%s|%\(\w+\)?s?|:\w+|@\w+|\{\w*\})(?=[\s,;)]|\Z)")
_OPENING = re.compile(r"(?:[A-Za-z]{0,2}(?P<slashes>\\*)(?P<quote>\"\"\"|'''|[\"']))?")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BARE = re.compile(r"[^\s&;\"'})\]>]*+")
# A person's value in prose goes on over spaces, up to the next name or the end of the clause.
_CLAUSE = re.compile(
    r"(?:(?![;|\n\t<>&]|(?<!\w)[\"']|[\"'](?!\w)|,[ ][\w.-]{1,40}[ ]?=|[ ][\w.-]{1,40}=|,?[ ](?:[\w-]{1,20}[ ])?[\w.-]{1,40}:(?:[ ]|$)|\s[(\[|]|\s[-–—]\s|\\+[rn]"
    r"|\s(?:and|but|und|is|was|has|could|did|from|failed|with|not)\s|(?<=\w{4})\.\s|\.\Z|\)\s|[)\]}]).){1,160}"
)
# A line that begins with the name, in a text of several lines: YAML, headers.
_YAML = re.compile(r"\n[ \t-]*\Z")
_PART = re.compile(r"(?:(?!\\+[rn]|\r?\n).)*+")
_TAG = re.compile(r"[^<]*+")
_BRACKET = re.compile(r"[()\[\]{}]")
_LINE = re.compile(r"[^\r\n]*+")
# After these the rest of the line is one value, spaces and all.
_WHOLE_LINE = ("authorization", "cookie", "passphrase")
_QUOTE = {quote: re.compile(rf"(?P<slashes>\\*){quote}") for quote in ('"""', "'''", '"', "'")}
_WORDS_BEFORE = re.compile(r"(?:[^\W_]{1,20}[ _](?:of |de )?){1,2}\Z")
_SPACED = frozenset({ADDRESS, NATIONAL, BANK, BIRTH, HEALTH, NAME, PERSON, PHONE, RESULT, LOCATION})
_ABOUT_FIELD = re.compile(
    r"(?i)(?:field |value |this )*(?:is )?(?:required|missing|invalid|not .*|too .*|must .*|unknown|expected .*|empty|optional|updated|saved)"
)
_NO_HEALTH = re.compile(
    r"(?i)(?:ok|good|healthy|up|down|pass(?:ed|ing)?|fail(?:ed|ing)?|green|red|degraded|unhealthy|\d+(?:\.\d+)?%?)"
)
_EXAMPLE_NAME = re.compile(r"[a-z]+(?:[._-][a-z]+)+\.[a-z]{2,4}|[a-z_]+\.[a-z_.]+|\d+(?:\.\d+)*|/.*|[A-Z_]{3,}|\w+\(.*")  # fmt: skip


def is_plausible(rule: str, name: str, text: str) -> bool:
    """Say whether ``text`` under ``name`` can be what ``rule`` stands for, rather than a remark about it or nothing."""
    text = text.strip().strip("'\"")
    if not text or is_ours(text) or tells_nothing(name, text) or _NOTHING.fullmatch(text):
        return False
    if rule == SECRET:
        return True
    if " " in text and rule != HEALTH and _REMARK.search(text):
        return False
    digits = sum(map(str.isdigit, text))
    if rule == EMAIL:
        return (
            "@" in text
            or "%40" in text
            or " at " in text
            or " dot " in text
            or not re.fullmatch(r"[a-z_ ]+", text)
        )
    if rule in {PHONE, BIRTH, LOCATION}:
        least = {PHONE: 5, BIRTH: 1, LOCATION: 1}[rule]
        return digits >= least and not (rule == PHONE and ":" in text)
    if rule == IP:
        return digits > 0 and text not in {"127.0.0.1", "0.0.0.0", "::1"}  # noqa: S104 - compared, not bound
    if rule == HEALTH:
        return (
            not _ABOUT_FIELD.fullmatch(text)
            and not _NO_HEALTH.fullmatch(text)
            and any(map(str.isalpha, text))
        )
    if rule in {NAME, PERSON, RESULT}:
        return any(map(str.isalnum, text)) and not is_telling_word(text)
    if rule == ADDRESS:
        return (digits > 0 or text[:1].isupper()) and not re.fullmatch(
            r"(?:tcp|udp|http|unix|localhost|0x)\S*|\w+://\S+", text
        )
    return digits > 0 or text.isupper() or (rule == IDENTITY and not _REMARK.search(text))


class Named:
    """Cuts the values behind telling names out of text; the names stay."""

    def __init__(self, names: Names, switched_off: frozenset[str] = frozenset()) -> None:
        self._names = names
        self._switched_off = switched_off

    def without(
        self, text: str, found: Found, *, is_source: bool = False, only_secrets: bool = False
    ) -> str:
        """Return ``text`` without those values. Of source code only quoted ones: ``password=password`` is a name there."""
        parts, position = [], 0
        for match in _NAMED.finditer(text):
            if match.start() < position or (told := self._told(match, text)) is None:
                continue
            name, rule = told
            if (only_secrets and rule != SECRET) or rule.strip() in self._switched_off:
                continue
            start, end, is_quoted = _span(text, match, name, rule)
            end = start + len(text[start:end].rstrip(",. "))
            value = text[start:end]
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
        if match["name"] and _is_code(match, text):
            return None
        for group in ("index", "flag", "pair", "tag", "part", "called", "name"):
            if name := match[group]:
                rule = rule_for(name[-MAX_NAME_CHARS:])
                if rule:
                    return name, rule
                if group == "name":
                    before = _WORDS_BEFORE.search(text, max(0, match.start() - 42), match.start())
                    whole = f"{before[0]}{name}" if before else name
                    if before and (rule := rule_for(whole)) and rule != SECRET:
                        return whole, rule
                    if name == "input" and "loc" in text:
                        return name, SECRET
                if is_of_people(name) or name.lower() == "name":
                    return name, _PERHAPS
        return None

    def _goes(
        self, rule: str, name: str, value: str, match: Match[str], *, is_quoted: bool
    ) -> bool:
        if not value.strip() or is_ours(value.strip()):
            return False
        if _PLACE.match(value):
            return False
        if match["pair"] and is_telling_word(value):
            return False  # a list of names
        if (
            rule == SECRET
            and not is_quoted
            and _COMPLAINT.match(value)
            and _REMARK.search(match.string[match.end() : match.end() + 40])
        ):
            return False  # what is said about it
        if rule == _PERHAPS:
            return self._names.is_name_of(name, value.strip())
        if (
            rule == NAME
            and not is_quoted
            and not self._names.is_name(value)
            and (_REMARK.search(value) or _EXAMPLE_NAME.fullmatch(value))
        ):
            return False
        return is_plausible(rule, name, value)


# `src/tokens.py:55`, `handlers.password_reset:handle`, `lambda token: token.value`.
_CODE_BEFORE = re.compile(r"(?:[/\\]|\blambda |\bdef \w{1,40}\([^)]{0,80}|\bclass )\Z")
_FILE = re.compile(
    r"(?i)[\w.-]+\.(?:py|js|mjs|ts|tsx|jsx|lua|luau|rs|go|rb|java|kt|php|html?|css|json|ya?ml|toml|sql|so|c|h|cpp|txt|log|csv|md)"
)
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*(?:[\s,;)\]}\"']|\Z)")
_COMPLAINT = re.compile(r"[a-z]{2,16}\Z")


def _is_code(match: Match[str], text: str) -> bool:
    """Say whether what looks like a name and a value is a place in a program."""
    name, sign = match["name"], match[0][len(match["name"]) :]
    if not sign.startswith(":"):
        return False
    if _FILE.fullmatch(name) or _CODE_BEFORE.search(
        text, max(0, match.start() - 128), match.start()
    ):
        return True
    return sign == ":" and "." in name and _ATTRIBUTE.match(text, match.end()) is not None


_PERHAPS = "name "  # only where it reads like one


def _span(text: str, match: Match[str], name: str, rule: str) -> tuple[int, int, bool]:
    """Return where the value behind a name begins and ends without its quotes, and whether it had any."""
    start = match.end()
    if match["part"] or match["tag"]:
        return start, _end(_PART if match["part"] else _TAG, text, start), True
    if name.lower().endswith(_WHOLE_LINE):
        return start, _end(_LINE, text, start), False
    found = IS_MARKER.match(text, start)
    if found is not None:
        # What stands right behind a marker belongs to the same value: it was cut too early.
        return start, _end(_BARE, text, found.end()), False
    if text[start : start + 1] in _BRACKETS and text[start : start + 1]:
        return start, _closed(text, start), True
    opening = _OPENING.match(text, start)
    if opening is None or opening["quote"] is None:
        if (
            rule == SECRET
            and _YAML.search(text, max(0, match.start() - 64), match.start())
            and match[0].endswith(": ")
        ):
            return start, _end(_LINE, text, start), False
        is_spaced = rule.strip() in _SPACED
        return start, _end(_CLAUSE if is_spaced else _BARE, text, start), False
    for closing in _QUOTE[opening["quote"]].finditer(text, opening.end()):
        if (
            closing["slashes"] == opening["slashes"]
        ):  # with others before it, it is part of the value
            return opening.end(), closing.start(), True
    return opening.end(), len(text), True


def _closed(text: str, start: int) -> int:
    """Return where the bracket that opens at ``start`` has been closed; the end, if it never is."""
    depth = 0
    for match in _BRACKET.finditer(text, start):
        depth += 1 if match[0] in _BRACKETS else -1
        if depth <= 0:
            return match.end()
    return len(text)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start
