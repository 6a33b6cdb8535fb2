"""What a frame says about where it was, without what changes from build to build. Pure."""

import re
import sys
from functools import lru_cache

from toolboxai.monitor.grouping.values import Json, text

MAX_NAME_CHARS = 300
MAX_LINE_CHARS = 160
MAX_REMEMBERED_NAMES = 4_096
# Minified code has names of one or two letters, and all of it in one line.
MINIFIED_NAME_CHARS = 2
SCRIPTS = frozenset({"javascript", "node"})
COMPREHENSIONS = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})

# Who calls an application's code from outside: up to here a stack says who asked, not what broke.
_ENTRIES = frozenset(
    [
        "aiohttp",
        "anyio",
        "apscheduler",
        "arq",
        "bottle",
        "celery",
        "channels",
        "click",
        "cyclopts",
        "django",
        "dramatiq",
        "falcon",
        "fastapi",
        "flask",
        "gunicorn",
        "huey",
        "hypercorn",
        "litestar",
        "pytest",
        "quart",
        "rq",
        "runpy",
        "sanic",
        "sentry_sdk",
        "socketserver",
        "starlette",
        "taskiq",
        "threading",
        "tornado",
        "typer",
        "uvicorn",
        "uvloop",
        "werkzeug",
        "wsgiref",
    ]
)
_ENTRY_MODULES = frozenset(
    [
        "asyncio.runners",
        "asyncio.events",
        "asyncio.base_events",
        "concurrent.futures.thread",
        "concurrent.futures.process",
        "multiprocessing.process",
        "multiprocessing.pool",
    ]
)
_ENTRY_FILES = re.compile(
    r"node_modules/(?:express|koa|fastify|hono|next|@nestjs|react-dom|scheduler|zone\.js|@angular|vue|bullmq?|jest)\b"
    r"|node:internal/(?:process/task_queues|timers|main|modules)|\bzone\.js|\breact-dom\b"
)
_FOREIGN_FILES = re.compile(
    r"node_modules|\bvendors?\b|site-packages|dist-packages|\bpolyfills?\b|\bframework-|webpack/(?:runtime|bootstrap)"
    r"|-extension://|^node:|^internal/|native code|^<anonymous>$|^/usr/lib|^/lib|^/System/",
    re.IGNORECASE,
)
_FOREIGN_MODULES = re.compile(
    r"(?:java|javax|jdk|sun|kotlin|scala|android|androidx|dalvik|System|Microsoft)\.|com\.(?:sun|android)\."
    r"|org\.(?:springframework|apache|hibernate|eclipse)\.|net/http|runtime(?:\.|$)|sentry_sdk\b"
)
_ORIGIN = re.compile(
    r"^(?:webpack(?:-internal)?://(?:/|[\w.@-]*/)|app://|https?://[^/]*|file://)|[?#].*$|^~|\(app-[\w-]+\)/"
)
_HASH = re.compile(
    r"[-._](?=[0-9a-f]*[0-9])[0-9a-f]{6,64}(?![A-Za-z0-9])|\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,64}\b|\d+"
)
_BASE64_HASH = re.compile(r"[-.]([A-Za-z0-9_-]{8})(?=\.[a-z]{2,4}$)")
_WORDS = re.compile(r"_?[A-Za-z]?[a-z]{2,}(?:[A-Z_-]?[a-z]{2,})*")
_GENERATED = re.compile(
    r"::h[0-9a-f]{16}$|\$\$(?:Lambda|Enhancer|FastClass)\S*|(?<=\$)\d+|\bx?0x[0-9a-fA-F]+|(?<=Accessor)\d+"
)
_SCRIPT_DECORATION = re.compile(r"^(?:async[ *]|new |get |set )+|\s*\[as [^\]]*\]|[/<]+$")
_NAMELESS = frozenset(
    {"", "?", "anonymous", "<anonymous>", "<unknown>", "<redacted>", "eval", "Object"}
)


def is_entry(frame: Json) -> bool:
    """Say whether the frame is of a framework that calls applications."""
    module = text(frame, "module")
    if module:
        return module in _ENTRY_MODULES or module.partition(".")[0] in _ENTRIES
    return _is_entry_file(text(frame, "filename")[-MAX_NAME_CHARS:])


def is_foreign(frame: Json) -> bool:
    """Say whether a frame that nobody disowned is a library's all the same."""
    if frame.get("in_app") is True:
        # Browsers, which know columns, call every frame the application's; others know better.
        if "colno" not in frame:
            return False
    else:
        module = text(frame, "module")
        if module and _is_foreign_module(module[:MAX_NAME_CHARS]):
            return True
    file = text(frame, "filename") or text(frame, "abs_path") or text(frame, "package")
    return _is_foreign_file(file[-MAX_NAME_CHARS:])


def where(frame: Json) -> str:
    """Return the module or the file, without hashes, hosts and numbers of a build."""
    module = text(frame, "module")
    if module and module != "__main__":
        return _plain_module(module[:MAX_NAME_CHARS])
    file = text(frame, "filename") or text(frame, "abs_path")
    if not file:
        file = text(frame, "package").replace("\\", "/").rpartition("/")[2]
    return plain_file(file[-MAX_NAME_CHARS:])


def function(frame: Json, platform: str) -> str:
    """Return the function's name if it is one that a person gave."""
    name = text(frame, "function")[:MAX_NAME_CHARS]
    column = frame.get("colno")
    if platform in SCRIPTS or (column is not None and not text(frame, "module")):
        return _script_name(name)
    return _plain_name(name)


def source_line(frame: Json) -> str:
    """Return the line that was running, with one space for many; nothing for what was minified."""
    line = text(frame, "context_line")
    if not line or len(line) > 4 * MAX_LINE_CHARS or "{snip}" in line:
        return ""
    plain = " ".join(line.split())
    return plain if len(plain) <= MAX_LINE_CHARS else ""


@lru_cache(MAX_REMEMBERED_NAMES)
def plain_file(path: str) -> str:
    """Return the last two parts of a path, without what a build put into it."""
    rest = _ORIGIN.sub("", path.replace("\\", "/"))
    parts = [part for part in rest.split("/") if part and part != "."]
    return "/".join(_HASH.sub("", _BASE64_HASH.sub(_unless_words, part)) for part in parts[-2:])


def _unless_words(found: re.Match[str]) -> str:
    return found.group() if _WORDS.fullmatch(found[1]) else ""


@lru_cache(MAX_REMEMBERED_NAMES)
def _plain_module(module: str) -> str:
    return _GENERATED.sub("", module)


@lru_cache(MAX_REMEMBERED_NAMES)
def _plain_name(name: str) -> str:
    plain = _GENERATED.sub("", name.rpartition("<locals>.")[2])
    return "" if plain in _NAMELESS else plain


@lru_cache(MAX_REMEMBERED_NAMES)
def _script_name(name: str) -> str:
    # Browsers write the same method as Form.submit, submit and async*submit.
    plain = _SCRIPT_DECORATION.sub("", name).rpartition(".")[2]
    return "" if plain in _NAMELESS or len(plain) <= MINIFIED_NAME_CHARS else plain


@lru_cache(MAX_REMEMBERED_NAMES)
def _is_entry_file(file: str) -> bool:
    return _ENTRY_FILES.search(file) is not None


@lru_cache(MAX_REMEMBERED_NAMES)
def _is_foreign_file(file: str) -> bool:
    return _FOREIGN_FILES.search(file) is not None


@lru_cache(MAX_REMEMBERED_NAMES)
def _is_foreign_module(module: str) -> bool:
    name = module.partition(".")[0]
    is_standard = name in sys.stdlib_module_names and name != "__main__"
    return is_standard or _FOREIGN_MODULES.match(module) is not None
