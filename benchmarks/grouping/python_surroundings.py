"""Real Python failures with something around them: event loops, libraries, decorators, a web application."""

from benchmarks.grouping.labelled import Family, Problems
from benchmarks.grouping.programs import run

TASKS = """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    class SlotError(Exception):
        pass

    async def slot(n):
        await asyncio.sleep(0)
        raise SlotError(f"slot {n} is taken")

    async def book(n):
        return await slot(n)

    async def plan(n):
        return await book(n)

    async def gathered(n):
        return await asyncio.gather(plan(n))

    async def waited(n):
        return await asyncio.wait_for(plan(n), 5)

    async def in_task(n):
        return await asyncio.create_task(plan(n))

    def blocking(n):
        return [1][n]

    def compute(n):
        return blocking(n) + 1

    async def in_thread(n):
        return await asyncio.to_thread(compute, n)

    def in_pool(n):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(compute, n).result()

    async def stream(n):
        for number in range(n):
            yield number
        raise SlotError(f"{n} ran dry")

    async def drain(n):
        return [number async for number in stream(n)]
"""


def tasks() -> Problems:
    """Coroutines awaited, gathered, in tasks and in threads."""
    return run(
        TASKS,
        {
            "slot": [f"asyncio.run({name}({{n}}))" for name in ("gathered", "waited", "in_task")],
            "index": ["asyncio.run(in_thread({n}))", "in_pool({n})"],
            "dry": ["asyncio.run(drain({n}))"],
        },
        package="shop.tasks",
    )


LIBRARIES = """
    import json
    import sqlite3
    import re
    from collections import namedtuple
    from pathlib import Path
    from datetime import datetime

    def database():
        db = sqlite3.connect(":memory:")
        db.execute("CREATE TABLE pupil (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
        return db

    def missing_table(n):
        return database().execute(f"SELECT * FROM school_{n}")

    def twice(n):
        db = database()
        for _ in range(2):
            db.execute("INSERT INTO pupil (name) VALUES (?)", (f"pupil {n}",))

    def file(n):
        return Path(f"/nowhere/{n}.txt").read_text()

    def pattern(n):
        return re.compile("(" * n)

    def date(n):
        return datetime.fromisoformat(f"{n}.11.2026")

    class Strange:
        def __init__(self, n):
            self.n = n

    def dump(n):
        return json.dumps({"n": Strange(n)})

    def unknown(value):
        raise TypeError(f"can't write {value!r}")

    def dump_ours(n):
        return json.dumps({"n": Strange(n)}, default=unknown)

    def sort(n):
        return sorted([n, None, "x"], key=lambda each: each + 1)

    def unpack(n):
        first, second = range(n)
        return first
"""


def libraries() -> Problems:
    """Errors that libraries raise; some call us back."""
    names = ("missing_table", "twice", "file", "pattern", "date", "dump", "dump_ours", "sort")
    return run(
        LIBRARIES,
        {name: [f"{name}({{n}})"] * 2 for name in (*names, "unpack")},
        package="shop.libraries",
    )


DECORATED = """
    from dataclasses import dataclass
    from functools import cached_property, lru_cache, partial

    class Basket:
        def __init__(self, n):
            self.n = n

        def __getattr__(self, name):
            raise AttributeError(f"no {name} in basket {self.n}")

        @cached_property
        def total(self):
            return sum(line["price"] for line in [{"price": 1}, {"cost": self.n}])

        @property
        def lines(self):
            return [self.line(each) for each in range(self.n)]

        def line(self, each):
            return {"pen": each}["ink"]

    @lru_cache
    def cached(n):
        return n // 0

    @dataclass
    class Order:
        n: int

        def __post_init__(self):
            if self.n:
                raise ValueError(f"order {self.n} has no lines")

    def made(n):
        return type(f"Model{n}", (), {"__init__": lambda self: self.missing})()

    bound = partial(lambda n, scale: n * scale.factor, scale=None)
"""


def decorated() -> Problems:
    """Properties, caches, comprehensions, lambdas and classes made on the way."""
    return run(
        DECORATED,
        {
            "no attribute": ["Basket({n}).colour"] * 2,
            "total": ["Basket({n}).total"] * 2,
            "line": ["Basket({n}).lines"] * 2,
            "cached": ["cached({n})"] * 2,
            "order": ["Order({n})"] * 2,
            "made": ["made({n})"] * 2,
            "bound": ["bound({n})"] * 2,
        },
        package="shop.decorated",
    )


WEB = """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    class LessonError(Exception):
        pass

    class Timing:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    def objective(n):
        raise LessonError(f"no objective fits grade {n}")

    def plan(n):
        return objective(n)

    def grade(n):
        return {"a": 1}[f"grade {n}"]

    def report(n):
        return grade(n)

    async def lesson(request):
        return JSONResponse(plan(int(request.query_params["n"])))

    async def reports(request):
        return JSONResponse(report(int(request.query_params["n"])))

    def ask(path, n, *layers):
        routes = [Route("/lesson", lesson), Route("/reports", reports)]
        app = Starlette(routes=routes, middleware=[Middleware(layer) for layer in layers])
        TestClient(app).get(f"{path}?n={n}")

    def nightly(work, n):
        return [work(each) for each in [n]]
"""


def web() -> Problems:
    """A real application: asked with and without a middleware of its own, and a job beside it."""
    return run(
        WEB,
        {
            "objective": [
                "ask('/lesson', {n})",
                "ask('/lesson', {n}, Timing)",
                "nightly(plan, {n})",
            ],
            "grade": [
                "ask('/reports', {n})",
                "ask('/reports', {n}, Timing)",
                "nightly(report, {n})",
            ],
        },
        package="shop.web",
        times=1,
    )


SURROUNDINGS = [
    Family("python: async", tasks),
    Family("python: libraries", libraries),
    Family("python: decorated", decorated),
    Family("python: web", web),
]
