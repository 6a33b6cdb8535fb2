"""What stands where something was taken out: the name of the rule that took it, never a part of it."""

import re

MARKER = "[redacted:{}]"
IS_MARKER = re.compile(r"\[redacted:([\w-]{1,48})\]")
# What a value is reduced to where only its kind and length may leave.
IS_SHAPE = re.compile(r"<[a-z]{1,16}(?: \d{1,9})?>")


def marker(rule: str) -> str:
    """Return the words for what ``rule`` took."""
    return MARKER.format(rule)


def is_ours(text: str) -> bool:
    """Say whether ``text`` is a marker or a shape, that is, whether somebody has looked at it already."""
    return IS_MARKER.fullmatch(text) is not None or IS_SHAPE.fullmatch(text) is not None
