"""Made-up secrets and persons, fresh for each run. Pure: the same seed makes the same, in whichever process."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

_ALPHANUMERIC = ascii_lowercase + ascii_uppercase + digits
_GIVEN = (
    *(
        "Oliver",
        "Amelia",
        "Henrik",
        "Zofia",
        "Mateo",
        "Priya",
        "Giulia",
        "Tobias",
        "Chloe",
        "Samuel",
    ),
    *(
        "Ingrid",
        "Marek",
        "Ayesha",
        "Daniel",
        "Camille",
        "Lukas",
        "Sofia",
        "Nathan",
        "Elena",
        "Hannah",
    ),
)
_FAMILY_BEGINS = (
    *("Whit", "Brad", "Halver", "Oster", "Kirk", "Thorn", "Green", "Ashen", "Wolver", "Black"),
    *("Linden", "Hammer", "Stein", "Alder", "Rosen", "Hart"),
)
_FAMILY_ENDS = (
    *("combe", "mann", "sen", "wick", "field", "worth", "dottir", "ley", "berg", "ton", "ham"),
    *("bury", "stad", "thorpe", "well", "hurst"),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of secret or person's fact.

    ``field`` is the name under which programs keep it, ``sentence`` how people write of it. ``make`` returns it,
    and those parts of it each of which would give it away.
    """

    name: str
    field: str
    sentence: str
    make: Callable[[Random], tuple[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted value: where, of which kind, and what of it must not be seen."""

    place: str
    kind: Kind
    value: str
    needles: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The value as it stands in text."""
        return self.kind.sentence.format(self.value)


@dataclass(frozen=True, slots=True)
class Canaries:
    """All canaries of a run."""

    seed: str

    def planted(self, place: str, kind: Kind) -> Canary:
        """Return what is planted in ``place`` of ``kind``, in this run and in no other."""
        value, needles = kind.make(Random(f"{self.seed}/{place}/{kind.name}"))
        return Canary(place, kind, value, needles)


def _some(chance: Random, length: int, signs: str = _ALPHANUMERIC) -> str:
    return "".join(chance.choices(signs, k=length))


def _token(
    prefix: str, length: int, signs: str = _ALPHANUMERIC
) -> Callable[..., tuple[str, tuple[str, ...]]]:
    def make(chance: Random) -> tuple[str, tuple[str, ...]]:
        core = _some(chance, length, signs)
        return prefix + core, (core, core[:12], core[-12:])

    return make


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _password(chance: Random) -> tuple[str, tuple[str, ...]]:
    password = f"{_some(chance, 7)}-{_some(chance, 4, digits)}!{_some(chance, 5)}"
    return password, (password, password[:9])


def _jwt(chance: Random) -> tuple[str, tuple[str, ...]]:
    head = _base64('{"alg":"HS256","typ":"JWT"}')
    payload = _base64(f'{{"sub":"{_some(chance, 12)}","name":"canary"}}')
    signature = _some(chance, 43)
    return f"{head}.{payload}.{signature}", (payload, signature)


def _basic(chance: Random) -> tuple[str, tuple[str, ...]]:
    password = _some(chance, 14)
    pair = base64.b64encode(f"canary:{password}".encode()).decode()
    return f"Basic {pair}", (pair, password)


def _private_key(chance: Random) -> tuple[str, tuple[str, ...]]:
    lines = [_some(chance, 64) for _ in range(3)]
    kind = "PRIVATE KEY"
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"]), tuple(lines)


def _database_url(chance: Random) -> tuple[str, tuple[str, ...]]:
    password = _some(chance, 15)
    return f"postgresql://canary:{password}@db.example.org:5432/lessons", (password,)


def _webhook(chance: Random) -> tuple[str, tuple[str, ...]]:
    key = _some(chance, 24)
    place = f"T{_some(chance, 8, ascii_uppercase)}/B{_some(chance, 8, ascii_uppercase)}"
    return f"https://hooks.slack.com/services/{place}/{key}", (key,)


def _email(chance: Random) -> tuple[str, tuple[str, ...]]:
    name = f"{_some(chance, 8, ascii_lowercase)}.{_some(chance, 6, ascii_lowercase)}"
    return f"{name}@school.example.org", (name,)


def _phone(chance: Random) -> tuple[str, tuple[str, ...]]:
    number = f"+44 20 7{_some(chance, 3, digits)} {_some(chance, 4, digits)}"
    return number, (number, number.replace(" ", ""))


def _address(chance: Random) -> tuple[str, tuple[str, ...]]:
    address = ".".join(str(chance.randint(20, 219)) for _ in range(4))
    return f"81.{address.partition('.')[2]}", (f"81.{address.partition('.')[2]}",)


def _card(chance: Random) -> tuple[str, tuple[str, ...]]:
    number = f"4{_some(chance, 14, digits)}"
    doubled = (int(sign) * (2 - place % 2) for place, sign in enumerate(number))
    check = -sum(digit // 10 + digit % 10 for digit in doubled) % 10
    number = f"{number}{check}"
    spaced = " ".join(number[start : start + 4] for start in range(0, 16, 4))
    return spaced, (spaced, number)


def _iban(chance: Random) -> tuple[str, tuple[str, ...]]:
    account = _some(chance, 18, digits)
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02}{account}", (account,)


def _ssn(chance: Random) -> tuple[str, tuple[str, ...]]:
    number = f"{chance.randint(100, 660)}-{chance.randint(10, 99)}-{chance.randint(1000, 9999)}"
    return number, (number,)


def _name(chance: Random) -> tuple[str, tuple[str, ...]]:
    family = chance.choice(_FAMILY_BEGINS) + chance.choice(_FAMILY_ENDS)
    name = f"{chance.choice(_GIVEN)} {family}"
    return name, (name,)


def _birth_date(chance: Random) -> tuple[str, tuple[str, ...]]:
    day = f"{chance.randint(2008, 2018)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    return day, (day,)


def _home(chance: Random) -> tuple[str, tuple[str, ...]]:
    street = f"{chance.randint(100, 999)} {chance.choice(_FAMILY_BEGINS)}ford Street"
    return f"{street}, Springfield", (street,)


def _student_id(chance: Random) -> tuple[str, tuple[str, ...]]:
    number = f"S{_some(chance, 9, digits)}"
    return number, (number,)


KINDS = (
    Kind("password", "password", "password={}", _password),
    Kind("bearer token", "authorization", "Authorization: Bearer {}", _token("", 32)),
    Kind("basic credentials", "authorization", "Authorization: {}", _basic),
    Kind("JWT", "access_token", "got {} back", _jwt),
    Kind("session cookie", "session_id", "Cookie: sessionid={}", _token("", 32)),
    Kind("GitHub token", "github_token", "pushed with {}", _token("ghp_", 36)),
    Kind("OpenAI key", "openai_api_key", "asked with {} in vain", _token("sk-proj-", 48)),
    Kind("AWS key", "aws_access_key_id", "signed by {}", _token("AKIA", 16, ascii_uppercase)),
    Kind(
        "Roblox cookie",
        "roblosecurity",
        ".ROBLOSECURITY={}",
        _token("_|WARNING:-DO-NOT-SHARE-THIS.--|_", 64),
    ),
    Kind("webhook", "webhook_url", "posts to {}", _webhook),
    Kind("private key", "private_key", "read {}", _private_key),
    Kind("database address", "database_url", "can't reach {}", _database_url),
    Kind("e-mail", "email", "mail to {} bounced", _email),
    Kind("phone", "phone_number", "call {} please", _phone),
    Kind("IP address", "ip_address", "a client at {} left", _address),
    Kind("card", "card_number", "paid with {} today", _card),
    Kind("IBAN", "iban", "paid from {} today", _iban),
    Kind("SSN", "ssn", "SSN {} is on file", _ssn),
    Kind("name", "student_name", "the student {} was absent", _name),
    Kind("birth date", "date_of_birth", "born on {} in town", _birth_date),
    Kind("home address", "home_address", "lives at {} now", _home),
    Kind("student id", "student_id", "student id {} is unknown", _student_id),
)
KIND_FOR_NAME = {kind.name: kind for kind in KINDS}
