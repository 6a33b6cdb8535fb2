"""What stays the same in a message from one occurrence to the next. Pure."""

import re

MAX_MESSAGE_CHARS = 1_000
VALUE = "<value>"

# From special to general: the first that matches a place wins. They all become the same word: of
# two ids one often looks like a number and the other doesn't.
_VALUES = re.compile(
    r"""
    # Codes are few, and say what happened.
    (?P<code>\b(?:[Ee]rrno|status(?:[ ]code)?|Status(?:[ ]code)?|HTTP|React[ ]error)[ ]?[:=\#]?[ ]?\#?\d{1,4}\b)
  | [\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+
  | \b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s'"<>)]+
  | \b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b
    # Files: under a folder that machines have, or with an ending. Other paths are routes, which tell.
  | (?<![\w/])[~.]{0,2}/(?:home|var|tmp|usr|opt|srv|data|mnt|Users|etc|root|run|proc|private)\b
      (?:/[^\s'",:;()<>\]}]*)?
  | (?<![\w/])(?:~|\.{1,2})?/?(?:[\w@+-]{1,80}/)+[\w@+-][\w.@+-]{0,80}\.[A-Za-z]\w{0,5}\b
  | \b[A-Za-z]:\\[^\s"'<>|:*?!]+
  | (?P<quoted>(?<!\w)(?:'[^'\n]{0,200}'|"[^"\n]{0,200}"|`[^`\n]{0,200}`|[“«][^”»\n]{0,200}[”»])(?!\w))
  | \{(?:[^{}\n]|\{[^{}\n]{0,100}\}){0,200}:(?:[^{}\n]|\{[^{}\n]{0,100}\}){0,200}\}
  | (?<=\w=)[^\s,;()\[\]{}'"<>]+
  | \b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[ ]?[+-]\d\d:?\d\d)?)?
  | \b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?[ ])?\d{1,2}[ ](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*
      (?:[ ]\d{4})?
  | \[?(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])\]?(?::\d+)?
  | \b0[xX][0-9a-fA-F]+\b
  | (?<![A-Za-z0-9])(?:[0-9a-fA-F]{8,}|(?=\d*[a-fA-F])(?=[a-fA-F]*\d)[0-9a-fA-F]{7})(?![A-Za-z0-9])
  | (?<![A-Za-z0-9])(?=\d+[A-Za-z]+\d|[A-Za-z]+\d+[A-Za-z])[A-Za-z0-9]{6,}(?![A-Za-z0-9])
    # Numbers with their unit: 1.5 s and 350ms are the same place. Words that hold digits keep their letters.
  | (?:(?<!\w)[-+])?\d+(?:[.,:_]\d+)*(?:[eE][-+]?\d+)?
      (?:[ ]?(?:[nµm]?s|min|h|secs?|seconds?|minutes?|hours?|days?|[kKMGT]?i?B|bytes?|%)(?![A-Za-z])
        |[A-Za-z%]{1,3}(?![A-Za-z0-9]))?
    """,
    re.VERBOSE,
)
# What stands in quotes after these words is a name of the program's own.
_NAMED = re.compile(
    r"(?:reading|setting|evaluating|attribute|property|argument|column|relation|table|constraint|name|named|module)[ :]$"
    r"|(?:object|type)[ ]$"
)
_NAMED_CHARS = 12
_SEVERAL = re.compile(rf"{VALUE}(?:\s*[,:;/.x-]?\s*{VALUE})+")
_PLURAL = re.compile(rf"(?<={VALUE} )([a-z]{{2,}}?)s+\b")


def parametrised(message: str) -> str:
    """Return the message with ``<value>`` for what differs from one occurrence to the next."""
    line = message[:MAX_MESSAGE_CHARS]
    replaced = _VALUES.sub(_replacement, line)
    if replaced == line:
        return line
    return _PLURAL.sub(r"\1", _SEVERAL.sub(VALUE, replaced))


def _replacement(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "code":
        return found.group()
    if kind == "quoted" and _NAMED.search(
        found.string, max(0, found.start() - _NAMED_CHARS), found.start()
    ):
        return found.group()
    return VALUE
