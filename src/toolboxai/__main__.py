"""Where `toolboxai` and `python -m toolboxai` begin. Knows which extra brings what the bare package lacks."""

import sys
from importlib import import_module

BOTH = ("monitor", "server")
EXTRAS_FOR_MODULE = {
    "aiosqlite": ("server",),
    "alembic": ("server",),
    "asyncpg": ("postgres",),
    "brotli": ("monitor",),
    "fastapi": ("server",),
    "fastapi_offline": ("server",),
    "greenlet": ("server",),
    "httptools": BOTH,
    "jinja2": ("monitor",),
    "msgspec": ("monitor",),
    "jwt": ("server",),
    "httpx2": ("llm",),
    "limits": ("server",),
    "openai": ("llm",),
    "prometheus_client": ("server",),
    "pwdlib": ("server",),
    "pydantic": ("server",),
    "pydantic_ai": ("server", "llm"),
    "pydantic_settings": ("server",),
    "python_multipart": BOTH,
    "redis": ("redis",),
    "rich": BOTH,
    "sqlalchemy": ("server",),
    "stamina": ("llm",),
    "typer": BOTH,
    "uvicorn": BOTH,
    "uvloop": BOTH,
    "zstandard": ("monitor",),
}


def main() -> None:
    """Run the command line; where an extra is missing, say which."""
    try:
        import_module("toolboxai.cli.app").main()
    except ModuleNotFoundError as error:
        extras = EXTRAS_FOR_MODULE.get((error.name or "").partition(".")[0])
        if extras is None:
            raise
        sys.stderr.write(
            f"toolboxai: this needs {error.name}, which is not installed. "
            f"Install it with: pip install 'toolboxai[{','.join(extras)}]'\n"
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
