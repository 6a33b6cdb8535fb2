"""Numbers with check digits, made valid: a scrubber may rightly leave alone what doesn't add up."""

from random import Random

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The dihedral group D5, which the Verhoeff scheme multiplies in; rows are built rather than spelled.
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_INVERSE = (0, 4, 3, 2, 1, 5, 6, 7, 8, 9)


def _draw(random: Random, length: int, *, first: str = _DIGITS[1:]) -> str:
    return random.choice(first) + "".join(random.choices(_DIGITS, k=length - 1))


def luhn(body: str) -> str:
    """Return ``body`` with its Luhn digit: cards, IMEI, the Canadian SIN."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(body[::-1])]
    total = sum(sum(divmod(number, 10)) for number in doubled)
    return f"{body}{-total % 10}"


def iban(random: Random) -> str:
    """Return a German, British or Dutch IBAN, in groups of four or without."""
    country, bank, length = random.choice((("DE", "", 18), ("GB", "NWBK", 14), ("NL", "INGB", 10)))
    account = bank + _draw(random, length)
    spelled = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    plain = f"{country}{98 - int(spelled) % 97:02}{account}"
    grouped = " ".join(plain[i : i + 4] for i in range(0, len(plain), 4))
    return random.choice((plain, grouped))


def nhs(random: Random) -> str:
    """Return an NHS number of England: weights 10 to 2, modulo 11."""
    while True:
        body = _draw(random, 9, first="4679")
        check = -sum(int(d) * (10 - i) for i, d in enumerate(body)) % 11
        if check < 10:
            number = f"{body}{check}"
            return random.choice((number, f"{number[:3]} {number[3:6]} {number[6:]}"))


def sin(random: Random) -> str:
    """Return a Canadian social insurance number."""
    number = luhn(_draw(random, 8))
    separator = random.choice(" -")
    return separator.join((number[:3], number[3:6], number[6:]))


def cpf(random: Random) -> str:
    """Return a Brazilian CPF: two digits of modulo 11."""
    number = _draw(random, 9)
    for _ in range(2):
        total = sum(int(d) * (len(number) + 1 - i) for i, d in enumerate(number))
        number += str(total * 10 % 11 % 10)
    return f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"


def _multiply(a: int, b: int) -> int:
    turned = (a + b) % 5 if a < 5 else (a - b) % 5
    return turned + (5 if (a < 5) != (b < 5) else 0)


def verhoeff(random: Random) -> str:
    """Return an Indian Aadhaar number."""
    body = _draw(random, 11, first="23456789")
    check = 0
    for place, digit in enumerate(body[::-1], start=1):
        permuted = int(digit)
        for _ in range(place % 8):
            permuted = _PERMUTATION[permuted]
        check = _multiply(check, permuted)
    number = f"{body}{_INVERSE[check]}"
    return f"{number[:4]} {number[4:8]} {number[8:]}"


def dni(random: Random) -> str:
    """Return a Spanish DNI: eight digits and a letter."""
    number = int(_draw(random, 8))
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def codice_fiscale(random: Random) -> str:
    """Return an Italian tax code."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25)
    odds = (*odd, 24, 23)
    day = random.randint(1, 28) + random.choice((0, 40))
    letters = "".join(random.choices("BCDFGLMNPRSTV", k=6))
    body = f"{letters}{random.randint(8, 18):02}{random.choice('ABCDEHLMPRST')}{day:02}H{random.randint(100, 999)}"
    total = 0
    for place, character in enumerate(body):
        number = int(character) if character.isdigit() else _LETTERS.index(character)
        total += odds[number] if place % 2 == 0 else number
    return f"{body}{_LETTERS[total % 26]}"


def nir(random: Random) -> str:
    """Return a French social security number with its key."""
    body = f"{random.choice('12')}{random.randint(8, 18):02}{random.randint(1, 12):02}75{random.randint(1, 999):03}{random.randint(1, 999):03}"
    key = 97 - int(body) % 97
    return f"{body[0]} {body[1:3]} {body[3:5]} {body[5:7]} {body[7:10]} {body[10:]} {key:02}"


def steuer_id(random: Random) -> str:
    """Return a German tax number: ISO 7064, modulo 11, 10."""
    body = _draw(random, 10)
    product = 10
    for digit in body:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return f"{body}{(11 - product) % 10}"


def bsn(random: Random) -> str:
    """Return a Dutch BSN, which passes the eleven test."""
    while True:
        body = _draw(random, 8)
        check = sum(int(d) * (9 - i) for i, d in enumerate(body)) % 11
        if check < 10:
            return f"{body}{check}"


def pesel(random: Random) -> str:
    """Return a Polish PESEL of somebody born in 2008 to 2018."""
    body = f"{random.randint(8, 18):02}{random.randint(21, 32)}{random.randint(1, 28):02}{random.randint(0, 9999):04}"
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    check = -sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 10
    return f"{body}{check}"
