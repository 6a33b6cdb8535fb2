"""What a pupil reads is the value that was meant."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.server.content.engine import notation
from toolboxai.server.content.engine.notation import Notation, UnreadableError, Value

whole = st.integers(-10_000, 10_000)
fractions = st.fractions(max_denominator=1000)
decimals = st.builds(Fraction, whole, st.sampled_from([1, 2, 5, 10, 100, 250]))
ROOTS = st.tuples(st.fractions(max_denominator=30), st.sampled_from([1, 2, 3, 5, 6, 7, 10, 30]))
polynomials = st.lists(whole, min_size=1, max_size=6).filter(lambda all_: all_[0] != 0)
KINDS = {
    "number": notation.NUMBER,
    "quotient": notation.QUOTIENT,
    "decimal": notation.DECIMAL,
    "point": notation.POINT,
    "solutions": notation.SOLUTIONS,
    "root": notation.ROOT,
    "polynomial": notation.POLYNOMIAL,
    "unit": notation.with_unit(" cm"),
}
readable = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def _survives(kind: Notation, value: Value) -> bool:
    return kind.read(kind.show(value)) == value


@given(fractions)
def test_a_number_is_read_back(number: Fraction) -> None:
    assert _survives(notation.NUMBER, (number,))
    assert _survives(notation.with_unit("%"), (number,))


@given(decimals)
def test_a_decimal_is_read_back(number: Fraction) -> None:
    assert _survives(notation.DECIMAL, (number,))


@given(st.lists(whole, min_size=1, max_size=3))
def test_a_point_is_read_back(numbers: list[int]) -> None:
    assert _survives(notation.POINT, tuple(numbers))


@given(st.sets(whole, min_size=1, max_size=3))
def test_solutions_are_read_back_in_order(numbers: set[int]) -> None:
    assert _survives(notation.SOLUTIONS, tuple(sorted(numbers)))


@given(ROOTS)
def test_a_root_is_read_back(value: Value) -> None:
    assert notation.ROOT.tidy(value) == (value if value[0] else (0, 1))


@given(polynomials)
@example([-1, 0, 1])
def test_a_polynomial_is_read_back(coefficients: list[int]) -> None:
    assert _survives(notation.POLYNOMIAL, tuple(coefficients))


@given(whole, st.integers(1, 100), st.integers(1, 20))
def test_fractions_that_are_worth_the_same_are_equal(top: int, bottom: int, times: int) -> None:
    tidy = notation.QUOTIENT.tidy

    assert tidy((top, bottom)) == tidy((top * times, bottom * times))


@given(st.integers(1, 10_000))
def test_a_simplified_root_keeps_its_worth_and_has_no_square_left(radicand: int) -> None:
    outside, inside = notation.simplified_root(radicand)

    assert outside * outside * inside == radicand
    assert all(inside % (n * n) for n in range(2, 101))


@readable
@given(text=st.text(max_size=20) | st.text("0123456789-/.x√²³ +()=, cmor", max_size=20))
@example(text="1/0")
@example(text="x = 1 or ")
@example(text="--1")
@example(text="x⁵")
def test_any_text_is_a_value_or_unreadable(kind: Notation, text: str) -> None:
    try:
        value = kind.read(text)
    except UnreadableError as error:
        assert repr(text) in str(error)  # noqa: PT017 - both outcomes are fine
        return
    assert isinstance(value, tuple)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (notation.NUMBER, (Fraction(-3, 4),), "-3/4"),
        (notation.QUOTIENT, (6, 8), "6/8"),
        (notation.DECIMAL, (Fraction(-5, 4),), "-1.25"),
        (notation.DECIMAL, (Fraction(3, 100),), "0.03"),
        (notation.POINT, (3, -4), "(3, -4)"),
        (notation.SOLUTIONS, (5, -2), "x = -2 or x = 5"),
        (notation.ROOT, (Fraction(-1, 2), 3), "-√3/2"),
        (notation.ROOT, (3, 2), "3√2"),
        (notation.ROOT, (Fraction(1, 2), 1), "1/2"),
        (notation.POLYNOMIAL, (-1, 0, 2, -7), "-x³ + 2x - 7"),
        (notation.POLYNOMIAL, (0,), "0"),
        (notation.with_unit("%"), (25,), "25%"),
    ],
)
def test_values_look_as_in_a_schoolbook(kind: Notation, value: Value, text: str) -> None:
    assert kind.show(value) == text
