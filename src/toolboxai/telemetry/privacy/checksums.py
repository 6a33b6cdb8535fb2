"""Numbers that carry their own proof: which of them are well-formed. Pure; digits in, yes or no out."""

from datetime import date
from itertools import cycle

_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_CARD_LENGTHS = {
    "4": (13, 16, 19), "34": (15,), "37": (15,), "35": (16, 19), "36": (14,), "38": (14,), "30": (14,),
    "5": (16,), "2": (16,), "6": (16, 17, 18, 19),
}  # fmt: skip


def luhn(digits: str) -> bool:
    """Cards, IMEI, Canadian SIN, Swedish and South African identity numbers (ISO/IEC 7812)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def card(digits: str) -> bool:
    """A payment card: an issuer's beginning, its length, Luhn."""
    lengths = _CARD_LENGTHS.get(digits[:2]) or _CARD_LENGTHS.get(digits[:1], ())
    is_issued = digits[:1] != "2" or 2221 <= int(digits[:4] or 0) <= 2720
    return len(digits) in lengths and is_issued and len(set(digits)) > 1 and luhn(digits)


def iban(text: str) -> bool:
    """ISO 13616: country, check digits, remainder 1 by 97."""
    moved = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def weighted(digits: str, weights: str, modulus: int) -> int:
    """Return the weighted sum of the digits by ``modulus``."""
    return sum(int(d) * int(w, 16) for d, w in zip(digits, weights, strict=False)) % modulus


def nhs(digits: str) -> bool:
    """UK health service: ten digits, modulus 11."""
    check = 11 - weighted(digits, "a98765432", 11)
    return len(digits) == 10 and check % 11 == int(digits[9]) and check != 10


def verhoeff(digits: str) -> bool:
    """India's Aadhaar: twelve digits that don't begin with 0 or 1."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[place % 8][int(digit)])])
    return len(digits) == 12 and digits[0] not in "01" and check == 0


def cpf(digits: str) -> bool:
    """Brazil: eleven digits, the last two of them checks."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    first = weighted(digits, "a98765432", 11)
    second = weighted(digits, "ba98765432", 11)
    return all(
        int(given) == (0 if rest < 2 else 11 - rest)
        for given, rest in ((digits[9], first), (digits[10], second))
    )


def steuer_id(digits: str) -> bool:
    """Germany: eleven digits, ISO 7064 MOD 11,10."""
    product = 10
    for digit in digits[:10]:
        product = (((int(digit) + product) % 10) or 10) * 2 % 11
    return len(digits) == 11 and digits[0] != "0" and (11 - product) % 10 == int(digits[10])


def nir(digits: str) -> bool:
    """France: thirteen digits and their complement by 97."""
    return (
        len(digits) == 15 and digits[0] in "12" and 97 - int(digits[:13]) % 97 == int(digits[13:])
    )


def ahv(digits: str) -> bool:
    """Switzerland: thirteen digits that begin with 756, EAN."""
    total = sum(int(d) * w for d, w in zip(digits, cycle((1, 3)), strict=False))
    return len(digits) == 13 and digits.startswith("756") and total % 10 == 0


def belgian(digits: str) -> bool:
    """Belgium: a birth date, a serial, the complement by 97."""
    given = int(digits[9:11])
    return len(digits) == 11 and given in (
        97 - int(digits[:9]) % 97,
        97 - int(f"2{digits[:9]}") % 97,
    )


def dni(text: str) -> bool:
    """Spain: eight digits, or X, Y, Z and seven, and a letter."""
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and _DNI[int(number) % 23] == text[-1]


def ssn(digits: str) -> bool:
    """United States: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    return (
        len(digits) == 9
        and digits[:3] not in {"000", "666"}
        and digits[0] != "9"
        and digits[3:5] != "00"
        and digits[5:] != "0000"
    )


def chinese(text: str) -> bool:
    """China: seventeen digits with a birth date, and a check by ISO 7064 MOD 11-2."""
    if len(text) != 18 or not is_day(text[6:14]):
        return False
    weights = [2**place % 11 for place in range(17, 0, -1)]
    total = sum(int(d) * w for d, w in zip(text, weights, strict=False))
    return "10X98765432"[total % 11] == text[17].upper()


def is_day(text: str) -> bool:
    """Say whether eight digits are a day, year first."""
    try:
        return 1900 <= date(int(text[:4]), int(text[4:6]), int(text[6:8])).year <= 2100
    except ValueError:
        return False


def is_short_day(text: str) -> bool:
    """Say whether six digits are a day of some century, year first."""
    return is_day(f"20{text}") or is_day(f"19{text}")
