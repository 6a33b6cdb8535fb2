"""What switching the monitoring on costs a process at its start: ``python -m benchmarks.start [--rounds N]``.

An application with one route, FastAPI already imported: bare, with plain sentry-sdk, and with ours, by turns, each in a new
process. CPU of all threads and resident memory, each above bare's: after the import, and after `init` and one request.
"""

import argparse
import os
import subprocess
import sys
from statistics import median
from tempfile import TemporaryDirectory

VARIANTS = ("bare", "sentry-sdk", "toolboxai")
_PROGRAM = """
import os, sys
from pathlib import Path
from time import process_time
from fastapi import FastAPI
from starlette.testclient import TestClient

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

variant, folder = sys.argv[1:]
dsn = "http://public@127.0.0.1:9/1"
began, before = process_time(), resident_mib()
if variant == "toolboxai":
    from toolboxai import telemetry
if variant == "sentry-sdk":
    import sentry_sdk
imported, import_mib = process_time() - began, resident_mib() - before
if variant == "toolboxai":
    options = telemetry.Options(
        dsn=dsn, environment="production", release="shop@1.0.0", spool_dir=Path(folder)
    )
    telemetry.init(options)
if variant == "sentry-sdk":
    sentry_sdk.init(
        dsn, environment="production", release="shop@1.0.0", traces_sample_rate=0.1,
        profiles_sample_rate=0.1, enable_logs=True,
    )
app = FastAPI()
if variant == "toolboxai":
    telemetry.instrument(app)
app.get("/ping")(lambda: "pong")
initialised, init_mib = process_time() - began, resident_mib() - before
assert TestClient(app).get("/ping").status_code == 200
print(imported * 1e3, initialised * 1e3, (process_time() - began) * 1e3, import_mib, init_mib,
      resident_mib() - before, len(sys.modules), flush=True)
os._exit(0)
"""
COLUMNS = ("import", "init", "1st request", "import", "init", "1st request", "modules")
UNITS = ("ms", "ms", "ms", "MiB", "MiB", "MiB", "")


def measured(variant: str) -> list[float]:
    """Return the figures of one new process, by `COLUMNS`, each since before the import."""
    # Without compiled files on disk each start would compile our modules, and not those of others.
    environment = {
        name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"
    }
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _PROGRAM, variant, folder]
        told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return [float(figure) for figure in told.stdout.split()]


def main() -> None:
    """Start processes by turns, print medians above bare's, and how far the single ones lie apart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    rounds = parser.parse_args().rounds
    rows: dict[str, list[list[float]]] = {variant: [] for variant in VARIANTS}
    for number in range(rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
        for variant, figures in rows.items():
            one = measured(variant)
            if number:  # the first one fills the file cache, and compiles what changed
                figures.append(one)
    bare = [median(column) for column in zip(*rows["bare"], strict=True)]
    print(f"{'above bare':12}" + "".join(f"{column:>22}" for column in COLUMNS))
    for variant in VARIANTS[1:]:
        cells = []
        for column, base, unit in zip(zip(*rows[variant], strict=True), bare, UNITS, strict=True):
            above = sorted(value - base for value in column)
            cells.append(f"{median(above):.0f} ({above[0]:.0f} to {above[-1]:.0f}) {unit}")
        print(f"{variant:12}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
