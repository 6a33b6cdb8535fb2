"""Grades 4 and 5: fractions and decimals."""

from fractions import Fraction
from random import Random

from toolboxai.server.content.engine.exercise import Exercise, exercise, objective
from toolboxai.server.content.engine.notation import DECIMAL, QUOTIENT


@objective(
    "Equivalent fractions",
    grades=[4],
    idea=[
        "Two fractions are equivalent when they name the same amount.",
        "Multiply the top and the bottom by the same number, and the amount stays the same.",
        "So 1/2, 2/4 and 3/6 are all the same.",
    ],
)
def equivalent_fractions(draw: Random) -> Exercise:
    bottom = draw.randint(3, 9)
    top = draw.randint(1, bottom - 1)
    times = draw.randint(2, 6)
    return exercise(
        f"Which fraction is equal to {top}/{bottom}?",
        (top * times, bottom * times),
        is_right=lambda found: found * bottom == top,
        mistakes=[
            ((top, bottom * times), "You changed only the bottom."),
            ((top * times, bottom), "You changed only the top."),
            ((top + times, bottom + times), "You added to both. Multiply both instead."),
            ((bottom, top), "You turned the fraction upside down."),
        ],
        steps=[
            f"Choose a number to multiply with, here {times}.",
            f"Top: {top} × {times} = {top * times}.",
            f"Bottom: {bottom} × {times} = {bottom * times}.",
            f"So {top}/{bottom} = {top * times}/{bottom * times}.",
        ],
        notation=QUOTIENT,
    )


@objective(
    "Adding fractions with the same bottom",
    grades=[4],
    idea=[
        "The bottom of a fraction says how big the pieces are.",
        "Pieces of the same size can be counted together, so add the tops.",
        "The bottom stays as it is, because the pieces don't change their size.",
    ],
)
def adding_like_fractions(draw: Random) -> Exercise:
    bottom = draw.randint(5, 12)
    a = draw.randint(1, bottom - 2)
    b = draw.randint(1, bottom - a)
    return exercise(
        f"What is {a}/{bottom} + {b}/{bottom}?",
        (a + b, bottom),
        is_right=lambda total: total - Fraction(a, bottom) == Fraction(b, bottom),
        mistakes=[
            ((a + b, 2 * bottom), "You added the bottoms, too. The pieces keep their size."),
            ((a * b, bottom), "You multiplied the tops. Add them."),
            ((abs(a - b), bottom), "You subtracted the tops. Add them."),
            ((a + b + 1, bottom), "You counted one piece too many."),
        ],
        steps=[
            f"Both fractions have pieces of the size 1/{bottom}.",
            f"Add the tops: {a} + {b} = {a + b}.",
            f"The result is {a + b}/{bottom}.",
        ],
        notation=QUOTIENT,
    )


@objective(
    "Adding decimals",
    grades=[5],
    idea=[
        "In a decimal, the places after the point are tenths and hundredths.",
        "Write the numbers below each other with the points in one line.",
        "Add place by place, from right to left. Ten of one place make one of the next.",
    ],
)
def adding_decimals(draw: Random) -> Exercise:
    # No zero at the end: the last digit must show which place it stands in.
    tenths = 10 * draw.randint(1, 8) + draw.randint(1, 9)
    hundredths = 10 * draw.randint(10, 89) + draw.randint(1, 9)
    a, b = Fraction(tenths, 10), Fraction(hundredths, 100)
    show = DECIMAL.show
    return exercise(
        f"What is {show((a,))} + {show((b,))}?",
        a + b,
        is_right=lambda total: total * 100 == tenths * 10 + hundredths,
        mistakes=[
            (Fraction(tenths + hundredths, 100), "You lined up the last digits, not the points."),
            (a + b + 1, "You carried a one too many."),
            (a + b - 1, "You forgot to carry."),
            (a + b + Fraction(1, 10), "The tenths don't add up."),
        ],
        steps=[
            f"Write {show((a,))} with hundredths: {show((a,))}0.",
            f"In hundredths: {tenths * 10} + {hundredths} = {tenths * 10 + hundredths}.",
            f"Put the point back: {show((a + b,))}.",
        ],
        notation=DECIMAL,
    )


@objective(
    "Adding fractions with different bottoms",
    grades=[5],
    idea=[
        "Only pieces of the same size can be counted together.",
        "So first find a bottom that both fractions can have.",
        "Change both fractions to it. Then add the tops.",
    ],
)
def adding_unlike_fractions(draw: Random) -> Exercise:
    b, d = draw.sample([2, 3, 4, 5, 7, 8, 9], 2)
    a, c = draw.randint(1, b - 1), draw.randint(1, d - 1)
    total = Fraction(a, b) + Fraction(c, d)
    return exercise(
        f"What is {a}/{b} + {c}/{d}, in lowest terms?",
        total,
        is_right=lambda found: found * b * d == a * d + c * b,
        mistakes=[
            (Fraction(a + c, b + d), "You added tops and bottoms. Find a common bottom first."),
            (Fraction(a + c, b * d), "You changed the bottoms but not the tops."),
            (Fraction(a * c, b * d), "You multiplied. The sign + says add."),
            (abs(Fraction(a, b) - Fraction(c, d)), "You subtracted. The sign + says add."),
        ],
        steps=[
            f"A common bottom is {b} × {d} = {b * d}.",
            f"{a}/{b} = {a * d}/{b * d} and {c}/{d} = {c * b}/{b * d}.",
            f"{a * d}/{b * d} + {c * b}/{b * d} = {a * d + c * b}/{b * d}.",
            f"In lowest terms that is {total}.",
        ],
    )


@objective(
    "Multiplying fractions",
    grades=[5],
    idea=[
        "Half of a third is a sixth: to take a part of a part, multiply.",
        "Multiply the tops, and multiply the bottoms.",
        "Then write the result in lowest terms.",
    ],
)
def multiplying_fractions(draw: Random) -> Exercise:
    b, d = draw.randint(2, 9), draw.randint(3, 9)
    a, c = draw.randint(1, b - 1), draw.randint(2, d - 1)
    return exercise(
        f"What is {a}/{b} × {c}/{d}, in lowest terms?",
        Fraction(a * c, b * d),
        is_right=lambda found: found / Fraction(c, d) == Fraction(a, b),
        mistakes=[
            (Fraction(a, b) + Fraction(c, d), "You added. The sign × says multiply."),
            (Fraction(a * d, b * c), "You turned the second fraction. That is for dividing."),
            (Fraction(a * c, b + d), "You added the bottoms. Multiply them."),
            (Fraction(a + c, b * d), "You added the tops. Multiply them."),
        ],
        steps=[
            f"Tops: {a} × {c} = {a * c}.",
            f"Bottoms: {b} × {d} = {b * d}.",
            f"{a * c}/{b * d} in lowest terms is {Fraction(a * c, b * d)}.",
        ],
    )


OBJECTIVES = (
    equivalent_fractions,
    adding_like_fractions,
    adding_decimals,
    adding_unlike_fractions,
    multiplying_fractions,
)
