"""Grades 8 to 11: Pythagoras, sine, cosine and tangent."""

from fractions import Fraction
from math import cos, isclose, radians, sqrt
from random import Random

from toolboxai.server.content.engine.exercise import Exercise, exercise, objective
from toolboxai.server.content.engine.notation import ROOT, Value, with_unit

TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29), (9, 40, 41))


@objective(
    "The theorem of Pythagoras",
    grades=[8],
    idea=[
        "In a triangle with a right angle, the longest side lies opposite the right angle.",
        "Its square is as big as the squares of the other two sides together: a² + b² = c².",
        "If you look for a short side, subtract instead: a² = c² - b².",
    ],
)
def pythagoras(draw: Random) -> Exercise:
    times = draw.randint(1, 5)
    a, b, c = (times * side for side in draw.choice(TRIPLES))
    return exercise(
        f"A right triangle has short sides of {a} cm and {b} cm. How long is the longest side?",
        c,
        is_right=lambda side: side > 0 and (side - a) * (side + a) == b * b,
        mistakes=[
            (a + b, "You added the sides. Add their squares, then take the root."),
            (b - a, "You subtracted the sides. Add their squares, then take the root."),
            (c * c, "You forgot to take the square root."),
            (c + times, "Square your result and compare it with the sum of the squares."),
        ],
        steps=[
            f"Squares of the short sides: {a}² = {a * a} and {b}² = {b * b}.",
            f"Together: {a * a} + {b * b} = {c * c}.",
            f"The longest side is √{c * c} = {c} cm.",
        ],
        notation=with_unit(" cm"),
    )


@objective(
    "Trigonometric ratios",
    grades=[10],
    idea=[
        "In a right triangle, the sine of an angle is the opposite side over the longest side.",
        "The cosine is the side next to the angle over the longest side.",
        "The tangent is the opposite side over the side next to the angle.",
    ],
)
def trigonometric_ratios(draw: Random) -> Exercise:
    times = draw.randint(1, 4)
    opposite, adjacent, longest = (times * side for side in draw.choice(TRIPLES))
    ratios = {
        "sine": (opposite, longest),
        "cosine": (adjacent, longest),
        "tangent": (opposite, adjacent),
    }
    asked = draw.choice(sorted(ratios))
    top, bottom = ratios[asked]
    answer = Fraction(top, bottom)
    # From the right answer, sin² + cos² = 1 and 1 + tan² = 1/cos² lead back to the third side.
    third = {"sine": adjacent, "cosine": opposite, "tangent": longest}[asked]
    sign = 1 if asked == "tangent" else -1
    return exercise(
        f"A right triangle has the sides {opposite}, {adjacent} and {longest}. Angle A lies "
        f"opposite the side {opposite}. What is the {asked} of A?",
        answer,
        is_right=lambda ratio: (
            ratio > 0 and (1 + sign * ratio * ratio) * bottom * bottom == third * third
        ),
        mistakes=[
            *((Fraction(*pair), f"That is the {name}.") for name, pair in ratios.items()),
            (1 / answer, "You divided the wrong way round."),
            (Fraction(adjacent, opposite), "You mixed up the two short sides."),
        ],
        steps=[
            f"Opposite A: {opposite}. Next to A: {adjacent}. Longest: {longest}.",
            f"The {asked} is {top} over {bottom}.",
            f"In lowest terms that is {answer}.",
        ],
    )


# (a, n) stands for a√n. The first quarter of the circle says everything; the rest are signs.
COSINES: dict[int, Value] = {
    0: (1, 1),
    30: (Fraction(1, 2), 3),
    45: (Fraction(1, 2), 2),
    60: (Fraction(1, 2), 1),
    90: (0, 1),
}
SPECIAL_ANGLES = tuple(
    angle for angle in range(0, 360, 15) if any(angle % 90 in {of, 90 - of} for of in COSINES)
)
SIZES = (Fraction(1, 2), Fraction(-1, 2))


def cosine(angle: int) -> Value:
    """Return (a, n) with a√n = cos(angle), for one of the special angles."""
    turned = min(angle % 360, -angle % 360)
    factor, radicand = COSINES[min(turned, 180 - turned)]
    return (factor if turned <= 90 else -factor, radicand)


@objective(
    "Exact values of sine and cosine",
    grades=[11],
    idea=[
        "On the unit circle, the cosine is the x-coordinate and the sine the y-coordinate.",
        "For 30°, 45° and 60° the sizes are 1/2, √2/2 and √3/2, in an order you can draw.",
        "In the other quarters only the signs change.",
    ],
)
def exact_trigonometric_values(draw: Random) -> Exercise:
    angle = draw.choice(SPECIAL_ANGLES)
    name, axis, turn, other_turn = draw.choice([("cos", "x", 0, 90), ("sin", "y", 90, 0)])
    factor, radicand = answer = cosine(angle - turn)
    strays = [
        ((size, n), "Draw the angle on the unit circle.") for size in SIZES for n in (1, 2, 3)
    ]
    draw.shuffle(strays)
    return exercise(
        f"What is {name}({angle}°), exactly?",
        answer,
        # The exact values lie far apart, so floating point is a fair and independent judge.
        is_right=lambda a, n: isclose(a * sqrt(n), cos(radians(angle - turn)), abs_tol=1e-9),
        mistakes=[
            ((-factor, radicand), "The sign is wrong. In which quarter is the angle?"),
            (cosine(angle - other_turn), "You mixed up sine and cosine."),
            *strays,
        ],
        steps=[
            f"Draw {angle}° on the unit circle, starting at the positive x-axis.",
            f"{name}({angle}°) is the {axis}-coordinate of the point you reach.",
            f"That is {ROOT.show(answer)}.",
        ],
        notation=ROOT,
    )


OBJECTIVES = (
    pythagoras,
    trigonometric_ratios,
    exact_trigonometric_values,
)
