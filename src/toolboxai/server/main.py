"""ToolboxAI's server, put together. Read this first."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from toolboxai import __version__, telemetry
from toolboxai.server import auth, content, operations, roblox, schools
from toolboxai.server.config import Settings, load_settings
from toolboxai.server.database import Database, create_private_folder
from toolboxai.server.documentation import ABOUT, DocumentedApp, add_documentation
from toolboxai.server.error_handling import add_handlers
from toolboxai.server.hosts import KnownHosts, warn_without_names
from toolboxai.server.inflating import InflatedBodies
from toolboxai.server.jobs import Jobs
from toolboxai.server.limits import BodyLimit
from toolboxai.server.sentry_config import telemetry_options


def create_app(settings: Settings) -> FastAPI:
    """Return the application that ``settings`` describes."""
    create_private_folder(settings.data_dir)
    warn_without_names(settings)
    telemetry.init(telemetry_options(settings))
    about = telemetry.Application(version=__version__, debug=settings.is_development)
    telemetry.set_context(about)
    app = DocumentedApp(
        title="ToolboxAI",
        version=__version__,
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # FastAPI's own telemetry would be a second way out, one that nobody scrubs.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    telemetry.instrument(app)
    app.state.database = Database(settings.database_address)
    app.state.access_tokens = auth.AccessTokens(settings.auth_secret)
    app.state.passwords = auth.Passwords()
    app.state.counts = auth.Counts(settings.redis_url, settings.auth_secret)
    app.state.registry = operations.new_registry()
    app.state.authors = content.new_authors(settings, app.state.database, app.state.registry)
    app.state.generation_tally = content.GenerationTally(app.state.registry)
    app.state.jobs = Jobs(
        app.state.database,
        content.Generating(app.state.generation_tally, app.state.authors),
        workers=settings.generation_workers,
    )
    app.state.plugin_office = roblox.Office(app.state.database, app.state.registry)
    app.state.refreshed = [app.state.plugin_office.figures]
    app.state.parts = {
        "database": app.state.database,
        "redis": app.state.counts,
        "model": app.state.authors,
        "orders": app.state.jobs,
        "telemetry": operations.Reporting(),
    }
    # The last one added is the first one asked.
    app.add_middleware(InflatedBodies)
    app.add_middleware(BodyLimit)
    app.add_middleware(KnownHosts, names=settings.host_names, bound_to=settings.host)
    add_handlers(app)
    app.include_router(operations.router)
    app.include_router(auth.router)
    for router in schools.routers:
        app.include_router(router)
    app.include_router(content.router)
    app.include_router(content.generations_router)
    app.include_router(roblox.router)
    add_documentation(app)
    missing_model = content.missing_model(settings, app.state.database)
    telemetry.add_routes(app, debug_kinds={"model": missing_model})
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Hold the database open, and work on what is ordered, for as long as the application serves."""
    database: Database = app.state.database
    jobs: Jobs = app.state.jobs
    counts: auth.Counts = app.state.counts
    authors: content.Authors = app.state.authors
    await database.start()
    try:
        await auth.tell_if_nobody_is_there(database)
        async with jobs:
            yield
    finally:
        await authors.close()
        await counts.close()
        await database.stop()


def create_app_from_environment() -> FastAPI:
    """Return the application that the environment describes, for ``uvicorn --factory``."""
    settings = load_settings()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(name)s: %(message)s")
    return create_app(settings)
