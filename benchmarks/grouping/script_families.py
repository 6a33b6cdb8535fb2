"""JavaScript as @sentry/browser and @sentry/node send it: bundled, minified, in several releases."""

from collections.abc import Sequence

from benchmarks.grouping.labelled import Event, Family, Problems
from benchmarks.grouping.shapes import chained, error, frame

HASHES = ("3f2a1b9c", "a0c4e77d", "91be02f5", "0d0d66aa")
HOSTS = ("https://app.example.org", "https://cdn.example.net", "http://localhost:3000")


def webpack_minified() -> Problems:
    """Two entry points and a vendor chunk; every release has other hashes and other short names."""

    def stack(number: int, chunk: str, depth: int) -> list[Event]:
        base, mark = HOSTS[number % 3], HASHES[number % 4]
        library = [
            frame(name, f"{base}/static/js/vendors.{mark}.chunk.js", 2, 41_000 + number * 11)
            for name in ("uo", "lo", f"z{number}")
        ]
        own = [
            frame(
                "ternmq"[number + place],
                f"{base}/static/js/{chunk}.{mark}.chunk.js",
                1,
                7_000 + number,
            )
            for place in range(depth)
        ]
        return [*library, *own]

    def undefined(name: str) -> str:
        return f"Cannot read properties of undefined (reading '{name}')"

    return {
        "name in main": [
            error("TypeError", undefined("name"), stack(n, "main", 2)) for n in range(4)
        ],
        "items in main": [
            error("TypeError", undefined("items"), stack(n, "main", 2)) for n in range(4)
        ],
        "name in admin": [
            error("TypeError", undefined("name"), stack(n, "admin", 2)) for n in range(4)
        ],
        "quota": [
            error(
                "QuotaExceededError",
                f"Failed to set item 'draft-{n}': {n * 512} bytes",
                stack(n, "main", 1),
            )
            for n in range(4)
        ],
    }


def source_mapped() -> Problems:
    """Behind source maps: real names, webpack's prefixes, lines that move."""
    prefixes = (
        "webpack:///./",
        "webpack:///",
        "webpack-internal:///(app-pages-browser)/./",
        "./",
        "app:///",
    )

    def stack(number: int, *places: str) -> list[Event]:
        react = frame(
            "commitRoot",
            f"{prefixes[number]}node_modules/react-dom/cjs/react-dom.js",
            900 + number,
            5,
        )
        own = [
            frame(
                name,
                f"{prefixes[number]}src/{file}.tsx",
                20 + number * 4,
                9,
                context_line=f"    return {name}();",
            )
            for name, file in (place.split("@") for place in places)
        ]
        return [react, *own]

    return {
        "cart": [
            error("TypeError", f"cart {n} is empty", stack(n, "Cart@cart/Cart", "total@cart/sum"))
            for n in range(5)
        ],
        "sum": [
            error("TypeError", f"no sum {n}", stack(n, "Cart@cart/Cart", "tax@cart/sum"))
            for n in range(5)
        ],
        "anonymous": [
            error(
                "RangeError",
                f"page {n} of 3",
                [
                    *stack(n, "Pages@list/Pages"),
                    frame("<anonymous>", f"{prefixes[n]}src/list/Pages.tsx", 4 + n, 8),
                ],
            )
            for n in range(5)
        ],
    }


def browsers() -> Problems:
    """The same line in Chromium, Firefox and Safari: other names for the same functions."""
    base = f"{HOSTS[0]}/js/app.js"

    def stack(number: int, outer: Sequence[str], inner: str) -> list[Event]:
        return [
            frame(outer[number % 3], base, 10 + number, 3),
            frame(inner, base, 31 + number, 12),
        ]

    click = ("HTMLButtonElement.onclick", "onclick", "onclick")
    method = ("Form.submit", "submit", "submit")
    constructor = ("new Form", "Form", "Form")
    asynchronous = ("async load", "async*load", "load")
    return {
        "submit": [error("Error", f"form {n}", stack(n, click, method[n % 3])) for n in range(6)],
        "constructor": [
            error("Error", f"form {n}", stack(n, method, constructor[n % 3])) for n in range(6)
        ],
        "load": [
            error("Error", f"load {n}", stack(n, method, asynchronous[n % 3])) for n in range(6)
        ],
    }


def next_pages() -> Problems:
    """Next.js: build ids in paths, pages as chunks, server and edge prefixes."""

    def at(number: int, page: str, function: str) -> list[Event]:
        mark = HASHES[number]
        return [
            frame("a", f"{HOSTS[0]}/_next/static/chunks/framework-{mark}{mark}.js", 1, 99),
            frame(
                function,
                f"{HOSTS[0]}/_next/static/chunks/pages/{page}-{mark}{HASHES[-number]}.js",
                1,
                500 + number,
            ),
        ]

    return {
        "orders": [
            error("Error", f"order {n} is gone", at(n, "orders/[id]", "loadOrder"))
            for n in range(4)
        ],
        "teachers": [
            error("Error", f"teacher {n} is gone", at(n, "teachers/[id]", "loadTeacher"))
            for n in range(4)
        ],
        "hydration": [
            error(
                "Error",
                "Minified React error #418; visit https://react.dev/errors/418 for the full message",
                at(n, "index", "ok"[n % 2]),
            )
            for n in range(4)
        ],
        "hydration of text": [
            error(
                "Error",
                "Minified React error #425; visit https://react.dev/errors/425 for the full message",
                at(n, "index", "ok"[n % 2]),
            )
            for n in range(4)
        ],
    }


def node() -> Problems:
    """Node with its own source: timers, streams and promises around it, and causes."""

    def stack(number: int, *names: str) -> list[Event]:
        return [
            frame(
                "node:internal/main/run_main_module",
                "node:internal/main/run_main_module",
                28,
                in_app=False,
            ),
            *(
                frame(
                    name,
                    f"/srv/r{number}/src/{file}.js",
                    30 + number,
                    5,
                    module=file.replace("/", "."),
                    context_line=f"  await {name.rpartition('.')[2]}(input)",
                )
                for name, file in (each.split("@") for each in names)
            ),
            frame(
                "process.processTicksAndRejections",
                "node:internal/process/task_queues",
                95,
                in_app=False,
            ),
        ]

    def raised(kind: str, value: str, number: int, *names: str) -> Event:
        return {"type": kind, "value": value, "stacktrace": {"frames": stack(number, *names)}}

    return {
        "import": [
            error(
                "ImportError",
                f"row {n}",
                stack(n, "main@cli", "Importer.read@import"),
                platform="node",
            )
            for n in range(4)
        ],
        "export": [
            error(
                "ImportError",
                f"row {n}",
                stack(n, "main@cli", "Importer.write@import"),
                platform="node",
            )
            for n in range(4)
        ],
        "cause": [
            chained(
                raised(
                    "SyntaxError",
                    f"Unexpected token < in JSON at position {n * 17}",
                    n,
                    "parse@json",
                ),
                raised(
                    "ConfigError", f"/etc/app/{n}.json is no config", n, "main@cli", "load@config"
                ),
                platform="node",
            )
            for n in range(4)
        ],
        "stack overflow": [
            error(
                "RangeError",
                "Maximum call stack size exceeded",
                stack(n, *["visit@tree", "child@tree"] * (10 + n), *["visit@tree"] * (n % 2)),
                platform="node",
            )
            for n in range(4)
        ],
    }


SCRIPT = [
    Family("javascript: webpack, minified", webpack_minified),
    Family("javascript: source maps", source_mapped),
    Family("javascript: three browsers", browsers),
    Family("javascript: next pages", next_pages),
    Family("javascript: node", node),
]
