"""The third of the families that the rules were not made with: written first, looked at last."""

from benchmarks.grouping.held_out_python import HELD_OUT_PYTHON
from benchmarks.grouping.labelled import Event, Family, Problems
from benchmarks.grouping.shapes import chained, error, frame, said


def vite_bundles() -> Problems:
    """A Vite build without source maps: hashes in file names, names of one or two letters."""
    hashes = ("CkXf8sQ2", "BZ7n_a1p", "D3rTq-0w")
    hosts = ("https://app.example.org", "https://cdn2.example.net")

    def stack(number: int, chunk: str, *names: str) -> list[Event]:
        base, mark = hosts[number % 2], hashes[number]
        return [
            frame(
                f"{name}{'abc'[number]}",
                f"{base}/assets/{chunk}-{mark}.js",
                1,
                90_000 + 37 * number,
            )
            for name in names
        ]

    def undefined(name: str) -> str:
        return f"Cannot read properties of undefined (reading '{name}')"

    return {
        "no cart": [
            error("TypeError", undefined("cart"), stack(n, "Checkout", "t", "n")) for n in range(3)
        ],
        "no price": [
            error("TypeError", undefined("price"), stack(n, "Checkout", "t", "e")) for n in range(3)
        ],
        "no map": [
            error("TypeError", "e.map is not a function", stack(n, "Orders", "r")) for n in range(3)
        ],
        "chunk load": [
            error(
                "TypeError",
                f"Failed to fetch dynamically imported module: {hosts[n % 2]}/assets/Admin-{hashes[n]}.js",
            )
            for n in range(3)
        ],
    }


def rejections() -> Problems:
    """Promises that were rejected with something, stack or none."""
    mechanism = {"type": "onunhandledrejection", "handled": False}

    def rejected(kind: str, value: str) -> Event:
        event = error(kind, value)
        event["exception"]["values"][0]["mechanism"] = mechanism
        return event

    return {
        "keys": [
            rejected(
                "UnhandledRejection", f"Object captured as promise rejection with keys: {keys}"
            )
            for keys in ("code, message", "code, message", "code, message")
        ],
        "a timeout": [
            rejected(
                "UnhandledRejection",
                f"Non-Error promise rejection captured with value: Timeout of {n} ms exceeded",
            )
            for n in (1500, 3000, 10_000)
        ],
        "an object id": [
            rejected(
                "UnhandledRejection",
                f"Non-Error promise rejection captured with value: Object Not Found Matching Id:{n}",
            )
            for n in (2, 3, 17)
        ],
        "offline": [rejected("TypeError", "Failed to fetch") for _ in range(3)],
    }


def node_services() -> Problems:
    """A Node service, compiled, in two images and with its queue's worker beside its routes."""

    def stack(number: int, entry: str, *names: str) -> list[Event]:
        root = ("/app", "/srv/releases/20261123")[number % 2]
        own = [
            frame(
                name, f"{root}/dist/orders/{file}.js", 10 + number * 3, 7, module=f"orders:{file}"
            )
            for name, file in (pair.split("@") for pair in names)
        ]
        library = [
            frame(
                "Layer.handle [as handle_request]",
                f"{root}/node_modules/express/lib/router/layer.js",
                95,
                in_app=False,
            ),
            frame(
                "process.processTicksAndRejections",
                "node:internal/process/task_queues",
                105 + number,
                in_app=False,
            ),
        ]
        first = frame(entry, f"{root}/dist/{entry}.js", 5 + number, 3, module=entry)
        return [*library[:1], first, *library[1:], *own]

    return {
        "out of stock": [
            error(
                "StockError",
                f"only {n} of sku-{n}{n} left",
                stack(n, entry, "reserve@stock", "async Stock.take@stock"),
                platform="node",
            )
            for n, entry in enumerate(("postOrder", "orderWorker", "postOrder", "orderWorker"))
        ],
        "card declined": [
            error(
                "PaymentError",
                f"declined: {n}",
                stack(n, "postOrder", "charge@payment", "Object.confirm@gateway"),
                platform="node",
            )
            for n in range(4)
        ],
        "refused connection": [
            chained(
                {"type": "Error", "value": f"connect ECONNREFUSED 10.0.{n}.7:5432"},
                {
                    "type": "QueryFailedError",
                    "value": f"query {n} failed",
                    "stacktrace": {"frames": stack(n, "postOrder", "find@repository")},
                },
                platform="node",
            )
            for n in range(4)
        ],
    }


def server_messages() -> Problems:
    """What databases, brokers and disks say, rendered."""
    return {
        "duplicate key": [
            said(f'duplicate key value violates unique constraint "users_email_key" ({mail})')
            for mail in ("ann@example.org", "bob.b@example.co.uk", "c+d@mail.example.com")
        ],
        "deadlock": [
            said(f"Process {a} waits for ShareLock on transaction {b}; blocked by process {c}.")
            for a, b, c in ((12, 3400, 13), (977, 5, 1), (4, 44, 444))
        ],
        "disk": [
            said(f"[Errno 28] No space left on device: '{path}'")
            for path in ("/var/lib/app/7/a.bin", "/srv/upload_9ac.part", "/data/x/y/z.csv")
        ],
        "slow": [
            said(f"query took {time} (limit {limit}), {rows} rows")
            for time, limit, rows in (
                ("1.5 s", "1 s", 10),
                ("12 s", "2.5 s", 1),
                ("2.25 s", "1 s", 0),
            )
        ],
        "partition": [
            said(f"consumer {name} lost partition {part} at 2026-11-2{part}T10:0{part}:11.123Z")
            for name, part in (
                ("7f3b1c9e-0d4a-4b61-9a53-0b6f54a7d1c0", 1),
                ("a41d0d3e-77aa-4d2c-8c53-1b6f54a7d1c9", 2),
                ("00000000-77aa-4d2c-8c53-1b6f54a7d1c9", 3),
            )
        ],
        "certificate": [
            said(f"certificate of {host} expires in {days}")
            for host, days in (
                ("https://a.example.org", "3 days"),
                ("https://b.example.net:8443/x", "1 day"),
                ("https://c.example.com", "14 days"),
            )
        ],
    }


def rust_panics() -> Problems:
    """Native frames: hashes behind names, addresses instead of them."""

    def stack(number: int, *names: str) -> list[Event]:
        begin = [
            {"function": "std::rt::lang_start", "package": "/srv/worker", "in_app": False},
            {"function": f"main::h{number:016x}", "package": "/srv/worker", "in_app": True},
        ]
        own = [
            {
                "function": f"{name}::h{number + 7:016x}",
                "instruction_addr": f"0x{0x7F00AA00 + number * 64:x}",
                "package": "/srv/worker",
                "in_app": True,
            }
            for name in names
        ]
        panic = {
            "function": "core::panicking::panic_fmt",
            "package": "/srv/worker",
            "in_app": False,
        }
        return [*begin, *own, panic]

    return {
        "bounds": [
            error(
                "panic",
                f"index out of bounds: the len is {n} but the index is {n + 2}",
                stack(n, "worker::queue::take", "worker::ring::Ring<T>::get"),
                platform="native",
            )
            for n in range(3)
        ],
        "unwrap": [
            error(
                "panic",
                f"called `Option::unwrap()` on a `None` value {n}",
                stack(n, "worker::queue::take", "worker::job::run::{{closure}}"),
                platform="native",
            )
            for n in range(3)
        ],
        "unknown code": [
            error(
                "SIGSEGV",
                f"Segfault at 0x{n:08x}",
                [
                    {"instruction_addr": f"0x7f{n:06x}", "package": "/usr/lib/libdrv.so.1"},
                    {"instruction_addr": f"0x7e{n:06x}", "package": "/usr/lib/libc.so.6"},
                ],
                platform="native",
            )
            for n in range(3)
        ],
    }


def lone_errors() -> Problems:
    """Errors of any language that came without a stack."""
    return {
        "quota": [
            error("QuotaError", f"school {n} used {n * 10}% of its quota", platform="python")
            for n in (4, 55, 101)
        ],
        "token": [
            error("AuthError", f"token tok_{mark} is revoked", platform="other")
            for mark in ("9fK2jQ81xZ", "0aBB34kkP2", "Zz91mNq00a")
        ],
        "date": [
            error("ParseError", f"can't read date '{text}'", platform="other")
            for text in ("23.11.2026", "tomorrow", "2026-13-45")
        ],
        "hash": [
            error("IntegrityError", f"checksum {mark} of part {n} is wrong", platform="other")
            for n, mark in enumerate(("deadbeefcafe", "00ff12ab34cd", "abcdef012345"))
        ],
    }


HELD_OUT = [
    *HELD_OUT_PYTHON,
    Family("unseen: vite bundles", vite_bundles),
    Family("unseen: rejections", rejections),
    Family("unseen: node services", node_services),
    Family("unseen: server messages", server_messages),
    Family("unseen: rust panics", rust_panics),
    Family("unseen: lone errors", lone_errors),
]
