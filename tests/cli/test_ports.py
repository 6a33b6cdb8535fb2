"""Who is in the way is said in one sentence."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.cli.errors import CommandError
from toolboxai.cli.ports import (
    COMMAND_MAX_CHARS,
    listening_inodes,
    owner_of,
    refuse_taken,
    shown,
    who_keeps_up,
    words_of,
)

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F48 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
   1: 0100007F:1F48 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
   2: 0100007F:1F49 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1
"""


def test_a_listening_socket_is_told_from_a_connection() -> None:
    assert listening_inodes(TABLE, 8008) == {"4711"}


@given(st.text(), st.integers(0, 65535))
def test_any_table_is_read_without_an_error(table: str, port: int) -> None:
    assert isinstance(listening_inodes(table, port), set)


def test_a_taken_port_is_refused_with_who_has_it_and_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(CommandError) as refused:
            refuse_taken("127.0.0.1", port, option="--monitor-port")

    assert f"port {port} is in use by " in str(refused.value)
    assert f"kill {os.getpid()}" in str(refused.value)
    assert "--monitor-port" in str(refused.value)


def test_who_is_not_supervised_answers_for_itself() -> None:
    assert who_keeps_up(os.getpid()) == (os.getpid(), words_of(os.getpid()))


def test_who_is_gone_meanwhile_has_no_command() -> None:
    gone = int(Path("/proc/sys/kernel/pid_max").read_text()) + 1

    assert who_keeps_up(gone) == (gone, [""])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/opt/a folder/.venv/bin/python", "/opt/x/bin/gunicorn", "/a/b"], "python gunicorn /a/b"),
        (["nginx: master process /usr/sbin/nginx"], "nginx"),
        (["python", "-m", "x" * 60, "y" * 40], f"python -m {'x' * 60} …"),
        (["x" * 100], "x" * 80 + " …"),
        (["server\x1b[2J\n"], "server?[2J?"),
        ([], ""),
    ],
)
def test_a_command_is_shown_without_folders_and_in_whole_words(words: list[str], said: str) -> None:
    assert shown(words) == said


@given(st.lists(st.text()))
def test_any_command_is_shown_in_one_short_printable_line(words: list[str]) -> None:
    line = shown(words)

    assert line.isprintable()
    assert len(line) <= COMMAND_MAX_CHARS + 2


def test_a_free_port_is_left_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    refuse_taken("127.0.0.1", port)

    assert owner_of(port) is None


@pytest.mark.parametrize(
    ("host", "said"),
    [
        pytest.param("no-such-host.invalid", "no address of this machine", id="unknown name"),
        pytest.param("192.0.2.1", "is it an address of this machine", id="somebody else's"),
        pytest.param("a" * 300, "no address of this machine", id="no name at all"),
    ],
)
def test_a_host_that_is_not_here_is_refused(host: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        refuse_taken(host, 0)
