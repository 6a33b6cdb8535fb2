"""An event in, a fingerprint and its reasons out. Pure.

The fingerprint must stay the same for ever for one version of these rules. A change of rules gets a
new ``GROUPING_VERSION``, and the rules before it stay in a module of their own: an issue that was
made under them is found by their fingerprint, otherwise every problem would appear a second time.
"""

import hashlib
from collections.abc import Iterable

from toolboxai.monitor.grouping import version_1
from toolboxai.monitor.grouping.components import Component, Grouping, Kind
from toolboxai.monitor.grouping.fingerprints import resolved, variable
from toolboxai.monitor.grouping.messages import MAX_MESSAGE_CHARS, parametrised
from toolboxai.monitor.grouping.naming import culprit_of, title_of
from toolboxai.monitor.grouping.raised import Raised
from toolboxai.monitor.grouping.stacks import describe, own_frames
from toolboxai.monitor.grouping.values import (
    Json,
    exceptions,
    first_line,
    frames,
    template,
    text,
    threads,
)

GROUPING_VERSION = 2
MAX_FINGERPRINT_PARTS = 50
DEFAULT = "default"
_PERSON = b"grouping%d" % GROUPING_VERSION


def group(event: Json) -> Grouping:
    """Return the group of an event."""
    left_out: list[str] = []
    components = tuple(_components(event, left_out))
    return Grouping(
        fingerprint=_digest(components),
        title=title_of(event),
        culprit=culprit_of(event),
        components=components,
        left_out=tuple(left_out),
        version=GROUPING_VERSION,
    )


def older_fingerprints(event: Json) -> tuple[str, ...]:
    """Return where the rules before these put a repaired event, the newest first."""
    return (version_1.fingerprint_of(event),)


def _digest(components: Iterable[Component]) -> str:
    digest = hashlib.blake2b(digest_size=16, person=_PERSON)
    for kind, told, _ in components:
        body = f"{kind}\n{told}".encode("utf-8", "surrogatepass")
        # With its length, so that two parts never read like one.
        digest.update(b"%d:" % len(body))
        digest.update(body)
    return digest.hexdigest()


def _components(event: Json, left_out: list[str]) -> Iterable[Component]:
    sent = event.get("fingerprint")
    parts = sent[:MAX_FINGERPRINT_PARTS] if isinstance(sent, list) else []
    for part in parts or ["{{ default }}"]:
        told = str(part)
        name = variable(told)
        if name == DEFAULT:
            yield from _by_default(event, left_out)
            continue
        value = resolved(name, event) if name else None
        if value is None:
            yield Component(Kind.FINGERPRINT, told, "the client says so")
        else:
            yield Component(Kind.FINGERPRINT, value, f"the client says so: {told}")


def _by_default(event: Json, left_out: list[str]) -> list[Component]:
    platform = text(event, "platform")
    raised = Raised(exceptions(event), platform)
    found = raised.components()
    if found:
        left_out += raised.left_out
        return found
    for holder in (*threads(event), event):
        sent = frames(holder)
        if sent:
            stack = describe(sent, own_frames(sent), platform)
            if stack.is_telling:
                left_out += stack.left_out
                return stack.components
    said = parametrised(first_line(template(event), max_chars=MAX_MESSAGE_CHARS))
    return [Component(Kind.MESSAGE, said, "what was said, without its values")]
