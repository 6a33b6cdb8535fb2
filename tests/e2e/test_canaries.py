"""Nothing that is planted anywhere in the real server can be read on the wire, and the audit would say so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from toolboxai.server.audit import places

# What never gets so far: bytes that no rule reads, and types that nobody has understood.
DROPPED = {
    *("item replay_recording", "item statsd", "item raw_security", "item not_invented_yet"),
}
# What the program doesn't collect in the first place, so that the gate never sees it.
NOT_COLLECTED = {places.COOKIE, places.JSON_BODY, places.FORM_BODY}
OPEN_GATE = """
from toolboxai.telemetry.privacy import gate

gate.Gate.clean = lambda self, item_type, payload: (
    gate.Passed(payload, {}) if item_type in gate.KNOWN_ITEMS else None
)
"""


def audit(folder: Path, **environment: str) -> tuple[int, dict[str, str], str]:
    """Return exit code, what reached the wire by place, and all that was printed."""
    done = subprocess.run(
        [sys.executable, "-m", "toolboxai", "privacy", "audit", "--environment", "production"],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    rows = (re.split(r" {2,}", line, maxsplit=2) for line in done.stdout.splitlines())
    table = {row[0]: row[2] for row in rows if row[0] in places.PLACES}
    return done.returncode, table, done.stdout + done.stderr


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, str], str]:
    """What the audit of the real server says, in an empty folder that it leaves empty."""
    folder = tmp_path_factory.mktemp("audit")
    told = audit(folder)
    assert list(folder.iterdir()) == []
    return told


Audited = tuple[int, dict[str, str], str]


@pytest.mark.parametrize("place", places.PLACES)
def test_nothing_planted_in_the_real_server_can_be_read_on_the_wire(
    audited: Audited, place: str
) -> None:
    _, table, said = audited
    assert "LEAKED" not in table.get(place, "LEAKED: it was not planted"), said


def test_what_arrives_of_a_place_is_told_with_the_policy(audited: Audited) -> None:
    code, table, said = audited

    assert code == int("LEAKED" in said)
    assert table[places.USER_ID].startswith("pseudonym")
    assert table[places.QUERY].startswith("kind and length")
    assert {table[place] for place in DROPPED} == {"nothing"}
    assert "# What leaves this server" in said


def test_with_an_open_gate_every_place_leaks_and_the_audit_says_so(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(OPEN_GATE)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    code, table, said = audit(tmp_path, PYTHONPATH=path)

    assert code == 1, said
    sealed = {place for place, what in table.items() if "LEAKED" not in what}
    assert sealed <= DROPPED | NOT_COLLECTED | {places.QUERY, places.HEADER, places.REFERER}
