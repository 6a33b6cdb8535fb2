"""What can be planted: a kind has a name, a class, a way to make a value, and the company it keeps in real life."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum, auto
from random import Random
from string import ascii_letters, ascii_uppercase, digits

ALNUM = ascii_letters + digits
BASE32 = ascii_uppercase + "234567"
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "-_"


class Class(StrEnum):
    """How a kind can be known: by itself, by its form, or only by what stands around it."""

    SECRET = auto()
    PATTERN = auto()
    CONTEXTUAL = auto()


@dataclass(frozen=True, slots=True)
class Sample:
    """A value to plant, and the parts of it of which none may be left over."""

    value: str
    tells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A category of the corpus. ``{}`` in a sentence is where the value goes."""

    name: str
    klass: Class
    make: Callable[[Random], str | Sample]
    keys: tuple[str, ...]
    sentences: tuple[str, ...]
    is_distinctive: bool = False
    """Whether the bare value says what it is, so that it must go even where nothing around it helps."""
    has_echo: bool = False
    """Whether what was named under a key comes again in free text that has no other cue."""
    unnatural: frozenset[str] = field(default=frozenset())
    """Wrappings in which nobody would ever see it."""

    def sample(self, random: Random) -> Sample:
        """Return a new value with its tells: of a plain one, itself."""
        made = self.make(random)
        return Sample(made, (made,)) if isinstance(made, str) else made


def pick(random: Random, alphabet: str, length: int) -> str:
    """Return ``length`` characters of ``alphabet``."""
    return "".join(random.choices(alphabet, k=length))


def with_rest(value: str, rest: str) -> Sample:
    """Return a sample of which ``rest`` alone would give it away as well."""
    return Sample(value, (value, rest))
