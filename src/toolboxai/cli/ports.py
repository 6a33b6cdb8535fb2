"""Whether an address can be listened on, and who is in the way. Linux tells who; others don't."""

import errno
import socket
from itertools import pairwise
from pathlib import Path

from toolboxai.cli.errors import CommandError

LISTENING = "0A"
COMMAND_MAX_CHARS = 80
MAX_ANCESTORS = 16
TETHER = "toolboxai.cli.tethered"


def free_port(host: str) -> int:
    """Return a port of ``host`` that nobody listens on now."""
    with socket.create_server((host, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


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
    pid, words = who_keeps_up(owner)
    name = "toolboxai up" if _is_up(words) else shown(words)
    return f" by {name} (process {pid}); stop it with: kill {pid}"


def owner_of(port: int) -> int | None:
    """Return the process that listens on ``port``, where /proc says so."""
    sockets = {
        f"socket:[{inode}]"
        for table in ("tcp", "tcp6")
        for inode in listening_inodes(_read(Path("/proc/net") / table), port)
    }
    for process in Path("/proc").glob("[0-9]*"):
        if _holds_any(process, sockets):
            return int(process.name)
    return None


def who_keeps_up(pid: int) -> tuple[int, list[str]]:
    """Return whom to stop so that ``pid`` ends for good, and its command.

    That is the process itself, unless a `toolboxai up` above it would start it again.
    """
    own = ancestor = pid, words_of(pid)
    for _ in range(MAX_ANCESTORS):
        is_tethered = TETHER in ancestor[1]
        parent = _parent_of(ancestor[0])
        ancestor = parent, words_of(parent)
        if is_tethered and _is_up(ancestor[1]):
            return ancestor
    return own


def words_of(pid: int) -> list[str]:
    """Return the command of a process, word by word; nothing when it is gone."""
    return _read(Path(f"/proc/{pid}/cmdline")).removesuffix("\0").split("\0")


def shown(words: list[str]) -> str:
    """Return a command for a message: programs without their folders, whole words, no surprises."""
    # The first is the program, the second may be the script that it runs.
    short = [word.rpartition("/")[2] for word in words[:2]] + words[2:]
    printable = "".join(sign if sign.isprintable() else "?" for sign in " ".join(short))
    if len(printable) <= COMMAND_MAX_CHARS:
        return printable
    cut = printable[:COMMAND_MAX_CHARS]
    return f"{cut.rpartition(' ')[0] or cut} …"


def _is_up(words: list[str]) -> bool:
    names = [word.rpartition("/")[2] for word in words]
    return ("toolboxai", "up") in pairwise(names)


def _parent_of(pid: int) -> int:
    # The name before it is in parentheses and may hold anything, spaces and parentheses included.
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


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
