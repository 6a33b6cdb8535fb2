"""Grades 1 and 2: counting on, taking away, tens and ones."""

from random import Random

from toolboxai.server.content.engine.exercise import Exercise, exercise, objective

THINGS = ("apples", "shells", "stars", "books", "beads")
PUPILS = ("Mia", "Ben", "Ada", "Leo", "Zoe", "Sam")


@objective(
    "Addition within 20",
    grades=[1],
    idea=[
        "To add means to put two groups together and count them all.",
        "Start with the bigger number. Then count on.",
        "If you pass ten, first fill up to ten. Then add what is left.",
    ],
)
def addition_within_20(draw: Random) -> Exercise:
    a, b = draw.randint(3, 10), draw.randint(2, 10)
    name, things = draw.choice(PUPILS), draw.choice(THINGS)
    return exercise(
        f"{name} has {a} {things} and gets {b} more. How many {things} does {name} have now?",
        a + b,
        is_right=lambda total: total - b == a,
        mistakes=[
            (a + b - 1, "You counted the first number as a step. Start counting after it."),
            (a + b + 1, "You counted one step too many."),
            (abs(a - b), "You took away. To get more means to add."),
            (a + b - 2, "You left out two when you counted on."),
        ],
        steps=[
            f"Start at {max(a, b)}.",
            f"Count on {min(a, b)} steps.",
            f"You reach {a + b}, so {a} + {b} = {a + b}.",
        ],
    )


@objective(
    "Subtraction within 20",
    grades=[1],
    idea=[
        "To subtract means to take some away and see what is left.",
        "Start with the first number. Then count back.",
        "To check, add what is left and what went away.",
    ],
)
def subtraction_within_20(draw: Random) -> Exercise:
    b, left = draw.randint(2, 9), draw.randint(2, 10)
    a = b + left
    name, things = draw.choice(PUPILS), draw.choice(THINGS)
    return exercise(
        f"{name} has {a} {things} and gives away {b}. How many {things} are left?",
        a - b,
        is_right=lambda rest: rest + b == a,
        mistakes=[
            (a - b + 1, "You counted the first number as a step. Start counting after it."),
            (a - b - 1, "You counted back one step too many."),
            (a + b, "You added. To give away means to subtract."),
            (a - b + 2, "You stopped two steps too early."),
        ],
        steps=[
            f"Start at {a}.",
            f"Count back {b} steps.",
            f"You reach {left}, so {a} - {b} = {left}.",
        ],
    )


@objective(
    "Addition within 100",
    grades=[2],
    idea=[
        "Big numbers are made of tens and ones.",
        "Add the ones first. Ten ones make a new ten.",
        "Then add the tens, and don't forget the new one.",
    ],
)
def addition_within_100(draw: Random) -> Exercise:
    a, b = draw.randint(12, 49), draw.randint(12, 49)
    ones, tens = a % 10 + b % 10, a // 10 + b // 10
    return exercise(
        f"What is {a} + {b}?",
        a + b,
        is_right=lambda total: total - a == b,
        mistakes=[
            (tens * 10 + ones % 10, "You forgot the ten that the ones make."),
            (a + b + 10, "You added one ten too many."),
            (abs(a - b), "You subtracted. The sign + says add."),
            (a + b - 1, "The ones don't add up. Count them again."),
            (a + b + 1, "The ones don't add up. Count them again."),
        ],
        steps=[
            f"Ones: {a % 10} + {b % 10} = {ones}.",
            f"Tens: {a // 10} + {b // 10} = {tens}, that is {tens * 10}.",
            f"Together: {tens * 10} + {ones} = {a + b}.",
        ],
    )


@objective(
    "Subtraction within 100",
    grades=[2],
    idea=[
        "Take away the ones first, then the tens.",
        "Are there too few ones? Then open a ten. It gives you ten more ones.",
        "Check by adding back.",
    ],
)
def subtraction_within_100(draw: Random) -> Exercise:
    b, rest = draw.randint(11, 45), draw.randint(11, 50)
    a = b + rest
    each_digit = abs(a // 10 - b // 10) * 10 + abs(a % 10 - b % 10)
    return exercise(
        f"What is {a} - {b}?",
        a - b,
        is_right=lambda left: left + b == a,
        mistakes=[
            (each_digit, "You took the smaller digit from the bigger one each time."),
            (a - b + 10, "You opened a ten but forgot that it is gone."),
            (a - b - 10, "You took one ten too many."),
            (a + b, "You added. The sign - says take away."),
            (a - b + 1, "The ones don't match. Count them again."),
        ],
        steps=[
            f"Take away the tens: {a} - {b // 10 * 10} = {a - b // 10 * 10}.",
            f"Take away the ones: {a - b // 10 * 10} - {b % 10} = {a - b}.",
            f"Check: {a - b} + {b} = {a}.",
        ],
    )


@objective(
    "Tens and ones",
    grades=[2],
    idea=[
        "A two-digit number has tens on the left and ones on the right.",
        "One ten is worth ten ones.",
        "So 3 tens and 4 ones make 34.",
    ],
)
def tens_and_ones(draw: Random) -> Exercise:
    tens, ones = draw.sample(range(2, 10), 2)
    return exercise(
        f"Which number has {tens} tens and {ones} ones?",
        10 * tens + ones,
        is_right=lambda number: divmod(number, 10) == (tens, ones),
        mistakes=[
            (10 * ones + tens, "You changed the places of tens and ones."),
            (tens + ones, "You added the digits. A ten is worth more than a one."),
            (100 * tens + ones, "You wrote tens as hundreds."),
            (10 * tens, "You forgot the ones."),
        ],
        steps=[
            f"{tens} tens are {10 * tens}.",
            f"{ones} ones are {ones}.",
            f"{10 * tens} + {ones} = {10 * tens + ones}.",
        ],
    )


OBJECTIVES = (
    addition_within_20,
    subtraction_within_20,
    addition_within_100,
    subtraction_within_100,
    tens_and_ones,
)
