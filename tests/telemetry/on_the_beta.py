"""Run with another SDK first on the path: an application that errs, logs and traces; prints what was reported."""

import json
import logging

import sentry_sdk
from fastapi import FastAPI
from starlette.testclient import TestClient

from toolboxai import telemetry
from toolboxai.telemetry.testing import Seen, captured

SECRET = f"hunter{22}"  # not to be read off the source lines around a frame


def application() -> FastAPI:
    app = FastAPI()
    telemetry.instrument(app)

    @app.get("/divide/{by}")
    def divide(by: int) -> float:
        telemetry.set_user(telemetry.User(id="ada@school.example", role="teacher"))
        sentry_sdk.set_tag("own", "tag")
        with telemetry.span("step", "a step"), telemetry.database_operation("count"):
            logging.getLogger("shop").warning("dividing with password=%s", SECRET)
            sentry_sdk.capture_message("about to divide")
            return 1 / by

    return app


def reported(seen: Seen) -> dict[str, object]:
    return {
        "version": sentry_sdk.VERSION,
        "events": seen.events,
        "logs": seen.logs,
        "transactions": seen.transactions,
        "everything": str(seen.envelopes),
    }


def main() -> None:
    telemetry.init(telemetry.Options(traces_sample_rate=1.0))
    client = TestClient(application(), raise_server_exceptions=False)
    with captured() as seen:
        statuses = [client.get(f"/divide/{by}").status_code for by in (1, 0)]
    print(json.dumps({"statuses": statuses} | reported(seen)))


if __name__ == "__main__":
    main()
