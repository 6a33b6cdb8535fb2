"""The first people of a server, made on the command line, sign in over HTTP."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from tests.cli.conftest import Up

PASSWORD = "a long enough one"


def create(
    folder: Path, *arguments: str, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "toolboxai", "users", "create-admin", "--password-stdin"]
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=os.environ | {"TOOLBOXAI_DATA_DIR": str(folder / "data")},
        input=f"{password}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_who_was_made_signs_in_as_what_they_are(shared_up: Up) -> None:
    made = create(shared_up.folder, "--school", "Hill School", "--username", "Kim.Lee")
    operator = create(shared_up.folder, "--username", "ops")
    again = create(shared_up.folder, "--username", "kim.lee")

    assert (made.returncode, made.stderr) == (0, "")
    assert "is admin of Hill School" in made.stdout
    assert "is operator of the server" in operator.stdout
    assert again.returncode == 1
    assert "'kim.lee' already; choose another" in again.stderr
    http = urllib3.PoolManager(retries=False)
    form = {"username": "kim.lee", "password": PASSWORD}
    tokens = http.request(
        "POST", f"{shared_up.url}/auth/token", fields=form, encode_multipart=False
    ).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = json.loads(http.request("GET", f"{shared_up.url}/auth/me", headers=headers).data)
    assert (me["role"], me["school"]["name"]) == ("admin", "Hill School")


@pytest.mark.parametrize(
    ("arguments", "password", "complaint"),
    [
        (("--username", "kim lee"), PASSWORD, "is no user name"),
        (("--username", "kim"), "short", "12 to 256 characters"),
        (("--username", "kim", "--school", "x" * 101), PASSWORD, "at most 100 characters"),
    ],
)
def test_what_can_not_be_is_refused_with_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], password: str, complaint: str
) -> None:
    refused = create(tmp_path, *arguments, password=password)

    assert refused.returncode == 2
    assert complaint in refused.stderr
