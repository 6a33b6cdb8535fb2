"""How values are written down for a pupil, and read back. Pure.

The check reads every option back from the text that the pupil will see. So `read(show(value))`
must be the value itself, in the one form in which equal values are equal (1/2 for 2/4).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

NUMBER_PATTERN = r"-?\d+(?:/[1-9]\d*)?"

Number = int | Fraction
Value = tuple[Number, ...]


class UnreadableError(ValueError):
    """The text is not a value in this notation."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} can't be read back as a value")


@dataclass(frozen=True, slots=True)
class Notation:
    """A way to write a value, and its inverse."""

    show: Callable[[Value], str]
    read: Callable[[str], Value]

    def tidy(self, value: Value) -> Value:
        """Return ``value`` as a reader of its text would understand it."""
        return self.read(self.show(value))


def _show_number(value: Value) -> str:
    return str(Fraction(*value))


def _read_number(text: str) -> Value:
    if re.fullmatch(NUMBER_PATTERN, text) is None:
        raise UnreadableError(text)
    return (Fraction(text),)


def _show_quotient(value: Value) -> str:
    top, bottom = value
    return f"{top}/{bottom}"


def _show_decimal(value: Value) -> str:
    number = Fraction(*value)
    digits = 0
    while (number * 10**digits).denominator != 1:
        digits += 1
    sign = "-" if number < 0 else ""
    whole, part = divmod(abs(int(number * 10**digits)), 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def _read_decimal(text: str) -> Value:
    if re.fullmatch(r"-?\d+(\.\d+)?", text) is None:
        raise UnreadableError(text)
    return (Fraction(text),)


def _show_point(value: Value) -> str:
    return f"({', '.join(str(number) for number in value)})"


def _read_point(text: str) -> Value:
    if re.fullmatch(rf"\({NUMBER_PATTERN}(, {NUMBER_PATTERN})*\)", text) is None:
        raise UnreadableError(text)
    return tuple(Fraction(number) for number in text[1:-1].split(", "))


def _show_solutions(value: Value) -> str:
    return " or ".join(f"x = {number}" for number in sorted(set(value)))


def _read_solutions(text: str) -> Value:
    parts = text.split(" or ")
    if not all(re.fullmatch(r"x = -?\d+", part) for part in parts):
        raise UnreadableError(text)
    return tuple(sorted(Fraction(part.removeprefix("x = ")) for part in parts))


def _show_root(value: Value) -> str:
    factor, radicand = Fraction(value[0]), int(value[1])
    if radicand == 1 or factor == 0:
        return str(factor)
    sign = "-" if factor < 0 else ""
    top = "" if abs(factor.numerator) == 1 else str(abs(factor.numerator))
    bottom = "" if factor.denominator == 1 else f"/{factor.denominator}"
    return f"{sign}{top}√{radicand}{bottom}"


def _read_root(text: str) -> Value:
    found = re.fullmatch(r"(-?)(\d*)(?:√(\d+))?(?:/([1-9]\d*))?", text)
    if found is None or not (found[2] or found[3]):
        raise UnreadableError(text)
    factor = Fraction(int(found[2] or 1), int(found[4] or 1)) * (-1 if found[1] else 1)
    outside, inside = simplified_root(int(found[3] or 1))
    return (factor * outside, inside)


def simplified_root(radicand: int) -> tuple[int, int]:
    """Return whole (a, b) with a√b = √radicand and no square number left in b."""
    outside = max(n for n in range(1, isqrt(radicand) + 1) if radicand % (n * n) == 0)
    return outside, radicand // (outside * outside)


def _show_polynomial(value: Value) -> str:
    degree = len(value) - 1
    terms = [_term(number, degree - place) for place, number in enumerate(value) if number]
    text = "".join(terms).removeprefix(" + ") or "0"
    return f"-{text.removeprefix(' - ')}" if text.startswith(" - ") else text


def _term(number: Number, power: int) -> str:
    sign = " - " if number < 0 else " + "
    size = "" if abs(number) == 1 and power else str(abs(number))
    return f"{sign}{size}{'' if power == 0 else 'x' if power == 1 else f'x{_raised(power)}'}"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def _raised(power: int) -> str:
    return str(power).translate(_RAISED)


def _read_polynomial(text: str) -> Value:
    term = r"-?(\d+(x[²³⁴⁵]?)?|x[²³⁴⁵]?)"
    compact = text.replace(" - ", " + -")
    parts = compact.split(" + ")
    if not all(re.fullmatch(term, part) for part in parts):
        raise UnreadableError(text)
    of_power: dict[int, int] = {}
    for part in parts:
        size, is_power, raised = part.partition("x")
        power = int(raised.translate(_LOWERED) or 1) if is_power else 0
        of_power[power] = of_power.get(power, 0) + int(size if size.strip("-") else f"{size}1")
    highest = max((power for power, size in of_power.items() if size), default=0)
    return tuple(of_power.get(power, 0) for power in range(highest, -1, -1))


def with_unit(unit: str) -> Notation:
    """Return the notation of whole numbers with ``unit`` after them, as in 12 cm or 25%."""

    def read(text: str) -> Value:
        if re.fullmatch(NUMBER_PATTERN + re.escape(unit), text) is None:
            raise UnreadableError(text)
        return (Fraction(text.removesuffix(unit)),)

    return Notation(lambda value: f"{_show_number(value)}{unit}", read)


NUMBER = Notation(_show_number, _read_number)
QUOTIENT = Notation(_show_quotient, _read_number)
DECIMAL = Notation(_show_decimal, _read_decimal)
POINT = Notation(_show_point, _read_point)
SOLUTIONS = Notation(_show_solutions, _read_solutions)
ROOT = Notation(_show_root, _read_root)
POLYNOMIAL = Notation(_show_polynomial, _read_polynomial)
