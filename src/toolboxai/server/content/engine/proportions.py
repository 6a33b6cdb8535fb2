"""Grades 6 and 7: percentages, ratios, means."""

from fractions import Fraction
from random import Random

from toolboxai.server.content.engine.exercise import Exercise, exercise, objective
from toolboxai.server.content.engine.notation import with_unit


@objective(
    "Percent of a number",
    grades=[6],
    idea=[
        "Percent means out of a hundred, so 1% of a number is the number divided by 100.",
        "To find 30% of a number, take 1% of it and multiply by 30.",
        "It often helps to know that 10% is a tenth, 25% a quarter and 50% a half.",
    ],
)
def percent_of_a_number(draw: Random) -> Exercise:
    percent = draw.choice([5, 10, 15, 20, 25, 30, 40, 60, 75, 80])
    whole = draw.randint(2, 20) * 20
    part = percent * whole // 100
    return exercise(
        f"What is {percent}% of {whole}?",
        part,
        is_right=lambda found: Fraction(found, whole) == Fraction(percent, 100),
        mistakes=[
            (whole - part, "You found what is left. Read again what is asked."),
            (part * 10, "Your point is one place off: percent means out of a hundred."),
            (whole - percent, "You subtracted the percentage as if it were a number."),
            (Fraction(part, 10), "Your point is one place off: percent means out of a hundred."),
        ],
        steps=[
            f"1% of {whole} is {whole} ÷ 100.",
            f"{percent}% is {percent} times as much: {whole} × {percent} ÷ 100.",
            f"{whole * percent} ÷ 100 = {part}.",
        ],
    )


@objective(
    "Sharing in a ratio",
    grades=[6],
    idea=[
        "A ratio of 2 : 3 says: for every 2 parts here there are 3 parts there.",
        "Add the parts to find how many there are altogether.",
        "Divide the total by that number to find one part, then multiply.",
    ],
)
def sharing_in_a_ratio(draw: Random) -> Exercise:
    first, second = draw.sample(range(2, 8), 2)
    part = draw.randint(3, 12)
    total = part * (first + second)
    return exercise(
        f"Two classes share {total} tickets in the ratio {first} : {second}. "
        "How many tickets does the first class get?",
        first * part,
        is_right=lambda share: share * second == (total - share) * first,
        mistakes=[
            (second * part, "That is the share of the second class."),
            (part, "That is only one part. Multiply it by the first number of the ratio."),
            (Fraction(total, first), "You divided by one number. First add the parts."),
            (Fraction(total, 2), "You shared equally. The ratio says otherwise."),
        ],
        steps=[
            f"There are {first} + {second} = {first + second} parts.",
            f"One part is {total} ÷ {first + second} = {part}.",
            f"The first class gets {first} × {part} = {first * part}.",
        ],
    )


@objective(
    "The mean of a list",
    grades=[6],
    idea=[
        "The mean is the size that every value would have if all were levelled out.",
        "Add all the values to find the total.",
        "Divide the total by how many values there are.",
    ],
)
def mean_of_a_list(draw: Random) -> Exercise:
    mean = draw.randint(8, 25)
    shifts = [draw.randint(1, 6), -draw.randint(1, 6), draw.randint(1, 6), draw.randint(-3, 3)]
    numbers = [mean + shift for shift in [*shifts, -sum(shifts)]]
    total, middle = sum(numbers), sorted(numbers)[2]
    return exercise(
        f"What is the mean of {', '.join(map(str, numbers))}?",
        Fraction(total, len(numbers)),
        # What lies above the mean and what lies below it are in balance.
        is_right=lambda found: sum(number - found for number in numbers) == 0,
        mistakes=[
            (middle, "That is the median, the value in the middle."),
            (max(numbers) - min(numbers), "That is the range, from smallest to greatest."),
            (total, "That is the total. Divide it by how many values there are."),
            (Fraction(total, 4), "You divided by 4, but there are 5 values."),
        ],
        steps=[
            f"Total: {' + '.join(map(str, numbers))} = {total}.",
            f"There are {len(numbers)} values.",
            f"{total} ÷ {len(numbers)} = {mean}.",
        ],
    )


@objective(
    "Percent increase",
    grades=[7],
    idea=[
        "A percent increase compares the change with the old value.",
        "Find the change first: new value minus old value.",
        "Then ask how many percent of the old value the change is.",
    ],
)
def percent_increase(draw: Random) -> Exercise:
    percent = draw.choice([5, 10, 15, 20, 25, 30, 40, 50, 60])
    old = draw.randint(2, 15) * 20
    change = old * percent // 100
    new = old + change
    return exercise(
        f"A price rises from {old} to {new} coins. By how many percent does it rise?",
        percent,
        is_right=lambda found: old * (100 + found) == new * 100,
        mistakes=[
            (change, "That is the change in coins, not in percent of the old price."),
            (100 - percent, "You took the change away from 100%."),
            (100 + percent, "That is the new price in percent of the old one."),
            (percent + 5, "Divide the change by the old price again."),
            (percent + 10, "Divide the change by the old price again."),
        ],
        steps=[
            f"The change is {new} - {old} = {change} coins.",
            f"Compared with the old price that is {change} ÷ {old}.",
            f"{change} × 100 ÷ {old} = {percent}, so it rises by {percent}%.",
        ],
        notation=with_unit("%"),
    )


OBJECTIVES = (
    percent_of_a_number,
    sharing_in_a_ratio,
    mean_of_a_list,
    percent_increase,
)
