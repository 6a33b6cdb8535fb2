"""How long from a fresh clone to the first issue that can be seen: what a new user waits for.

``python -m benchmarks.fresh [--cold]``. Clones this repository's HEAD into a temporary folder, runs its ``./run``, fails a
request, and stops the clock when the monitor counts an error. ``--cold`` starts with empty package caches.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep
from urllib.error import HTTPError
from urllib.request import urlopen

from benchmarks.processes import free_port

HERE = Path(__file__).parent.parent
GIVE_UP_SECONDS = 300.0


@contextmanager
def started(clone: Path, port: int, caches: dict[str, str]) -> Iterator[None]:
    """Run ``./run`` of ``clone`` until the block ends."""
    options = ["--port", str(port), "--monitor-port", str(free_port())]
    environment = os.environ | caches
    process = subprocess.Popen(["./run", *options], cwd=clone, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def has_failed(port: int) -> bool:
    """Say whether the server was there to fail a request."""
    try:
        urlopen(f"http://127.0.0.1:{port}/sentry-debug", timeout=5)
    except HTTPError as error:
        return error.code == 500
    except OSError:
        return False
    return False


def has_arrived(clone: Path) -> bool:
    """Say whether the monitor shows an error."""
    command = [".venv/bin/toolboxai", "monitor", "count", "error"]
    counted = subprocess.run(command, cwd=clone, check=False, capture_output=True, text=True)
    return counted.stdout.strip() not in {"", "0"}


def main() -> None:
    """Clone, run, wait, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="with empty package caches")
    is_cold = parser.parse_args().cold
    with TemporaryDirectory() as folder:
        clone, port = Path(folder) / "toolboxai", free_port()
        caches = (
            {"UV_CACHE_DIR": f"{folder}/uv", "PIP_CACHE_DIR": f"{folder}/pip"} if is_cold else {}
        )
        began = perf_counter()
        git = shutil.which("git") or "git"
        subprocess.run([git, "clone", "--quiet", str(HERE), str(clone)], check=True)
        deadline = monotonic() + GIVE_UP_SECONDS
        with started(clone, port, caches):
            while not (has_failed(port) and has_arrived(clone)):
                if monotonic() > deadline:
                    sys.exit(f"nothing was to be seen within {GIVE_UP_SECONDS:g} s")
                sleep(0.05)
            taken = perf_counter() - began
    print(f"fresh clone to first issue, {'cold' if is_cold else 'warm'} caches: {taken:.1f} s")


if __name__ == "__main__":
    main()
