"""Grades 7 to 9: negative numbers, equations, lines."""

from fractions import Fraction
from random import Random

from toolboxai.server.content.engine.exercise import Exercise, exercise, objective
from toolboxai.server.content.engine.notation import POINT, POLYNOMIAL, SOLUTIONS

polynomial = POLYNOMIAL.show


@objective(
    "Adding and subtracting negative numbers",
    grades=[7],
    idea=[
        "Negative numbers lie to the left of zero on the number line.",
        "Adding a negative number is a step to the left.",
        "Subtracting a negative number is a step to the right: two minus signs make a plus.",
    ],
)
def negative_numbers(draw: Random) -> Exercise:
    a, b = -draw.randint(2, 15), -draw.randint(2, 15)
    return exercise(
        f"What is {a} - ({b})?",
        a - b,
        is_right=lambda found: found + b == a,
        mistakes=[
            (a + b, "Two minus signs side by side make a plus."),
            (b - a, "You changed the order of the numbers."),
            (abs(a) + abs(b), "You left out the signs."),
            (a - b - 1, "You counted zero twice on the number line."),
        ],
        steps=[
            f"Two minus signs make a plus: {a} - ({b}) = {a} + {-b}.",
            f"Start at {a} on the number line and go {-b} steps to the right.",
            f"You reach {a - b}.",
        ],
    )


@objective(
    "Two-step equations",
    grades=[7],
    idea=[
        "An equation is a balance: what you do on one side you must do on the other.",
        "To find x, undo what was done to it, the last step first.",
        "Put your solution into the equation to check it.",
    ],
)
def two_step_equations(draw: Random) -> Exercise:
    x, a, b = draw.randint(2, 12), draw.randint(2, 9), draw.randint(1, 20)
    c = a * x + b
    return exercise(
        f"Solve {a}x + {b} = {c}. What is x?",
        x,
        is_right=lambda found: a * found + b == c,
        mistakes=[
            (Fraction(c + b, a), f"You added {b}. Undo the plus by subtracting."),
            (c - b, f"You stopped too early. Divide by {a}, too."),
            (c - b - a, f"You subtracted {a}. Undo the multiplication by dividing."),
            (x + 1, "Put your solution into the equation: the sides don't match."),
        ],
        steps=[
            f"Subtract {b} on both sides: {a}x = {c - b}.",
            f"Divide both sides by {a}: x = {x}.",
            f"Check: {a} × {x} + {b} = {c}.",
        ],
    )


@objective(
    "Equations with x on both sides",
    grades=[8],
    idea=[
        "First bring all terms with x to one side and all plain numbers to the other.",
        "A term that changes sides changes its sign.",
        "Then divide by the number in front of x.",
    ],
)
def linear_equations(draw: Random) -> Exercise:
    x, c = draw.randint(-9, 9), draw.randint(2, 5)
    a, b = c + draw.randint(2, 5), draw.randint(1, 15)
    d = (a - c) * x + b
    return exercise(
        f"Solve {a}x + {b} = {POLYNOMIAL.show((c, d))}. What is x?",
        x,
        is_right=lambda found: a * found + b == c * found + d,
        mistakes=[
            (Fraction(d - b, a + c), "You added the terms with x. One must change its sign."),
            (Fraction(d + b, a - c), f"You kept the sign of {b} when it changed sides."),
            (-x, "You lost a minus sign."),
            (d - b, f"You stopped too early. Divide by {a - c}, too."),
            (x + 1, "Put your solution into the equation: the sides don't match."),
        ],
        steps=[
            f"Subtract {c}x on both sides: {a - c}x + {b} = {d}.",
            f"Subtract {b} on both sides: {a - c}x = {d - b}.",
            f"Divide by {a - c}: x = {x}.",
        ],
    )


@objective(
    "The slope of a line",
    grades=[8],
    idea=[
        "The slope says how far a line rises for each step to the right.",
        "Choose two points. Divide the change of y by the change of x.",
        "A line that falls has a negative slope.",
    ],
)
def slope_of_a_line(draw: Random) -> Exercise:
    x1, y1, run = draw.randint(-5, 5), draw.randint(-5, 5), draw.randint(2, 6)
    rise = draw.choice([-1, 1]) * draw.randint(1, 9)
    x2, y2 = x1 + run, y1 + rise
    return exercise(
        f"A line goes through ({x1}, {y1}) and ({x2}, {y2}). What is its slope?",
        Fraction(rise, run),
        is_right=lambda slope: y1 + slope * (x2 - x1) == y2,
        mistakes=[
            (Fraction(run, rise), "You divided the wrong way round: y goes on top."),
            (Fraction(-rise, run), "You changed the order of the points on the way."),
            (rise, "You forgot to divide by the change of x."),
            (rise * run, "You multiplied. Divide the change of y by the change of x."),
            (Fraction(-run, rise), "That is the slope of a line at a right angle to it."),
        ],
        steps=[
            f"Change of y: {y2} - ({y1}) = {rise}.",
            f"Change of x: {x2} - ({x1}) = {run}.",
            f"Slope: {rise} ÷ {run} = {Fraction(rise, run)}.",
        ],
    )


@objective(
    "Quadratic equations by factoring",
    grades=[9],
    idea=[
        "A product is zero only when one of its factors is zero.",
        "To factor x² + bx + c, look for two numbers whose product is c and whose sum is b.",
        "Each factor then gives one solution, with the opposite sign of its number.",
    ],
)
def quadratic_equations(draw: Random) -> Exercise:
    p, q = draw.sample([n for n in range(-9, 10) if n], 2)
    b, c = -(p + q), p * q
    low, high = sorted((p, q))
    return exercise(
        f"Solve {polynomial((1, b, c))} = 0.",
        (p, q),
        # Two solutions of a quadratic are right if each makes it zero and they differ.
        is_right=lambda *roots: len(set(roots)) == 2 and all(x * x + b * x + c == 0 for x in roots),
        mistakes=[
            ((-p, -q), "Your factors are right, but each solution has the opposite sign."),
            ((p, -q), "One sign is wrong. Put both numbers into the equation."),
            ((-p, q), "One sign is wrong. Put both numbers into the equation."),
            ((low - 1, high + 1), "The sum is right but the product is not."),
            ((low, high + 1), "Only one of the numbers makes the left side zero."),
        ],
        steps=[
            f"Look for two numbers with the product {c} and the sum {b}.",
            f"They are {-low} and {-high}: the product is {c}, the sum is {b}.",
            f"So the factors are zero for x = {low} and for x = {high}.",
        ],
        notation=SOLUTIONS,
    )


@objective(
    "Systems of two linear equations",
    grades=[9],
    idea=[
        "A solution of a system makes both equations true at once.",
        "Add or subtract the equations so that one unknown falls out.",
        "Solve for the other unknown, then put it back to find the first.",
    ],
)
def linear_systems(draw: Random) -> Exercise:
    x, y = draw.sample([n for n in range(-7, 10) if n], 2)
    a, b = draw.sample(range(2, 6), 2)
    total, second = x + y, a * x - b * y
    return exercise(
        f"Solve the system x + y = {total} and {a}x - {b}y = {second}. What is (x, y)?",
        (x, y),
        is_right=lambda u, v: u + v == total and a * u - b * v == second,
        mistakes=[
            ((y, x), "You changed the order: x comes first."),
            ((x, -y), "The second number has the wrong sign. Try it in the first equation."),
            ((x + 1, y - 1), "The first equation is true, but the second is not."),
            ((-x, y), "The first number has the wrong sign. Try it in the first equation."),
            ((x - 1, y + 1), "The first equation is true, but the second is not."),
        ],
        steps=[
            f"From the first equation: y = {total} - x.",
            f"Put it into the second: {a}x - {b}({total} - x) = {second}.",
            f"So {a + b}x = {second + b * total}, and x = {x}.",
            f"Then y = {total} - ({x}) = {y}.",
        ],
        notation=POINT,
    )


OBJECTIVES = (
    negative_numbers,
    two_step_equations,
    linear_equations,
    slope_of_a_line,
    quadratic_equations,
    linear_systems,
)
