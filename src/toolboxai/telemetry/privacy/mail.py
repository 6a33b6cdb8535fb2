"""Mail addresses in free text, also spelled out."""

import re
from re import Match

from toolboxai.telemetry.privacy.keys import EMAIL
from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.rules import Rule

_FILES = later(
    r"(?i)\.(?:png|jpe?g|gif|svg|webp|avif|js|mjs|ts|css|py|html?|json|md|txt|so|dll|jar|whl|map)$"
)
# What domains end with: behind it a file's ending says that a file is named for somebody, `anna@school.de.txt`.
_DOMAIN_ENDS = later(
    r"(?i)[.。](?:[^\W\d_]{2}|com|org|net|edu|gov|info|school|academy|email|online)$"
)
_LOCAL = r"[^\s@＠<>\"'(),:;\[\]\\=/?&|{}]"


def _is_email(match: Match[str]) -> bool:
    if match[0].lower().startswith(("git@", "noreply@", "no-reply@")):
        return False
    file = _FILES.search(match[0])
    return file is None or _DOMAIN_ENDS.search(match[0][: file.start()]) is not None


EMAILS = (
    Rule(
        EMAIL,
        ("@", "＠"),
        later(
            rf"(?:\"[^\"\n@]{{1,64}}\"|(?<!{_LOCAL}){_LOCAL}++)[@＠](?!\d+\.\d)(?:[\w-]{{1,63}}[.。]){{1,8}}(?:xn--[\w-]{{2,59}}|[^\W\d_]{{2,24}})\b"
        ),
        _is_email,
    ),
    Rule(
        EMAIL,
        (" dot ", "(dot)", "[dot]", "{dot}", "(at)", "[at]", "{at}", "_at_", "-at-"),
        later(
            r"(?<![\w.+-])[\w.+-]{1,64}+(?i: at | ?[\[({]at[\])}] ?|_at_|-at-)[\w-]{1,63}"
            r"(?:(?i: dot | ?[\[({]dot[\])}] ?|\.|_dot_|-dot-)[\w-]{2,63}){1,4}(?!\w)"
        ),
        lambda match: re.search(r"(?i)dot|[\[({]at|_at_|-at-", match[0]) is not None,
    ),
)
