"""Grades 10 and 11: roots, sequences, logarithms."""

from fractions import Fraction
from random import Random

from toolboxai.server.content.engine.exercise import Exercise, exercise, objective
from toolboxai.server.content.engine.notation import ROOT, simplified_root


@objective(
    "Simplifying square roots",
    grades=[10],
    idea=[
        "The root of a product is the product of the roots.",
        "So a square factor under the root can be taken out.",
        "Look for the greatest square number that divides the number under the root.",
    ],
)
def simplifying_roots(draw: Random) -> Exercise:
    outside, inside = draw.randint(2, 9), draw.choice([2, 3, 5, 6, 7, 10, 11, 13])
    radicand = outside * outside * inside
    return exercise(
        f"Write √{radicand} as simply as possible.",
        simplified_root(radicand),
        is_right=lambda factor, rest: factor > 0 and factor * factor * rest == radicand,
        mistakes=[
            ((outside * outside, inside), "Take the root of the square factor, too."),
            ((inside, outside), "You took the wrong factor out of the root."),
            ((outside * inside, 1), "Only the square factor loses its root."),
            ((outside + 1, inside), "Square the number in front and multiply to check."),
            ((outside, inside + 1), "Square the number in front and multiply to check."),
        ],
        steps=[
            f"Find a square factor: {radicand} = {outside * outside} × {inside}.",
            f"Split the root: √{radicand} = √{outside * outside} × √{inside}.",
            f"√{outside * outside} = {outside}, so the result is {outside}√{inside}.",
        ],
        notation=ROOT,
    )


@objective(
    "Arithmetic sequences",
    grades=[11],
    idea=[
        "In an arithmetic sequence every term is the one before plus a fixed step.",
        "From the first term to term n there are n - 1 steps, not n.",
        "So term n is the first term plus (n - 1) times the step.",
    ],
)
def arithmetic_sequences(draw: Random) -> Exercise:
    first, step, n = draw.randint(-9, 20), draw.randint(2, 9), draw.randint(8, 25)
    start = ", ".join(str(first + k * step) for k in range(3))
    answer = first + (n - 1) * step
    return exercise(
        f"A sequence starts {start} and goes on with the same step. What is term {n}?",
        answer,
        is_right=lambda term: term == [*range(first, first + n * step, step)][-1],
        mistakes=[
            (first + n * step, "You went one step too far: there are n - 1 steps."),
            (n * step, "You forgot the first term."),
            (first + (n - 2) * step, "You are one step short."),
            (first + (n - 1), "You added the number of steps, not the steps."),
        ],
        steps=[
            f"The step is {first + step} - ({first}) = {step}.",
            f"To term {n} there are {n - 1} steps: {n - 1} × {step} = {(n - 1) * step}.",
            f"{first} + {(n - 1) * step} = {answer}.",
        ],
    )


@objective(
    "Logarithms",
    grades=[11],
    idea=[
        "A logarithm asks for an exponent: which power of the base gives the number?",
        "So log₂ 8 = 3, because 2³ = 8.",
        "The logarithm of one over a number is the opposite: log₂ (1/8) = -3.",
    ],
)
def logarithms(draw: Random) -> Exercise:
    base, exponent = draw.randint(2, 9), draw.randint(2, 5)
    inverted = draw.choice([True, False])
    number, answer = base**exponent, -exponent if inverted else exponent
    shown = f"1/{number}" if inverted else str(number)
    return exercise(
        f"What is the logarithm of {shown} to the base {base}?",
        answer,
        is_right=lambda found: base**found == (Fraction(1, number) if inverted else number),
        mistakes=[
            (-answer, "The sign is wrong: one over a number turns it round."),
            (Fraction(number, base), "You divided. Ask for the exponent instead."),
            (answer + 1, "Count how often the base is multiplied."),
            (answer - 1, "Count how often the base is multiplied."),
        ],
        steps=[
            f"Ask: which power of {base} gives {shown}?",
            f"{base} multiplied {exponent} times gives {number}.",
            f"So the logarithm is {answer}.",
        ],
    )


OBJECTIVES = (
    simplifying_roots,
    arithmetic_sequences,
    logarithms,
)
