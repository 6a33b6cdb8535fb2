"""Grades 3 and 4: times tables, sharing, place value, rectangles."""

from random import Random

from toolboxai.server.content.engine.exercise import Exercise, exercise, objective
from toolboxai.server.content.engine.notation import with_unit


@objective(
    "Times tables",
    grades=[3],
    idea=[
        "To multiply means to add the same number again and again.",
        "4 × 6 means four groups with six in each group.",
        "The order does not matter: 4 × 6 is the same as 6 × 4.",
    ],
)
def times_tables(draw: Random) -> Exercise:
    a, b = draw.randint(3, 10), draw.randint(3, 10)
    return exercise(
        f"What is {a} × {b}?",
        a * b,
        is_right=lambda product: divmod(product, a) == (b, 0),
        mistakes=[
            (a + b, "You added. The sign × says multiply."),
            (a * (b - 1), "You are one group short."),
            (a * (b + 1), "You counted one group too many."),
            (a * b + 1, "You slipped by one while counting up."),
        ],
        steps=[
            f"{a} × {b} means {a} groups of {b}.",
            f"{a - 1} groups of {b} are {(a - 1) * b}.",
            f"One more group: {(a - 1) * b} + {b} = {a * b}.",
        ],
    )


@objective(
    "Sharing equally",
    grades=[3],
    idea=[
        "To divide means to share so that everybody gets the same.",
        "Division undoes multiplication.",
        "So for 24 ÷ 6, ask: 6 times what is 24?",
    ],
)
def sharing_equally(draw: Random) -> Exercise:
    children, each = draw.randint(3, 10), draw.randint(3, 10)
    cards = children * each
    return exercise(
        f"{children} children share {cards} cards equally. How many cards does each child get?",
        each,
        is_right=lambda share: sum([share] * children) == cards,
        mistakes=[
            (each + 1, f"{children} × {each + 1} is more than {cards}."),
            (each - 1, f"{children} × {each - 1} is less than {cards}."),
            (cards - children, "You subtracted. To share equally means to divide."),
            (each + 2, f"{children} × {each + 2} is more than {cards}."),
        ],
        steps=[
            f"We need {cards} ÷ {children}.",
            f"Ask: {children} times what is {cards}?",
            f"{children} × {each} = {cards}, so each child gets {each}.",
        ],
    )


@objective(
    "Place value",
    grades=[3, 4],
    idea=[
        "The place of a digit says what it is worth.",
        "From right to left the places are ones, tens, hundreds and thousands.",
        "Each place is worth ten times the place to its right.",
    ],
)
def place_value(draw: Random) -> Exercise:
    digits = draw.sample(range(1, 10), 4)
    number = int("".join(str(digit) for digit in digits))
    place = draw.randint(1, 3)
    digit = digits[3 - place]
    worth = digit * 10**place
    name = ("ones", "tens", "hundreds", "thousands")[place]
    return exercise(
        f"What is the digit {digit} worth in {number}?",
        worth,
        # Taking away what the digit is worth leaves a zero in its place and nothing else changed.
        is_right=lambda value: number - value == int(str(number).replace(str(digit), "0")),
        mistakes=[
            (digit, "You gave the digit itself, not what its place makes of it."),
            (worth // 10, "You went one place too far to the right."),
            (worth * 10, "You went one place too far to the left."),
            (number % 10 ** (place + 1), "You read the rest of the number, too."),
        ],
        steps=[
            f"Find the place of {digit}: it stands for {name}.",
            f"One of the {name} is worth {10**place}.",
            f"{digit} × {10**place} = {worth}.",
        ],
    )


@objective(
    "Area and perimeter of rectangles",
    grades=[3, 4],
    idea=[
        "The perimeter is the way once around a shape.",
        "A rectangle has two long sides and two short sides.",
        "The area is the number of squares that fit inside. Multiply length by width.",
    ],
)
def rectangles(draw: Random) -> Exercise:
    length, width = draw.randint(7, 15), draw.randint(2, 6)
    return exercise(
        f"A rectangle is {length} cm long and {width} cm wide. What is its perimeter?",
        2 * (length + width),
        is_right=lambda way: way - length - length - width == width,
        mistakes=[
            (length * width, "You found the area. The perimeter is the way around."),
            (length + width, "You went only half the way around."),
            (2 * length + width, "You forgot one of the short sides."),
            (length + 2 * width, "You forgot one of the long sides."),
        ],
        steps=[
            f"Two long sides: 2 × {length} = {2 * length}.",
            f"Two short sides: 2 × {width} = {2 * width}.",
            f"Together: {2 * length} + {2 * width} = {2 * (length + width)} cm.",
        ],
        notation=with_unit(" cm"),
    )


OBJECTIVES = (
    times_tables,
    sharing_equally,
    place_value,
    rectangles,
)
