"""User names: how one is written in the rows, however it was typed."""

import re
import unicodedata

MIN_USERNAME_CHARS = 2
MAX_USERNAME_CHARS = 64
# Letters and digits of any script, and what school systems and mail addresses put between them.
_USERNAME = re.compile(rf"[\w.@+-]{{{MIN_USERNAME_CHARS},{MAX_USERNAME_CHARS}}}")


def username_of(typed: str) -> str | None:
    """Return the name as it is stored, or ``None`` when nobody can be called that."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed).lower()).strip()
    return folded if _USERNAME.fullmatch(folded) else None
