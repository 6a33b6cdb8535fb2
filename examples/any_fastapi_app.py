"""Any FastAPI application, reported: ``SENTRY_DSN=… uvicorn examples.any_fastapi_app:app``."""

import os

from fastapi import FastAPI

from toolboxai import telemetry

telemetry.init(telemetry.Options(dsn=os.environ.get("SENTRY_DSN"), environment="development"))
app = FastAPI()
telemetry.instrument(app)
telemetry.add_routes(app)


@app.get("/divide/{by}")
async def divide(by: int) -> float:
    """Fail for 0, and see it arrive."""
    return 1 / by
