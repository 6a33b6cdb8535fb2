"""Messages with and without a template, errors without a stack, and native frames."""

from benchmarks.grouping.labelled import Event, Family, Problems
from benchmarks.grouping.shapes import error, said


def templates() -> Problems:
    """Log messages with the template that they were rendered from."""
    return {
        "graded": [
            said(f"graded quiz {n} for {name}", template="graded quiz %s for %s", params=[n, name])
            for n, name in ((1, "ann"), (22, "bob"), (333, "cleo"))
        ],
        "graded late": [
            said(f"graded quiz {n} late", template="graded quiz %s late", params=[n])
            for n in range(3)
        ],
        "brace": [
            said(f"{name} has left", template="{name} has left", params={"name": name})
            for name in ("ann", "bob", "cleo")
        ],
    }


def rendered() -> Problems:
    """Log messages of which only the result is known."""
    uuids = ("123e4567-e89b-12d3-a456-426614174000", "00000000-e89b-12d3-a456-426614174999")
    return {
        "user": [said(f"user {n} has no school") for n in (1, 20, 31_415)],
        "school": [said(f"school {n} has no user") for n in (1, 20, 31_415)],
        "session": [said(f"session {each} expired") for each in uuids],
        "mail": [
            said(f"mail to {to} bounced") for to in ("a@example.org", "b.c+d@mail.example.com")
        ],
        "quoted": [
            said(f"unknown pupil '{name}' in \"{group}\"")
            for name, group in (("ann", "7a"), ("Bob B.", "red"))
        ],
        "path": [
            said(f"can't read {path}")
            for path in ("/var/log/a.log", "/home/u/x/y.txt", "/opt/tmpx81/z")
        ],
        "windows path": [
            said(f"can't open {path}!") for path in (r"C:\Users\ann\a.rbxl", r"D:\work\b.rbxl")
        ],
        "hex": [said(f"object at {where} is gone") for where in ("0x7f00dead", "0x10")],
        "commit": [
            said(f"deployed {sha}")
            for sha in ("a1b2c3d", "0f9e8d7c6b5a4f3e2d1c0f9e8d7c6b5a4f3e2d1c")
        ],
        "date": [
            said(f"no lesson on {day}")
            for day in ("2026-11-23", "2026-01-02T03:04:05+01:00", "2026-12-24 18:00:00")
        ],
        "clock": [said(f"job began at {at}") for at in ("10:02:11", "23:59:59.123")],
        "took": [said(f"render took {time}") for time in ("1.5s", "12s", "350ms", "1,250 ms")],
        "address": [
            said(f"refused {where}")
            for where in ("10.0.0.1:8080", "192.168.1.20:99", "[2001:db8::1]:443")
        ],
        "route": [said(f"GET /api/lessons/{n} answered 500") for n in (1, 22)],
        "other route": [said(f"GET /api/schools/{n} answered 500") for n in (1, 22)],
        "pairs": [
            said(f"refused user={user} role={role}")
            for user, role in (("ann", "pupil"), ("bob", "teacher"))
        ],
        "list": [said(f"no grades for {ids}") for ids in ("[1, 2, 3]", "[4]", "[5, 6]")],
        "object": [
            said(f"bad answer {shown}") for shown in ('{"id": 1, "ok": false}', '{"id": 22}')
        ],
        "count": [
            said(f"{n} {word} failed") for n, word in ((1, "job"), (2, "jobs"), (40, "jobs"))
        ],
        "token": [said(f"order ord_{mark} is unknown") for mark in ("8fK2jQ91", "Zz0aB7xY")],
        "plain": [said("the disk is full") for _ in range(2)],
        "plain, too": [said("the queue is full") for _ in range(2)],
        "negative": [said(f"balance {n} is too low") for n in ("-3", "-12.50", "1e-9")],
        "lines": [said(f"failed\ndetail {n}") for n in range(2)],
    }


def bare() -> Problems:
    """Exceptions without a stack."""
    return {
        "user": [error("ValueError", f"no user {n}", platform="python") for n in (7, 12)],
        "school": [error("ValueError", f"no school {n}", platform="python") for n in (7, 12)],
        "other type": [error("KeyError", f"no user {n}", platform="python") for n in (7, 12)],
        "refused": [
            error("ConnectionRefusedError", f"[Errno 111] to 10.0.0.{n}", platform="python")
            for n in (7, 12)
        ],
        "script": [error("Error", "Script error.") for _ in range(2)],
    }


def attached() -> Problems:
    """Messages with the stack that ``attach_stacktrace`` adds, as thread or on the event."""

    def stack(number: int, function: str) -> Event:
        frames = [
            {"module": "logging", "function": "error", "in_app": False, "lineno": 1500 + number},
            {
                "module": "shop.mail",
                "function": function,
                "in_app": True,
                "lineno": 10 + number,
                "context_line": f"    log.error('{function} failed for %s', user)",
            },
        ]
        return {"frames": frames[::-1]}

    return {
        name: [
            said(
                f"{name} failed for {n}",
                threads={"values": [{"current": True, "stacktrace": stack(n, name)}]},
            )
            for n in range(3)
        ]
        for name in ("send", "fetch")
    }


def native() -> Problems:
    """C++ and Swift: addresses, templates, unnamed code."""

    def stack(number: int, *names: str) -> list[Event]:
        return [
            {
                "function": name,
                "instruction_addr": f"0x{0x1000 + number * 16:x}",
                "package": f"/private/var/containers/{number:08x}/Shop.app/Shop",
                "in_app": True,
            }
            for name in names
        ] + [
            {
                "function": "abort",
                "package": "/usr/lib/libc.so.6",
                "in_app": False,
                "instruction_addr": f"0x7{number}",
            }
        ]

    return {
        "pay": [
            error(
                "SIGABRT",
                f"abort {n}",
                stack(n, "main", "Shop::pay(int)", "std::vector<int>::at(unsigned long)"),
                platform="native",
            )
            for n in range(4)
        ],
        "draw": [
            error(
                "SIGABRT",
                f"abort {n}",
                stack(n, "main", "-[ShopView drawRect:]", "Shop::paint(Rect const&)"),
                platform="native",
            )
            for n in range(4)
        ],
        "fault": [
            error(
                "EXC_BAD_ACCESS",
                f"KERN_INVALID_ADDRESS at 0x{n:x}",
                stack(n, "main", "Shop::pay(int)", "Shop::card(char*)"),
                platform="native",
            )
            for n in range(4)
        ],
    }


def virtual_machines() -> Problems:
    """Java, .NET and Go: generated classes, numbered lambdas."""

    def frame(module: str, function: str, number: int, *, in_app: bool = True) -> Event:
        return {"module": module, "function": function, "lineno": 40 + number, "in_app": in_app}

    def java(number: int, function: str) -> list[Event]:
        return [
            frame("java.lang.Thread", "run", number, in_app=False),
            frame(f"org.example.Shop$$EnhancerBySpringCGLIB$$a{number}f{number}", "invoke", number),
            frame("org.example.Orders", f"lambda$load${number}", number),
            frame(f"org.example.Orders$$Lambda${100 + number}/0x0000000{number}", "apply", number),
            frame("org.example.Repository", function, number),
        ]

    def go(number: int, function: str) -> list[Event]:
        return [
            frame("net/http", "(*conn).serve", number, in_app=False),
            frame("example.org/shop", "main.handle", number),
            frame("example.org/shop/orders", function, number),
        ]

    return {
        "java find": [
            error("NoSuchElementException", f"no {n}", java(n, "find"), platform="java")
            for n in range(4)
        ],
        "java save": [
            error("NoSuchElementException", f"no {n}", java(n, "save"), platform="java")
            for n in range(4)
        ],
        "go load": [
            error("*errors.errorString", f"no {n}", go(n, "(*Store).Load"), platform="go")
            for n in range(4)
        ],
        "go save": [
            error("*errors.errorString", f"no {n}", go(n, "(*Store).Save.func1"), platform="go")
            for n in range(4)
        ],
    }


TEXT = [
    Family("text: templates", templates),
    Family("text: rendered", rendered),
    Family("text: errors without a stack", bare),
    Family("text: attached stacks", attached),
    Family("other: native", native),
    Family("other: virtual machines", virtual_machines),
]
