"""Grade 12: derivatives and integrals."""

from fractions import Fraction
from random import Random

from toolboxai.server.content.engine.exercise import Exercise, exercise, objective
from toolboxai.server.content.engine.notation import POLYNOMIAL, Number, Value

polynomial = POLYNOMIAL.show


def value_at(x: Number, coefficients: Value) -> Number:
    """Return the polynomial's value at ``x``; the highest power comes first."""
    total: Number = 0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def area_under(coefficients: Value, start: Number, end: Number) -> Fraction:
    """Return the integral by Simpson's rule, which is exact up to the third power."""
    places = (start, Fraction(start + end) / 2, end)
    first, middle, last = (value_at(x, coefficients) for x in places)
    return Fraction((end - start) * (first + 4 * middle + last)) / 6


@objective(
    "Derivatives of polynomials",
    grades=[12],
    idea=[
        "The derivative says how steep a curve is at each place.",
        "Bring the exponent down as a factor and lower it by one: xⁿ becomes n times xⁿ⁻¹.",
        "Do this term by term. A plain number has the derivative 0.",
    ],
)
def derivatives(draw: Random) -> Exercise:
    a, b, c, d = (draw.choice([-1, 1]) * draw.randint(1, 9) for _ in range(4))
    curve, answer = (a, b, c, d), (3 * a, 2 * b, c)
    return exercise(
        f"What is the derivative of {polynomial(curve)}?",
        answer,
        # What a slope adds up to between two places is how far the curve rises between them.
        is_right=lambda *slope: (
            len(slope) == 3
            and all(
                area_under(slope, x, x + 1) == value_at(x + 1, curve) - value_at(x, curve)
                for x in range(3)
            )
        ),
        mistakes=[
            ((a, b, c), "You lowered the exponents but did not bring them down as factors."),
            ((3 * a, 2 * b, c, 0), "You brought the exponents down but did not lower them."),
            ((3 * a, 2 * b, c + d), "You kept the plain number. Its derivative is 0."),
            ((2 * a, b, c), "Bring the old exponent down, not the new one."),
        ],
        steps=[
            f"First term: {polynomial((a, 0, 0, 0))} becomes {polynomial((3 * a, 0, 0))}.",
            f"Second term: {polynomial((b, 0, 0))} becomes {polynomial((2 * b, 0))}.",
            f"Third term: {polynomial((c, 0))} becomes {c}, and {d} falls away.",
            f"Together: {polynomial(answer)}.",
        ],
        notation=POLYNOMIAL,
    )


@objective(
    "Definite integrals",
    grades=[12],
    idea=[
        "A definite integral adds up a quantity between two places.",
        "Find an antiderivative: raise each exponent by one and divide by the new exponent.",
        "Put in the upper end, put in the lower end, and subtract.",
    ],
)
def definite_integrals(draw: Random) -> Exercise:
    a, b, end = draw.randint(1, 6), draw.randint(1, 9), draw.randint(1, 6)
    answer = Fraction(a * end**3, 3) + Fraction(b * end**2, 2)
    return exercise(
        f"What is the integral of {polynomial((a, b, 0))} from 0 to {end}?",
        answer,
        is_right=lambda found: found == area_under((a, b, 0), 0, end),
        mistakes=[
            (value_at(end, (a, b, 0)), "You put in the end without integrating first."),
            (value_at(end, (2 * a, b)), "You took the derivative instead."),
            (a * end**3 + b * end**2, "You forgot to divide by the new exponents."),
            (Fraction(a * end**3, 2) + b * end**2, "You divided by the old exponents."),
        ],
        steps=[
            f"An antiderivative has {a}/3 in front of x³ and {b}/2 in front of x².",
            f"At {end}: {Fraction(a * end**3, 3)} + {Fraction(b * end**2, 2)} = {answer}.",
            f"At 0 it is 0, so the integral is {answer}.",
        ],
    )


OBJECTIVES = (
    derivatives,
    definite_integrals,
)
