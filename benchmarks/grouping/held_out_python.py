"""Python families that the rules were not made with: see ``held_out``."""

from benchmarks.grouping.labelled import Family, Problems
from benchmarks.grouping.programs import run

RESOURCES = """
    from contextlib import contextmanager
    import threading
    from concurrent.futures import ThreadPoolExecutor

    class LeaseError(RuntimeError):
        pass

    @contextmanager
    def lease(name):
        if name.startswith("x"):
            raise LeaseError(f"{name} is taken")
        yield name

    def rows(source):
        for row in source:
            if row < 0:
                raise ValueError(f"negative row {row}")
            yield row

    def export(n):
        with lease(f"x{n}") as name:
            return name

    def total(n):
        return sum(rows([n, 2, -n]))

    def average(n):
        counted = list(rows([]))
        return n / len(counted)

    def in_pool(work, n):
        with ThreadPoolExecutor(2) as pool:
            return pool.submit(work, n).result()

    def nightly(n):
        return total(n)

    def on_request(n):
        return nightly(n)
"""


def resources() -> Problems:
    """Context managers, generators and pools between the caller and what breaks."""
    return run(
        RESOURCES,
        {
            "lease": ["export({n})", "in_pool(export, {n})"],
            "negative row": ["on_request({n})", "in_pool(nightly, {n})", "nightly({n})"],
            "no rows": ["average({n})"],
        },
        package="depot.resources",
    )


FALLBACKS = """
    class SourceError(Exception):
        pass

    class NoSourceError(Exception):
        pass

    def primary(n):
        raise SourceError(f"primary refused {n}")

    def mirror(n):
        raise TimeoutError(f"mirror took {n} ms")

    def fetch(n):
        try:
            return primary(n)
        except SourceError:
            return mirror(n)

    def attempt(n, times):
        last = None
        for number in range(times):
            try:
                return primary(n)
            except SourceError as error:
                error.__cause__ = last
                last = error
        raise NoSourceError(f"gave up on {n} after {times}") from last

    def parse(text):
        try:
            return int(text)
        except ValueError as error:
            raise LookupError(f"no number in {text!r}") from error
"""


def fallbacks() -> Problems:
    """Fallbacks and retries: as many causes as there were tries."""
    return run(
        FALLBACKS,
        {
            "mirror after primary": ["fetch({n})"],
            "gave up": ["attempt({n}, 2)", "attempt({n}, 3)", "attempt({n}, 5)"],
            "no number": ["parse('a{n}')"],
            "primary alone": ["primary({n})"],
        },
        package="depot.fallbacks",
    )


TREES = """
    class Node:
        def __init__(self, kind, *children):
            self.kind, self.children = kind, children

    def list_of(node):
        return [item(child) for child in node.children]

    def item(node):
        if node.kind == "list":
            return list_of(node)
        if node.kind == "map":
            return map_of(node)
        return leaf(node)

    def map_of(node):
        return {str(place): item(child) for place, child in enumerate(node.children)}

    def leaf(node):
        if node.kind == "bad":
            raise TypeError(f"no leaf: {node.kind} at {id(node):#x}")
        return node.kind.missing

    def nested(depth, kind, end):
        node = Node(end)
        for place in range(depth):
            node = Node(kind if place % 2 else "list", node)
        return item(node)
"""


def trees() -> Problems:
    """Documents of any depth, visited by functions that call each other."""
    depths = (1, 2, 5, 9)
    return run(
        TREES,
        {
            "bad leaf": [f"nested({depth}, 'map', 'bad')" for depth in depths]
            + [f"nested({depth}, 'list', 'bad')" for depth in depths],
            "attribute of a leaf": [f"nested({depth}, 'map', 'x{depth}')" for depth in depths],
        },
        package="depot.trees",
        times=1,
    )


HELD_OUT_PYTHON = [
    Family("unseen: resources", resources),
    Family("unseen: fallbacks", fallbacks),
    Family("unseen: trees", trees),
]
