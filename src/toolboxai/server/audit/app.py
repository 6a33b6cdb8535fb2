"""The server that the environment describes, and the careless routes: `python -m toolboxai.server.audit.app PORT`."""

import os
import sys

import uvicorn
from fastapi import FastAPI

from toolboxai.server.audit.canaries import Canaries
from toolboxai.server.audit.careless import careless_router
from toolboxai.server.main import create_app_from_environment

SEED_VARIABLE = "TOOLBOXAI_AUDIT_SEED"


def create_app() -> FastAPI:
    """Return the application as it is, with the careless routes beside its own."""
    app = create_app_from_environment()
    app.include_router(careless_router(Canaries(os.environ[SEED_VARIABLE])))
    return app


if __name__ == "__main__":
    uvicorn.run(create_app, factory=True, host="127.0.0.1", port=int(sys.argv[1]))
