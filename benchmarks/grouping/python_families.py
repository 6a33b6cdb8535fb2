"""Real Python failures of plain code: values, callers, recursions, chains and groups."""

from benchmarks.grouping.labelled import Family, Problems
from benchmarks.grouping.programs import run

VALUES = """
    import json
    from decimal import Decimal

    class ScoreError(ValueError):
        pass

    def score(n):
        if n % 2 == 0:
            raise ScoreError(f"score {n} is even")
        raise ScoreError(f"score {n} is odd")

    def lookup(n):
        return {"a": 1}[f"pupil-{n}"]

    def ratio(n):
        return n / 0

    def place(n):
        return [1, 2][n]

    def title(n):
        return None.title

    def parse(n):
        return json.loads("{bad" + " " * (n % 9))

    def amount(n):
        return Decimal(f"{n}€")

    def clean(n):
        assert n < 0, f"{n} is not clean"
"""


def values() -> Problems:
    """One path each, another value each time; two problems are lines of one function."""
    own = ("lookup", "ratio", "place", "title", "parse", "amount", "clean")
    return run(
        VALUES,
        {
            "even": ["score({n} * 2)"] * 2,
            "odd": ["score({n} * 2 + 1)"] * 2,
            **{name: [f"{name}({{n}})"] * 2 for name in own},
        },
        package="shop.values",
    )


CALLERS = """
    import threading
    import functools

    class PriceError(Exception):
        pass

    def rate(currency):
        raise PriceError(f"no rate for {currency}")

    def price(n):
        return n * rate(f"c{n}")

    def total(n):
        return sum(price(each) for each in [n, n + 1])

    def stock(n):
        return {"pen": 1}[f"item{n}"]

    def reserve(n):
        return stock(n) - 1

    def traced(work):
        @functools.wraps(work)
        def wrapper(*args):
            return work(*args)
        return wrapper

    @traced
    def route(work, n):
        return work(n)

    def job(work, n):
        return work(n)

    def middleware(work, n):
        return route(work, n)

    def in_thread(work, n):
        failed = []
        def target():
            try:
                work(n)
            except Exception as error:
                failed.append(error)
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
        raise failed[0].with_traceback(failed[0].__traceback__.tb_next)
"""


def callers() -> Problems:
    """The same bug met from a route, a job and the shell."""
    return run(
        CALLERS,
        {
            "no rate": ["total({n})", "job(total, {n})"],
            "no stock": ["job(reserve, {n})", "reserve({n})"],
        },
        package="shop.callers",
    )


RECURSION = """
    class DepthError(Exception):
        pass

    def walk(node, n):
        if not node:
            raise DepthError(f"nothing at {n}")
        return walk(node[1:], n)

    def even(n):
        if n == 0:
            raise DepthError("zero is even")
        return odd(n - 1)

    def odd(n):
        return even(n - 1)

    def left(depth, n):
        if depth == 0:
            return price(n)
        return left(depth - 1, n) if n % 2 else right(depth - 1, n)

    def right(depth, n):
        if depth == 0:
            return price(n)
        return left(depth - 1, n // 2)

    def price(n):
        return n / 0

    def for_ever(n):
        return for_ever(n + 1)

    def ping(n):
        return pong(n + 1)

    def pong(n):
        return ping(n + 1)

    def deep(work, filler):
        return work(1) if filler == 0 else deep(work, filler - 1)

    def wide(n):
        return for_ever(n)
"""


def recursion() -> Problems:
    """Recursions of any depth, alone and mutual, and those without an end."""
    return run(
        RECURSION,
        {
            "nothing": [f"walk('{'x' * depth}', {{n}})" for depth in (0, 1, 2, 7, 20)],
            "zero": [f"even({depth})" for depth in (0, 2, 4, 8)],
            "for ever": ["for_ever({n})", "for_ever(1)"],
            "ping pong": ["ping({n})"] * 2,
        },
        package="shop.recursion",
        times=1,
    )


CHAINS = """
    class UpstreamError(Exception):
        pass

    class OrderError(Exception):
        pass

    def key(n):
        return {}[n]

    def number(n):
        return int(f"n{n}")

    def upstream(n):
        try:
            return key(n)
        except KeyError as error:
            raise UpstreamError(f"request {n} failed") from error

    def order(n):
        try:
            return upstream(n)
        except UpstreamError as error:
            raise OrderError(f"order {n}") from error

    def cleanup(n):
        try:
            return number(n)
        except ValueError:
            return None.close()

    def hidden(n):
        try:
            return number(n)
        except ValueError:
            raise OrderError(f"no order {n}") from None

    def other(n):
        try:
            return number(n)
        except ValueError as error:
            raise UpstreamError(f"request {n} failed") from error
"""


def chains() -> Problems:
    """Causes, contexts, and what hides them."""
    names = ("upstream", "order", "cleanup", "hidden", "other", "key")
    return run(CHAINS, {name: [f"{name}({{n}})"] * 2 for name in names}, package="shop.chains")


GROUPS = """
    import asyncio

    class JobError(Exception):
        pass

    async def fetch(n):
        await asyncio.sleep(0)
        raise TimeoutError(f"{n} took too long")

    async def parse(n):
        await asyncio.sleep(0)
        return int(f"x{n}")

    async def fine(n):
        return n

    async def together(works, n):
        async with asyncio.TaskGroup() as tasks:
            for work in works:
                tasks.create_task(work(n))

    def run(works, n):
        asyncio.run(together(works, n))

    def failures(n, kinds):
        raise ExceptionGroup(f"{len(kinds)} of {n}", [kind(str(n)) for kind in kinds])

    def nested(n, times):
        inner = [ExceptionGroup(f"part {part}", [JobError(n)]) for part in range(times)]
        raise ExceptionGroup(f"all {n}", inner)
"""


def groups() -> Problems:
    """Groups: of as many as failed, in whatever order, nested."""
    return run(
        GROUPS,
        {
            "all fetches": [f"run([fetch] * {many} + [fine], {{n}})" for many in (1, 2, 5)],
            "both": [
                "run([fetch, parse], {n})",
                "run([parse, fetch], {n})",
                "run([parse, fetch, fetch], {n})",
            ],
            "made": [
                "failures({n}, [JobError, OSError])",
                "failures({n}, [OSError, JobError, OSError])",
            ],
            "nested": ["nested({n}, 1)", "nested({n}, 3)"],
        },
        package="shop.groups",
    )


WRAPPERS = """
    class QueryError(Exception):
        pass

    def execute(sql):
        raise QueryError(f"can't run {sql}")

    def users(n):
        return execute(f"SELECT * FROM users WHERE id = {n}")

    def orders(n):
        return execute(f"SELECT * FROM orders WHERE id = {n}")

    def checked(value):
        if value is None:
            raise ValueError("nothing to check")
        return value

    def price(n):
        return checked({}.get(n)) * n

    def weight(n):
        return checked({}.get(n)) + n

    def route(work, n):
        return work(n)

    def job(work, n):
        return work(n)
"""


def wrappers() -> Problems:
    """One function through which everything goes: who called it is part of the problem."""
    return run(
        WRAPPERS,
        {
            name: [f"route({name}, {{n}})", f"job({name}, {{n}})"]
            for name in ("users", "orders", "price", "weight")
        },
        package="shop.wrappers",
    )


PYTHON = [
    Family("python: wrappers", wrappers),
    Family("python: values", values),
    Family("python: callers", callers),
    Family("python: recursion", recursion),
    Family("python: chains", chains),
    Family("python: groups", groups),
]
