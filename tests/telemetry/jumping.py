"""A process whose clock is set while what it captured waits. It is told by lines of standard input.

``python -m tests.telemetry.jumping DSN FOLDER``: a number is how many seconds to set the clock ahead (or back), after which
it captures and lets its threads look at their ages; ``deliver`` lets it deliver and say what was lost.
"""

import sys
from pathlib import Path
from time import sleep

import sentry_sdk

# The clock has to be there before telemetry takes the time by its name.
from benchmarks import other_clock  # isort: split

from toolboxai import telemetry
from toolboxai.telemetry import setup
from toolboxai.telemetry.transport import keeper

LOOKS = 2
keeper.IDLE_SECONDS = 0.05  # ages are looked at so often


def look_at_ages() -> None:
    """Return when what is too old has been looked for since."""
    transport = setup.telemetry().transport
    assert transport is not None
    expire, looks = transport.spool.expire, list[None]()

    def noting() -> None:
        expire()
        looks.append(None)

    transport.spool.expire = noting  # type: ignore[method-assign]
    while len(looks) < LOOKS:
        sleep(0.01)
    transport.spool.expire = expire  # type: ignore[method-assign]


def main() -> None:
    """Do as told."""
    telemetry.init(
        telemetry.Options(dsn=sys.argv[1], environment="development", spool_dir=Path(sys.argv[2]))
    )
    for line in sys.stdin:
        if line.strip() == "deliver":
            break
        other_clock.go(float(line))
        sentry_sdk.capture_message(f"at {line.strip()}")
        look_at_ages()
        print("waits", flush=True)
    print("delivered" if telemetry.flush(20) else "not delivered")
    counted = telemetry.measurements()
    print(*(name for name in counted if name.startswith("dropped.")), flush=True)
    telemetry.close()


if __name__ == "__main__":
    main()
