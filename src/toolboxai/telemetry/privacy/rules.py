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

    ``hints`` are lower-case texts, or features of the sieve, without one of which there is nothing to find. Each pattern begins at a place that can't
    lie inside its own match, or repeats possessively or within bounds: no text makes it slow.
    """

    name: str
    hints: tuple[str, ...]
    pattern: Pattern[str]
    check: Check | None = None

    def without(self, text: str, found: Found) -> str:
        """Return ``text`` with a marker for what the rule takes; ``found`` hears of each."""
        if self.pattern.search(text) is None:
            return text
        group = "value" if "value" in self.pattern.groupindex else 0

        def replaced(match: Match[str]) -> str:
            if IS_MARKER.search(match[group]) or (self.check and not self.check(match)):
                return match[0]
            found(self.name)
            start, end = (place - match.start() for place in match.span(group))
            return f"{match[0][:start]}{marker(self.name)}{match[0][end:]}"

        return self.pattern.sub(replaced, text)
