"""Whether an address can be listened on, and who is in the way. Linux tells who; others don't."""

import errno
import socket
from pathlib import Path

from toolboxai.cli.errors import CommandError

LISTENING = "0A"
COMMAND_MAX_CHARS = 80


def refuse_taken(host: str, port: int, *, option: str = "--port") -> None:
    """Raise ``CommandError`` unless ``host`` and ``port`` could be listened on now."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        message = f"--host {host!r} is no address of this machine ({error}); try 127.0.0.1"
        raise CommandError(message) from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CommandError(_reason(error, host, port, option)) from error


def _reason(error: OSError, host: str, port: int, option: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is in use{_by_whom(port)}, or choose another with {option}"
        case errno.EACCES:
            return f"port {port} needs root; choose one above 1023 with {option}"
        case _:
            return f"can't listen on {host!r}: {error.strerror}; is it an address of this machine?"


def _by_whom(port: int) -> str:
    owner = owner_of(port)
    if owner is None:
        return "; stop what listens there"
    pid, command = owner
    return f" by {command} (process {pid}); stop it with: kill {pid}"


def owner_of(port: int) -> tuple[int, str] | None:
    """Return the process that listens on ``port`` and its command, where /proc says so."""
    sockets = {
        f"socket:[{inode}]"
        for table in ("tcp", "tcp6")
        for inode in listening_inodes(_read(Path("/proc/net") / table), port)
    }
    for process in Path("/proc").glob("[0-9]*"):
        if _holds_any(process, sockets):
            command = _read(process / "cmdline").replace("\0", " ").strip()
            return int(process.name), command[:COMMAND_MAX_CHARS]
    return None


def listening_inodes(table: str, port: int) -> set[str]:
    """Return the inodes of the sockets that listen on ``port`` in a /proc/net/tcp table."""
    rows = (line.split() for line in table.splitlines()[1:])
    return {
        row[9]
        for row in rows
        if len(row) > 9 and row[3] == LISTENING and row[1].endswith(f":{port:04X}")
    }


def _holds_any(process: Path, sockets: set[str]) -> bool:
    try:
        return any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir())
    except OSError:  # gone meanwhile, or somebody else's
        return False


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
