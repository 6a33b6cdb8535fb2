"""What one gate has met and found clean: most of it comes again and again. Nothing that a rule bit on is kept."""

from typing import TypeVar

from toolboxai.telemetry.privacy.modes import FREE, MODES, VERSION, may_be_wrapped

# Of each kind; beyond that it begins anew.
MAX_SEEN = 5_000
MAX_SEEN_CHARS = 200  # longer texts hardly come twice
MAX_SEEN_ELEMENTS = 64

T = TypeVar("T")


class Known(set[T]):
    """A set that begins anew rather than grow over ``limit``."""

    def __init__(self, limit: int = MAX_SEEN) -> None:
        super().__init__()
        self._limit = limit

    def remember(self, one: T) -> None:
        """Put ``one`` in."""
        if len(self) >= self._limit:
            self.clear()
        self.add(one)


class Seen:
    """What was left as it is; belongs to one policy and one set of rules."""

    def __init__(self) -> None:
        # Texts, by how they were looked at. Nothing can be wrapped in the plain ones: they need no second look, but
        # for what an event itself gives away.
        self.plain: dict[int, Known[str]] = {mode: Known() for mode in MODES}
        self.wrapping: dict[int, Known[str]] = {mode: Known() for mode in MODES}
        # What the scanner alone leaves as it is: members' names, paths, headers.
        self.scanned: Known[str] = Known()
        self.headers: Known[tuple[str, str]] = Known()
        # Lists of texts, each with the name that it stands under.
        self.lists: Known[tuple[str, tuple[str, ...]]] = Known()

    def keep(self, text: str, mode: int) -> None:
        """Remember that ``text`` was left as it is."""
        if len(text) <= MAX_SEEN_CHARS:
            # Of structure and source no wrapping is opened.
            is_open = mode in {FREE, VERSION} and may_be_wrapped(text)
            (self.wrapping if is_open else self.plain)[mode].remember(text)
