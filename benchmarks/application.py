"""The application whose cost is measured: the same code, bare, under our telemetry, under plain sentry-sdk.

Run as ``python -m benchmarks.application VARIANT PORT DSN FOLDER``.
"""

import hashlib
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from threading import enumerate as enumerate_threads
from time import clock_gettime, pthread_getcpuclockid
from typing import Annotated

import sentry_sdk
import uvicorn
from fastapi import Depends, FastAPI, Request
from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from toolboxai import telemetry

log = logging.getLogger("benchmark")
Step = Callable[[str], AbstractContextManager[object]]
_BLOCK = b"x" * 4_096
_HASHES = 120  # about 1 ms for the three steps of /generate


class Base(DeclarativeBase):
    """The tables."""


class Item(Base):
    """A row to read."""

    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


def work() -> str:
    """Compute for a third of a millisecond."""
    digest = hashlib.sha256()
    for _ in range(_HASHES):
        digest.update(_BLOCK)
    return digest.hexdigest()


def build(folder: Path, step: Step) -> FastAPI:
    """Return the application; ``step`` times one part of ``/generate``."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/bench.db", pool_size=16)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)
            await connection.run_sync(Base.metadata.create_all)
        async with sessions() as session:
            session.add_all([Item(id=number, name=f"item {number}") for number in range(1, 101)])
            await session.commit()
        yield
        await engine.dispose()

    async def open_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    app = FastAPI(lifespan=lifespan)

    @app.get("/ping")
    async def ping() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/items/{item_id}")
    async def item(
        item_id: int, session: Annotated[AsyncSession, Depends(open_session)]
    ) -> dict[str, object]:
        row = (await session.execute(select(Item).where(Item.id == item_id))).scalar_one()
        log.info("item %s read", item_id)
        return {"id": row.id, "name": row.name}

    @app.get("/generate")
    async def generate() -> dict[str, str]:
        with step("plan"):
            work()
            with step("write"):
                work()
        with step("check"):
            return {"text": work()}

    @app.get("/boom")
    async def boom(request: Request) -> None:
        wanted = request.query_params.get("lesson", "none")
        msg = f"no lesson {wanted}"
        raise ValueError(msg)

    @app.get("/cpu")
    async def cpu() -> dict[str, float]:
        used = getrusage(RUSAGE_SELF)
        return {
            "seconds": used.ru_utime + used.ru_stime,
            "rss_kib": used.ru_maxrss,
            **seconds_of_threads(),
        }

    return app


def seconds_of_threads() -> dict[str, float]:
    """Return the CPU that the event loop's thread and telemetry's own have used."""
    used = {}
    for thread in enumerate_threads():
        name = thread.name.removeprefix("telemetry-")
        if thread.ident is not None and name in {"MainThread", "keeper", "sender"}:
            used[name] = clock_gettime(pthread_getcpuclockid(thread.ident))
    return used


def sentry_span(name: str) -> AbstractContextManager[object]:
    """Time a step with the SDK."""
    return sentry_sdk.start_span(op="step", name=name)


def main() -> None:
    """Serve one variant until told to stop."""
    variant, port, dsn, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
    app = VARIANTS[variant](dsn, folder)
    uvicorn.run(app, port=port, log_level="error", access_log=False)


def bare(_dsn: str, folder: Path) -> FastAPI:
    """Nobody watches."""
    return build(folder, lambda _name: nullcontext())


def ours(dsn: str, folder: Path, rate: float | None = None) -> FastAPI:
    """As in production, where ``rate`` is a tenth: errors, traces, every log record, gate and spool included."""
    telemetry.init(
        telemetry.Options(
            dsn=dsn,
            environment="production",
            release="bench@1.0.0",
            traces_sample_rate=rate,
            spool_dir=folder / "spool",
        )
    )
    app = build(folder, lambda name: telemetry.span("step", name))
    telemetry.instrument(app)
    return app


def plain_sdk(dsn: str, folder: Path) -> FastAPI:
    """What the SDK's documentation says for production, profiling left out on both sides."""
    sentry_sdk.init(
        dsn=dsn,
        environment="production",
        release="bench@1.0.0",
        traces_sample_rate=0.1,
        enable_logs=True,
    )
    return build(folder, sentry_span)


VARIANTS: dict[str, Callable[[str, Path], FastAPI]] = {
    "bare": bare,
    "bare again": bare,
    "ours": ours,
    "ours, unsampled": lambda dsn, folder: ours(dsn, folder, 0.0),
    "ours, all sampled": lambda dsn, folder: ours(dsn, folder, 1.0),
    "sentry-sdk": plain_sdk,
}

if __name__ == "__main__":
    main()
