"""What one rule is: a name, what must be there for it to find anything, a pattern, and a check of what was found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from re import Match, Pattern

from toolboxai.telemetry.privacy.markers import IS_MARKER, marker

Found = Callable[[str], None]
Check = Callable[[Match[str]], bool]
Find = Callable[[str], Iterable[Match[str]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Takes every match of ``pattern`` that ``check`` confirms; of a pattern with a group ``value`` only that part.

    ``hints`` are lower-case texts, or features of the sieve, without one of which there is nothing to find; nor is there without one of ``needs``,
    if there are any. In both ``^`` is where a word begins, ``$`` where it ends. ``find`` is a quicker way to the same matches. Each pattern begins at
    a place that can't lie inside its own match, or repeats possessively or within bounds: no text makes it slow.
    """

    name: str
    hints: tuple[str, ...]
    pattern: Pattern[str]
    check: Check | None = None
    needs: tuple[str, ...] = ()
    find: Find | None = None

    def without(self, text: str, found: Found) -> str:
        """Return ``text`` with a marker for what the rule takes; ``found`` hears of each."""
        matches: Iterable[Match[str]]
        if self.find is not None:
            matches = self.find(text)
        elif (first := self.pattern.search(text)) is not None:
            matches = self.pattern.finditer(text, first.start())
        else:
            return text
        group = "value" if "value" in self.pattern.groupindex else 0
        parts, position = [], 0
        for match in matches:
            if IS_MARKER.search(match[group]) or (self.check and not self.check(match)):
                continue
            found(self.name)
            start, end = match.span(group)
            parts += [text[position:start], marker(self.name)]
            position = end
        return "".join([*parts, text[position:]]) if parts else text
