"""What one rule is: a name, what must be there for it to find anything, a pattern, and a check of what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from re import Match, Pattern

from toolboxai.telemetry.privacy.markers import IS_MARKER, marker

Found = Callable[[str], None]
Check = Callable[[Match[str]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """Takes every match of ``pattern`` that ``check`` confirms; of a pattern with a group ``value`` only that part.

    ``hints`` are lower-case texts, or features of the sieve, without one of which there is nothing to find; nor is there without one of ``needs``,
    if there are any. In them ``^`` is where a word begins, ``$`` where it ends. Each pattern begins at a place that can't lie inside its own match, or
    repeats possessively or within bounds: no text makes it slow.
    """

    name: str
    hints: tuple[str, ...]
    pattern: Pattern[str]
    check: Check | None = None
    needs: tuple[str, ...] = ()

    def without(self, text: str, found: Found) -> str:
        """Return ``text`` with a marker for what the rule takes; ``found`` hears of each."""
        first = self.pattern.search(text)
        if first is None:
            return text
        group = "value" if "value" in self.pattern.groupindex else 0
        parts, position = [], 0
        for match in self.pattern.finditer(text, first.start()):
            if IS_MARKER.search(match[group]) or (self.check and not self.check(match)):
                continue
            found(self.name)
            start, end = match.span(group)
            parts += [text[position:start], marker(self.name)]
            position = end
        return "".join([*parts, text[position:]])
