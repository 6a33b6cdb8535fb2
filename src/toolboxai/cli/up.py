"""What `toolboxai up` does: the monitor where it is the sink, then the server, until stopped."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from toolboxai.cli.children import Process
from toolboxai.cli.environment import read_settings
from toolboxai.cli.ports import refuse_taken
from toolboxai.cli.supervisor import Supervisor
from toolboxai.server.config import Settings
from toolboxai.server.database import create_private_folder

MONITOR_HOST = "127.0.0.1"
# The monitor prints it once, and the server's first lines would push it off the screen.
PASSWORD_LINE = "Sign in as admin"  # noqa: S105 (what the line begins with)
STOPPED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (recognised, not bound)


def run_up(*, host: str | None, port: int | None, monitor_port: int, data: Path | None) -> int:
    """Run until a signal says stop; return the exit code."""
    settings = read_settings()
    chosen = {"host": host, "port": port, "data_dir": data}
    settings = settings.model_copy(update={name: value for name, value in chosen.items() if value})
    reason = why_no_monitor(settings)
    screen = Screen()
    refuse_taken(settings.host, settings.port)
    processes = [serve_process(settings, screen.hear)]
    if reason:
        screen.say(reason)
    else:
        refuse_taken(MONITOR_HOST, monitor_port, option="--monitor-port")
        processes.insert(0, monitor_process(settings, monitor_port, screen.hear))
    create_private_folder(settings.data_dir)
    supervisor = Supervisor(
        processes,
        say=screen.say,
        when_up=lambda: screen.say_where(settings, None if reason else monitor_port),
    )
    for number in STOPPED_BY:
        signal.signal(number, lambda *_: supervisor.stop())
    try:
        return 0 if supervisor.run() else 1
    finally:
        screen.say_password()


def why_no_monitor(settings: Settings) -> str | None:
    """Return why the embedded monitor isn't started, or None where it is the sink."""
    if settings.sentry_dsn:
        return "SENTRY_DSN is set, so reports go there and the monitor is not started"
    if not settings.is_development:
        return f"monitoring is off: this is {settings.sentry_environment} and SENTRY_DSN is not set"
    return None


def monitor_process(settings: Settings, port: int, hear: Callable[[str, str], None]) -> Process:
    """Return the monitor, which only this machine can reach."""
    data = str(settings.data_dir / "monitor")
    return Process(
        "monitor",
        ["toolboxai", "monitor", "--host", MONITOR_HOST, "--port", str(port), "--data", data],
        health_url=f"http://{MONITOR_HOST}:{port}/health",
        hear=hear,
    )


def serve_process(settings: Settings, hear: Callable[[str, str], None]) -> Process:
    """Return the server."""
    return Process(
        "server",
        ["toolboxai", "serve", "--host", settings.host, "--port", str(settings.port)],
        health_url=f"{url_of(settings)}/health/live",
        hear=hear,
        environment={"TOOLBOXAI_DATA_DIR": str(settings.data_dir)},
    )


def url_of(settings: Settings) -> str:
    """Return where a program on this machine finds the server."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{ANY_ADDRESS.get(settings.host, host)}:{settings.port}"


class Screen:
    """Standard output, shared by the children's lines and our own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._password_line = ""

    def hear(self, name: str, line: str) -> None:
        """Pass a child's line through, with whose it is in front; keep the password for later."""
        if line.startswith(PASSWORD_LINE):
            self._password_line = line
            return
        self._write(f"{name:7} | {line}")

    def say(self, sentence: str) -> None:
        """Say something of our own."""
        self._write(f"toolboxai: {sentence}")

    def say_where(self, settings: Settings, monitor_port: int | None) -> None:
        """Say where to look, now that everything is up."""
        url = url_of(settings)
        self.say_password()
        if settings.is_development:
            self.say(f"to see an error arrive: curl {url}/sentry-debug")
        if monitor_port:
            monitor = f"monitor http://{MONITOR_HOST}:{monitor_port}"
            self.say(f"up. Server {url} · {monitor} (Ctrl-C stops both)")
        else:
            self.say(f"up. Server {url} (Ctrl-C stops it)")

    def say_password(self) -> None:
        """Say the monitor's new password if it was not said yet: nobody can ask for it again."""
        line, self._password_line = self._password_line, ""
        if line:
            self.say(line)

    def _write(self, line: str) -> None:
        with self._lock:
            try:
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
            except OSError:  # whoever read our output has gone; the children must not stop for it
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
