"""Runs a module as a child that never outlives its parent: `python -m toolboxai.cli.tethered MODULE …`.

The parent holds the other end of standard input and never writes. However it ends, kill -9
included, the system closes that end. Works wherever there are pipes, unlike Linux's parent-death
signal, which also comes when only the thread that started the child has ended.
"""

import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 15.0


def watch(descriptor: int, *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Wait until nobody holds the other end of ``descriptor``; then end this process group."""
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main() -> None:
    """Run the module that the first argument names, with the other arguments."""
    threading.Thread(target=watch, args=[sys.stdin.fileno()], name="tether", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
