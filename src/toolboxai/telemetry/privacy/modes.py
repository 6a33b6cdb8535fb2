"""How a text is looked at, by where it stands; and which texts need no look at all."""

import re

# Prose, a line of source code, what programs named, a version.
FREE, SOURCE, STRUCTURE, VERSION = MODES = range(4)

_HEX = "(?=[0-9]*[a-f])(?!(?:[2-7][0-9a-f])+$)[0-9a-f]"
_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.]{0,10}"
_PLAIN = rf"{_HEX}{{8,13}}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|{_TIME}(?:Z|-\d\d:\d\d)?|-?\d{{1,5}}(?:\.\d{{1,3}})?|p1_[a-z2-7]{{26}}"
# Ids, times and numbers that a text consists of: there is nothing to find, but they may be an echo.
is_id = re.compile(rf"{_HEX}{{14,64}}|{_PLAIN}|{_TIME}\+\d\d:\d\d").fullmatch
# Those of them that nothing can be wrapped in.
is_plain_id = re.compile(_PLAIN).fullmatch
# Neither is there anything in a short word.
is_word = re.compile(r"[a-z]{1,12}").fullmatch

_PLUS = re.compile(r"\w\+\w")
_MIXED = re.compile(r"[a-z][A-Z]")
_MIXED_RUN = re.compile(r"(?<![\w/+-])(?=[\w/+-]*[a-z][A-Z])[\w/+-]{12}")
_HEX_RUN = re.compile(r"[0-9a-f]{14}")


def may_be_wrapped(text: str) -> bool:
    """Say whether there is anything in ``text`` that may hold another text: signs of an encoding, or a run that looks like one."""
    return (
        "%" in text
        or "\\" in text
        or "&" in text
        or ("+" in text and _PLUS.search(text) is not None)
        or (_MIXED.search(text) is not None and _MIXED_RUN.search(text) is not None)
        or _HEX_RUN.search(text) is not None
    )
