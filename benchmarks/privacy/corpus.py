"""The labelled corpus: payloads with what must go and what must stay, each at its place; the same for the same seed."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from benchmarks.privacy.credentials import SECRETS
from benchmarks.privacy.harmless import IN_TEXT, UNDER_KEYS, Harmless
from benchmarks.privacy.kinds import Class, Kind, Sample
from benchmarks.privacy.patterns import PATTERNS
from benchmarks.privacy.people import CONTEXTUAL
from benchmarks.privacy.places import PLACES, Form, Path, Place, Planting, at
from benchmarks.privacy.skeletons import SKELETONS, Payload
from benchmarks.privacy.wrappings import LOG_LINE, WRAPPINGS, Bare

KINDS: tuple[Kind, ...] = (*SECRETS, *PATTERNS, *CONTEXTUAL)
# How many payloads of each type: those with more places take more.
PAYLOADS: Mapping[str, int] = {
    "error": 120,
    "message": 80,
    "transaction": 100,
    "feedback": 70,
    "replay_event": 60,
    "log": 100,
}
NEEDLES_A_PAYLOAD = 6
STRAWS_A_PAYLOAD = 8
OWN_KEY_SHARE = 0.6
PLAIN_SHARE = 0.3
ECHO_SHARE = 0.4
OWN_ID_SHARE = 0.2
OWN_KEY = "own key"
ECHO = "echo"
# Keys that say nothing of what lies under them.
_NEUTRAL = ("raw", "dump", "payload_text", "last_line")
# Sentences that say nothing of what stands in them: only the key elsewhere does.
_ECHOES = ("could not move {} to another group", "retrying {} after 30 s", "{} was not found")
# Never drawn: its value is whatever the payload's user has.
_OWN_ID = Kind(name="own user id", klass=Class.CONTEXTUAL, make=lambda _: "", keys=(), sentences=())

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Needle:
    """Something that must go, and what of it may be found nowhere afterwards."""

    category: str
    klass: Class
    tells: tuple[str, ...]
    type: str
    place: str
    wrapping: str
    path: Path


@dataclass(frozen=True, slots=True)
class Straw:
    """Something that must stay: ``value``, whole, at ``path``."""

    category: str
    value: str | float
    type: str
    place: str
    path: Path


@dataclass(frozen=True, slots=True)
class Case:
    """A payload, what is planted in it, and how it was before."""

    type: str
    payload: Payload
    skeleton: Payload
    needles: list[Needle]
    straws: list[Straw]


class Deck(Generic[T]):
    """Deals items evenly, in an order of chance."""

    def __init__(self, random: Random, items: Sequence[T]) -> None:
        self._random, self._items = random, items
        self._left: list[T] = []

    def draw(self, suits: Callable[[T], bool] = lambda _: True) -> T:
        """Return the next item that ``suits``; the others keep their turn."""
        for index, item in enumerate(self._left):
            if suits(item):
                return self._left.pop(index)
        self._left += self._random.sample(self._items, len(self._items))
        return self.draw(suits)


def corpus(
    seed: int = 1, payloads: Mapping[str, int] = PAYLOADS, *, needles: int = NEEDLES_A_PAYLOAD
) -> list[Case]:
    """Return the cases of ``seed``, each with at least so many needles, or as many as it has places."""
    dealer = _Dealer(Random(seed), needles)
    return [dealer.case(each) for each, count in payloads.items() for _ in range(count)]


class _Dealer:
    """Plants evenly: all kinds, wrappings and harmless things come equally often."""

    def __init__(self, random: Random, needles: int) -> None:
        self._random, self._needles = random, needles
        self._uses: Counter[tuple[str, str]] = Counter()
        self._kinds = Deck(random, KINDS)
        self._wrappings = Deck(random, tuple(WRAPPINGS))
        self._in_text = Deck(random, IN_TEXT)
        self._under_keys = Deck(random, UNDER_KEYS)

    def case(self, payload_type: str) -> Case:
        """Return a payload of the type with its needles and straws."""
        payload = SKELETONS[payload_type](self._random)
        case = Case(payload_type, payload, deepcopy(payload), [], [])
        places = self._places(payload_type)
        if self._random.random() < OWN_ID_SHARE:
            self._tell_own_id(case, places)
        while places and len(case.needles) < self._needles:
            self._plant(case, places)
        kept = [
            place for place in places if place.is_kept and place.form in (Form.TEXT, Form.KEYED)
        ]
        for place in self._random.sample(kept, min(len(kept), STRAWS_A_PAYLOAD)):
            self._lay(case, place)
        return case

    def _places(self, payload_type: str) -> list[Place]:
        """Return the type's places, of each slot one, those that had fewest needles last."""
        fitting = [place for place in PLACES if payload_type in place.types]
        shuffled = self._random.sample(fitting, len(fitting))
        by_slot: dict[str, Place] = {}
        for place in sorted(shuffled, key=lambda each: self._uses[payload_type, each.name]):
            by_slot.setdefault(place.slot or place.name, place)
        return list(by_slot.values())[::-1]

    def _plant(self, case: Case, places: list[Place]) -> None:
        place = places.pop()
        self._uses[case.type, place.name] += 1
        kind = self._kinds.draw(lambda each: _suits(each, place))
        sample = kind.sample(self._random)
        key, sentence = self._random.choice(kind.keys), self._random.choice(kind.sentences)
        wrapping = self._wrapping(kind, place)
        bare = Bare(key, sample.value, sentence)
        if wrapping in WRAPPINGS:
            text = WRAPPINGS[wrapping](bare, self._random)
            key = self._random.choice(_NEUTRAL)
        else:
            text = sample.value
        path = place.put(case.payload, Planting(key, sample.value, sentence, text))
        case.needles.append(_needle(case, kind, sample, place, wrapping=wrapping, path=path))
        if wrapping == LOG_LINE and place.is_kept:
            before, _, _ = text.partition(bare.told)
            case.straws.append(Straw("beside a needle", before, case.type, place.name, path))
        if kind.has_echo and wrapping == OWN_KEY and self._random.random() < ECHO_SHARE:
            self._echo(case, places, kind, sample)

    def _echo(self, case: Case, places: list[Place], kind: Kind, sample: Sample) -> None:
        """Repeat what was named under its key, in a sentence that doesn't tell."""
        place = next((p for p in places if p.form is Form.TEXT and not p.wrapping), None)
        if place is None:
            return
        places.remove(place)
        sentence = self._random.choice(_ECHOES)
        text = sentence.replace("{}", sample.value)
        path = place.put(case.payload, Planting("", sample.value, sentence, text))
        case.needles.append(_needle(case, kind, sample, place, wrapping=ECHO, path=path))

    def _tell_own_id(self, case: Case, places: list[Place]) -> None:
        """Let a text name the id that the payload has as its user's."""
        value = str(at(case.skeleton, user_ids(case.skeleton)[0]))
        self._echo(case, places, _OWN_ID, Sample(value, (value,)))

    def _wrapping(self, kind: Kind, place: Place) -> str:
        match place.form:
            case Form.BARE | Form.CODE | Form.NAME:
                return place.form.name.lower()
            case Form.KEYED if self._random.random() < OWN_KEY_SHARE:
                return OWN_KEY
        if place.wrapping:
            return place.wrapping
        if self._random.random() < PLAIN_SHARE:
            return "plain"
        return self._wrappings.draw(lambda each: each not in kind.unnatural)

    def _lay(self, case: Case, place: Place) -> None:
        """Put something harmless at the place, that has no word in common with the needles."""
        words = {word for needle in case.needles for tell in needle.tells for word in _words(tell)}
        while True:
            harmless = self._straw(place)
            value = harmless.make(self._random)
            if words.isdisjoint(_words(str(value))):
                break
        if place.name == "tag":
            value = str(value)
        key = self._random.choice(harmless.keys or ("",))
        path = place.put(case.payload, Planting(key, str(value), "{}", value))
        case.straws.append(Straw(harmless.name, value, case.type, place.name, path))

    def _straw(self, place: Place) -> Harmless:
        if place.form is Form.KEYED:
            return self._under_keys.draw()
        return self._in_text.draw(lambda each: not place.straws or each.name in place.straws)


def user_ids(payload: Payload) -> list[Path]:
    """Return where a payload has the id of its user."""
    if "items" in payload:
        return [
            ("items", n, "attributes", "user.id", "value") for n in range(len(payload["items"]))
        ]
    return [("user", "id")]


def _needle(
    case: Case, kind: Kind, sample: Sample, place: Place, *, wrapping: str, path: Path
) -> Needle:
    return Needle(kind.name, kind.klass, sample.tells, case.type, place.name, wrapping, path)


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"\W+", text.casefold()) if len(word) > 2}


def _suits(kind: Kind, place: Place) -> bool:
    match place.form:
        case Form.CODE:
            return kind.is_distinctive and kind.klass is Class.SECRET and not kind.unnatural
        case Form.NAME:
            return kind.is_distinctive and not kind.unnatural
        case Form.TEXT | Form.KEYED | Form.BARE:
            return place.wrapping not in kind.unnatural
