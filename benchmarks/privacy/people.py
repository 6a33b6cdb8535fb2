"""Personal data that only what stands around it gives away: who somebody is, lives with, suffers from."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random

from benchmarks.privacy.kinds import ALNUM, Class, Kind, Sample, pick

_PEOPLE = tomllib.loads(Path(__file__).with_name("people.toml").read_text(encoding="utf-8"))
_NAMES: dict[str, dict[str, list[str]]] = _PEOPLE["names"]
_SCRIPTS: dict[str, list[str]] = _PEOPLE["scripts"]
_ADDRESSES: dict[str, list[str]] = _PEOPLE["addresses"]
_NOTES: dict[str, list[str]] = _PEOPLE["notes"]
_DIGITS = "0123456789"

_PUPIL_KEYS = ("student_name", "studentName", "pupil_name", "full_name", "learner.name", "child")
_PUPIL = (
    "Student {} could not be enrolled in 7B",
    "could not save the quiz of pupil {}",
    "my name is {} and the world does not load",
    "Quiz result for student {} is missing two answers",
    "Learner name: {}",
)


def _kind(
    name: str,
    make: Callable[[Random], str | Sample],
    keys: tuple[str, ...],
    sentences: tuple[str, ...],
    *,
    has_echo: bool = False,
) -> Kind:
    return Kind(
        name=name,
        klass=Class.CONTEXTUAL,
        make=make,
        keys=keys,
        sentences=sentences,
        has_echo=has_echo,
    )


def _whole(given: str, family: str, value: str) -> Sample:
    """Return a name that also leaks when its family name alone is left."""
    rest = (family,) if len(family) > 3 else ()
    return Sample(value, (f"{given} {family}", value, *rest))


def _drawn(random: Random, culture: str) -> tuple[str, str]:
    names = _NAMES[culture]
    return random.choice(names["given"]), random.choice(names["family"])


def _named(culture: str) -> Callable[[Random], Sample]:
    def make(random: Random) -> Sample:
        given, family = _drawn(random, culture)
        return _whole(given, family, f"{given} {family}")

    return make


def _anyone(random: Random) -> tuple[str, str]:
    return _drawn(random, random.choice(list(_NAMES)))


def _written(script: str) -> Callable[[Random], str]:
    return lambda random: random.choice(_SCRIPTS[script])


def _reversed(random: Random) -> Sample:
    given, family = _anyone(random)
    return _whole(given, family, f"{family}, {given}")


def _with_initial(random: Random) -> Sample:
    given, family = _anyone(random)
    return _whole(given, family, f"{given} {random.choice('ABCDEFGHJKLM')}. {family}")


def _in_capitals(random: Random) -> Sample:
    given, family = _anyone(random)
    return _whole(given, family, f"{family.upper()} {given}")


def _titled(random: Random) -> Sample:
    _, family = _anyone(random)
    title = random.choice(("Mrs", "Mr.", "Ms", "Dr.", "Prof."))
    return Sample(f"{title} {family}", (family, f"{title} {family}"))


def _adult(random: Random) -> Sample:
    given, family = _anyone(random)
    return _whole(given, family, f"{given} {family}")


def _born(random: Random) -> str:
    year, month, day = random.randint(2008, 2018), random.randint(1, 12), random.randint(1, 28)
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return random.choice(
        (
            f"{year}-{month:02}-{day:02}",
            f"{day:02}/{month:02}/{year}",
            f"{month}/{day}/{year}",
            f"{day:02}.{month:02}.{year}",
            f"{day} {months[month - 1]} {year}",
        )
    )


def _address(region: str) -> Callable[[Random], Sample]:
    def make(random: Random) -> Sample:
        shape = random.choice(_ADDRESSES[region])
        value = shape.format(n=random.randint(11, 989), d=random.randint(1, 9))
        return Sample(value, (value, value.split(",")[0]))

    return make


def _postcode(random: Random) -> str:
    return f"{random.choice(('LS', 'GL', 'CB', 'SW'))}{random.randint(1, 19)} {random.randint(1, 9)}{pick(random, 'ABDEFGHJ', 2)}"


def _username(random: Random) -> str:
    given, family = _drawn(random, "english")
    joined = random.choice(("{g}.{f}", "{g}{f}", "{g}_{f}", "{f}{g}")).format(g=given, f=family[:5])
    return f"{joined.lower()}{random.randint(10, 9999)}"


def _roblox_name(random: Random) -> str:
    first = random.choice(("Blox", "Ninja", "Unicorn", "Epic", "Shadow", "Pizza", "xX_Dragon"))
    last = random.choice(("Kid", "Slayer", "Builder", "Queen", "Panda"))
    return f"{first}{last}_{random.randint(100, 99999)}"


def _document(random: Random) -> Sample:
    given, family = _drawn(random, "english")
    together = random.choice(("{g}-{f}", "{g}_{f}", "{g}.{f}", "{f}_{g}")).format(g=given, f=family)
    named = random.choice((together.lower(), together, given + family, family + given))
    about = random.choice(("report", "essay", "homework", "IEP", "photo", "certificate"))
    shape = random.choice(("{about}-{named}", "{named}_{about}", "{about}_{named}_v2", "{named}"))
    ending = random.choice(("pdf", "docx", "jpg", "xlsx", "odt"))
    return Sample(f"{shape.format(about=about, named=named)}.{ending}", (named,))


def _family(random: Random) -> str:
    return _drawn(random, random.choice(("english", "west_african", "nordic", "chinese_latin")))[1]


def _note(topic: str) -> Callable[[Random], Sample]:
    def make(random: Random) -> Sample:
        note = random.choice(_NOTES[topic])
        return Sample(note, (note, note.split(",")[0]))

    return make


def _graded(random: Random) -> Sample:
    given, family = _anyone(random)
    score = random.choice(("got 34/100 in fractions", "was graded D- in science", "scored 41 %"))
    return Sample(f"{given} {family} {score}", (f"{given} {family}",))


def _numbered(prefix: str, length: int) -> Callable[[Random], str]:
    return lambda random: prefix + pick(random, _DIGITS[1:], length)


def _code(*prefixes: str) -> Callable[[Random], str]:
    return lambda random: random.choice(prefixes) + pick(random, _DIGITS, 6)


def _upn(random: Random) -> str:
    return f"{random.choice('ABCDEFGHJKLMNPQRTUVWXYZ')}{pick(random, _DIGITS, 12)}"


_HOME = ("home address: {}", "pupil lives at {}", "Address {} could not be geocoded")
_HOME_KEYS = ("address", "home_address", "streetAddress", "postal_address")

CONTEXTUAL: tuple[Kind, ...] = (
    *(
        _kind(
            f"name {culture.replace('_', ' ')}", _named(culture), _PUPIL_KEYS, _PUPIL, has_echo=True
        )
        for culture in _NAMES
    ),
    *(
        _kind(
            f"name in {script}",
            _written(script),
            _PUPIL_KEYS,
            _PUPIL,
            has_echo=True,
        )
        for script in _SCRIPTS
    ),
    _kind("name reversed", _reversed, _PUPIL_KEYS, _PUPIL[:2] + _PUPIL[3:], has_echo=True),
    _kind("name in capitals", _in_capitals, _PUPIL_KEYS, _PUPIL, has_echo=True),
    _kind("name with initial", _with_initial, _PUPIL_KEYS, _PUPIL, has_echo=True),
    _kind(
        "teacher's name",
        _titled,
        ("teacher_name", "teacher", "homeroom_teacher"),
        ("teacher {} has no class", "lesson of {} was cancelled", "ask {} to sign in again"),
        has_echo=True,
    ),
    _kind(
        "parent's name",
        _adult,
        ("parent_name", "guardianName", "mother_name", "emergency_contact"),
        ("Parent {} did not consent", "guardian {} was informed", "emergency contact: {}"),
        has_echo=True,
    ),
    _kind(
        "document of a pupil",
        _document,
        ("document", "upload", "attachment_title"),
        ("could not read {}", "upload of {} failed", "{} is too large"),
    ),
    _kind(
        "who did it",
        _family,
        ("approved_by", "marked_by", "reviewed_by"),
        ("Approved by {}", "the quiz was marked by {}", "reviewed by {} on Monday"),
    ),
    _kind(
        "date of birth",
        _born,
        ("date_of_birth", "dob", "birthDate", "birthday", "born"),
        ("date of birth {} is in the future", "DOB: {}", "pupil born on {} is too young"),
    ),
    *(_kind(f"address {region}", _address(region), _HOME_KEYS, _HOME) for region in _ADDRESSES),
    _kind(
        "postcode",
        _postcode,
        ("postcode", "zip_code", "postal_code"),
        ("postcode {} is not in the catchment area", "Postcode: {}"),
    ),
    _kind(
        "student id",
        _code("S", "STU-", "stu_", "P20-"),
        ("student_id", "studentId", "pupil_id", "learner_no"),
        ("student id {} is unknown", "no enrolment for student {}", "Student ID: {}"),
        has_echo=True,
    ),
    _kind(
        "unique pupil number", _upn, ("upn", "unique_pupil_number"), ("UPN {} is taken", "UPN: {}")
    ),
    _kind(
        "account id",
        _numbered("", 9),
        ("user_id", "userId", "account_id", "uid"),
        ("user id {} has no school", "no session for user {}"),
        has_echo=True,
    ),
    _kind(
        "roblox user id",
        _numbered("", 10),
        ("roblox_user_id", "robloxUserId", "roblox_id", "PlayerId"),
        ("Roblox user {} left the game", "no avatar for Roblox id {}"),
        has_echo=True,
    ),
    _kind(
        "roblox name",
        _roblox_name,
        ("roblox_username", "robloxName", "player_name", "displayName"),
        ("Roblox player {} was kicked", "player {} fell off the terrain", "Roblox username {}"),
        has_echo=True,
    ),
    _kind(
        "username",
        _username,
        ("username", "user_name", "login", "preferred_username"),
        ("username {} is taken", "login failed for user {}", "User {} is locked out"),
        has_echo=True,
    ),
    _kind(
        "passport number",
        lambda random: random.choice("CPX") + pick(random, _DIGITS, 8),
        ("passport_number", "passportNo"),
        ("passport number {} has expired", "Passport: {}"),
    ),
    _kind(
        "library card",
        lambda random: f"LC{pick(random, ALNUM.upper(), 8)}",
        ("library_card", "card_no"),
        ("library card {} is overdue", "library card number: {}"),
    ),
    _kind(
        "health note",
        _note("health"),
        ("health_notes", "medical_conditions", "allergies", "medicalInfo"),
        ("medical note: {}", "health conditions: {}", "allergy or medication: {}"),
    ),
    _kind(
        "special needs note",
        _note("needs"),
        ("special_needs", "iep_notes", "sen_notes", "accommodations"),
        ("special needs: {}", "SEN note: {}", "accommodations: {}"),
    ),
    _kind(
        "welfare note",
        _note("welfare"),
        ("safeguarding_note", "pastoral_notes", "behaviour_notes", "counselor_notes"),
        ("safeguarding note: {}", "pastoral note: {}"),
    ),
    _kind(
        "grade of a named pupil",
        _graded,
        ("student_result", "gradebook_entry", "report_card"),
        ("student {}", "report card: {}", "pupil {} and retries tomorrow"),
    ),
)
