"""What `toolboxai serve` does: uvicorn on the server that the environment describes."""

import os

import uvicorn

from toolboxai.cli.environment import read_settings
from toolboxai.cli.ports import refuse_taken

FINISH_REQUESTS_SECONDS = 10


def run_server(*, host: str | None, port: int | None, workers: int) -> None:
    """Run the server until it is stopped."""
    settings = read_settings()
    address = (host or settings.host, port or settings.port)
    refuse_taken(*address)
    # The application, and each worker's, asks the environment by which names it may be called.
    os.environ["TOOLBOXAI_HOST"] = address[0]
    uvicorn.run(
        "toolboxai.server.main:create_app_from_environment",
        factory=True,
        host=address[0],
        port=address[1],
        workers=workers,
        timeout_graceful_shutdown=FINISH_REQUESTS_SECONDS,
    )
