"""What is shipped: the wheel, bare and with each extra, each in an environment of its own."""

import json
import re
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.tooling.copies import ROOT, copy_repository, run

UV = Path(sys.executable).with_name("uv")
BASE = {"orjson", "sentry-sdk", "starlette", "urllib3"}
# Needed by the four above, on one Python or another.
BEHIND_BASE = {"anyio", "certifi", "exceptiongroup", "idna", "sniffio", "typing-extensions"}
WHEEL_MAX_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with the wheel in it."""

    folder: Path

    def packages(self) -> set[str]:
        listed = run(
            [UV, "pip", "list", "--format", "json", "--python", self.folder, "--quiet"],
            cwd=self.folder,
        )
        return {package["name"] for package in json.loads(listed.stdout)}

    def python(self, code: str) -> tuple[int, str]:
        ended = run([self.folder / "bin/python", "-W", "error", "-c", code], cwd=self.folder)
        return ended.returncode, ended.stdout

    def toolboxai(self, *arguments: str) -> tuple[int, str]:
        ended = run([self.folder / "bin/toolboxai", *arguments], cwd=self.folder)
        return ended.returncode, ended.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_repository(tmp_path_factory.mktemp("wheel") / "source")
    built = run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=copy)
    assert built.returncode == 0, built.stdout
    return next((copy / "dist").glob("*.whl"))


@pytest.fixture(scope="session")
def install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Installed]:
    @cache
    def install_with(extra: str) -> Installed:
        folder = tmp_path_factory.mktemp("installed")
        wanted = f"toolboxai{extra} @ {wheel.as_uri()}"
        made = run(
            [UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder], cwd=folder
        )
        assert made.returncode == 0, made.stdout
        pins = ROOT / "requirements.txt"
        done = run(
            [UV, "pip", "install", "--quiet", "--python", folder, "--constraint", pins, wanted],
            cwd=folder,
        )
        assert done.returncode == 0, done.stdout
        return Installed(folder)

    return install_with


def test_the_bare_package_brings_only_what_telemetry_needs(
    install: Callable[[str], Installed],
) -> None:
    packages = install("").packages() - {"toolboxai"}

    assert packages >= BASE
    assert packages - BASE <= BEHIND_BASE


def test_the_bare_package_carries_the_word_lists(install: Callable[[str], Installed]) -> None:
    folder = ROOT / "src/toolboxai/telemetry/privacy/words"
    ended = install("").python(
        "from importlib.resources import files\n"
        "words = files('toolboxai.telemetry.privacy') / 'words'\n"
        "print(*sorted(file.name for file in words.iterdir()))"
    )

    assert ended == (0, " ".join(sorted(file.name for file in folder.iterdir())) + "\n")


def test_telemetry_works_in_the_bare_package(install: Callable[[str], Installed]) -> None:
    ended = install("").python("from toolboxai import telemetry; telemetry.Options()")

    assert ended == (0, "")


@pytest.mark.parametrize("command", [(), ("up",), ("monitor", "dsn")])
def test_the_bare_command_says_what_to_install(
    install: Callable[[str], Installed], command: tuple[str, ...]
) -> None:
    code, said = install("").toolboxai(*command)

    assert code == 2
    assert said.count("\n") == 1
    assert "pip install 'toolboxai[monitor,server]'" in said


def test_with_monitor_the_monitor_can_be_asked(
    install: Callable[[str], Installed], tmp_path: Path
) -> None:
    code, said = install("[monitor]").toolboxai("monitor", "dsn", "--data", str(tmp_path))

    assert code == 0, said
    assert re.match(r"http://[0-9a-f]{32}@127\.0\.0\.1:8009/1\n", said)


def test_with_monitor_its_parts_can_be_imported(install: Callable[[str], Installed]) -> None:
    ended = install("[monitor]").python("import toolboxai.monitor.app")

    assert ended == (0, "")


def test_with_monitor_alone_serving_says_what_to_install(
    install: Callable[[str], Installed],
) -> None:
    code, said = install("[monitor]").toolboxai("serve")

    assert code == 2
    assert "pip install 'toolboxai[server]'" in said


def test_with_server_alone_the_server_can_be_imported(install: Callable[[str], Installed]) -> None:
    ended = install("[server]").python("import toolboxai.server.main")

    assert ended == (0, "")


def test_with_server_alone_a_database_can_be_made(
    install: Callable[[str], Installed], tmp_path: Path
) -> None:
    ended = install("[server]").python(
        "import asyncio\n"
        "from toolboxai.server.database import Database\n"
        "async def make():\n"
        f"    database = Database('sqlite+aiosqlite:///{tmp_path / 'made.db'}')\n"
        "    await database.start()\n"
        "    await database.stop()\n"
        "asyncio.run(make())"
    )

    assert ended == (0, "")


def test_with_server_alone_the_monitor_says_what_to_install(
    install: Callable[[str], Installed],
) -> None:
    code, said = install("[server]").toolboxai("monitor")

    assert code == 2
    assert "pip install 'toolboxai[monitor]'" in said


def test_with_postgres_its_driver_is_there(install: Callable[[str], Installed]) -> None:
    assert install("[postgres]").packages() - BASE - BEHIND_BASE == {"asyncpg", "toolboxai"}


def test_the_wheel_carries_all_that_runs_and_nothing_that_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "toolboxai").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    packaged = {name for name in names if ".dist-info/" not in name}
    assert packaged == wanted
    assert "toolboxai/py.typed" in packaged
    assert any(name.endswith(".html") for name in packaged)
    assert any(name.endswith(".css") for name in packaged)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert wheel.stat().st_size < WHEEL_MAX_BYTES
