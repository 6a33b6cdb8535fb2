"""Every command explains itself, and answers scripts with bare values."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.cli.conftest import Up
from toolboxai import __version__
from toolboxai.cli import app as module
from toolboxai.cli.app import app
from toolboxai.cli.errors import CommandError

runner = CliRunner()
COMMANDS = [
    (),
    ("up",),
    ("serve",),
    ("doctor",),
    ("demo",),
    ("privacy",),
    ("privacy", "audit"),
    ("privacy", "policy"),
    ("privacy", "scrub"),
    ("users",),
    ("users", "create-admin"),
    ("spool",),
    ("spool", "list"),
    ("spool", "show"),
    ("spool", "drain"),
    ("spool", "discard"),
    ("monitor",),
    ("monitor", "dsn"),
    ("monitor", "token"),
    ("monitor", "password"),
    ("monitor", "count"),
    ("monitor", "ids"),
    ("monitor", "backup"),
    ("monitor", "restore"),
]


def names(group: object, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [before]
    for name, command in getattr(group, "commands", {}).items():
        found += names(command, (*before, name))
    return found


def ask(*arguments: str | Path) -> str:
    result = runner.invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return the folder of a monitor that was made ready and is not running."""
    folder = tmp_path / "data"
    ask("monitor", "dsn", "--data", folder)
    return folder


def test_all_commands_are_known_here() -> None:
    assert sorted(names(typer.main.get_command(app))) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    assert "Example: " in ask(*command, "--help")


def test_the_version_is_told() -> None:
    assert ask("--version") == f"{__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("up", "--port", "0"),
        ("up", "--port", "seventy"),
        ("serve", "--workers", "0"),
        ("monitor", "--port", "65536"),
        ("demo", "--requests", "0"),
        ("spool", "discard"),
        ("spool", "drain", "--timeout", "0"),
        ("dance",),
    ],
    ids=" ".join,
)
def test_nonsense_is_refused_with_exit_code_2(arguments: tuple[str, ...]) -> None:
    result = runner.invoke(app, list(arguments))

    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_new_monitors_dsn_names_the_port_it_will_have(tmp_path: Path) -> None:
    said = ask("monitor", "--data", tmp_path / "new", "--port", "8123", "dsn")

    assert re.fullmatch(r"http://[0-9a-f]{32}@127\.0\.0\.1:8123/1\n", said)


def test_a_folder_in_which_no_monitor_ran_is_warned_of_beside_the_dsn(tmp_path: Path) -> None:
    arguments = ["monitor", "--data", str(tmp_path / "new"), "--port", "8123", "dsn"]

    result = runner.invoke(app, arguments)

    assert re.fullmatch(r"http://[0-9a-f]{32}@127\.0\.0\.1:8123/1\n", result.stdout)
    assert "was prepared for one now" in result.stderr
    assert "port 8123" in result.stderr


def test_a_running_monitors_dsn_stands_alone(shared_up: Up) -> None:
    result = runner.invoke(app, ["monitor", "dsn", "--data", str(shared_up.monitor_data)])

    assert str(shared_up.monitor_port) in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("monitor", "--data", ""),
        ("monitor", "--data", " ", "dsn"),
        ("monitor", "count", "--data", ""),
        ("up", "--data", ""),
    ],
    ids=" ".join,
)
def test_a_folder_without_a_name_is_refused_in_one_sentence(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="--data names no folder") as refused:
        ask(*arguments)

    assert refused.value.exit_code == 2


@pytest.mark.parametrize("category", ["error", "transaction", "log", "attachment", "check_in"])
def test_what_could_be_stored_but_is_not_counts_zero(data: Path, category: str) -> None:
    assert ask("monitor", "count", category, "--data", data) == "0\n"


def test_a_category_that_does_not_exist_is_refused_with_those_that_do(data: Path) -> None:
    with pytest.raises(CommandError, match="'bogus'; choose one of: attachment, ") as refused:
        ask("monitor", "count", "bogus", "--data", data)

    assert refused.value.exit_code == 2
    for name in (
        *("attachment", "check_in", "session", "sessions", "span", "trace_metric", "feedback"),
        *("profile", "profile_chunk", "replay_event", "replay_recording", "client_report"),
        *("error", "transaction", "log"),
    ):
        assert name in str(refused.value)


@pytest.mark.parametrize("question", ["token", "password"])
def test_a_secret_is_new_every_time_and_stands_alone(data: Path, question: str) -> None:
    first = ask("monitor", question, "--data", data)
    second = ask("monitor", question, "--data", data)

    assert first != second
    assert re.fullmatch(r"\S{16,}\n", first)


def test_an_empty_monitor_counts_nothing(data: Path) -> None:
    assert ask("monitor", "count", "error", "--data", data) == "0\n"
    assert ask("monitor", "ids", "--data", data) == ""


def test_the_folder_may_stand_before_the_question(data: Path) -> None:
    assert ask("monitor", "--data", data, "count", "error") == "0\n"


def test_a_copy_is_made_and_put_back(data: Path, tmp_path: Path) -> None:
    copy, new = tmp_path / "copy", tmp_path / "new"
    ask("monitor", "backup", copy, "--data", data)
    ask("monitor", "restore", copy, "--data", new)

    assert ask("monitor", "count", "error", "--data", new) == "0\n"
    with pytest.raises(CommandError, match="has data already"):
        ask("monitor", "restore", copy, "--data", new)


def test_the_default_folder_follows_the_environment(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLBOXAI_DATA_DIR", str(data.parent))
    data.rename(data.with_name("monitor"))

    assert ask("monitor", "count", "error") == "0\n"


@pytest.mark.parametrize("question", ["token", "password", "count", "ids"])
def test_a_folder_no_monitor_has_used_is_refused_and_not_made(
    tmp_path: Path, question: str
) -> None:
    with pytest.raises(CommandError, match="no monitor has used"):
        ask("monitor", question, "--data", tmp_path / "typo")

    assert not (tmp_path / "typo").exists()


def test_a_folder_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match="can't use"):
        ask("monitor", "dsn", "--data", tmp_path / "file")


def test_a_running_monitor_is_asked_without_disturbing_it(shared_up: Up) -> None:
    lines = ask("monitor", "count", "--data", shared_up.monitor_data).splitlines()

    assert all(re.fullmatch(r"\w+ \d+", line) for line in lines)
    assert str(shared_up.monitor_port) in ask("monitor", "dsn", "--data", shared_up.monitor_data)
    assert ask("monitor", "token", "--data", shared_up.monitor_data).strip()


def test_a_second_monitor_on_the_same_folder_is_refused(shared_up: Up) -> None:
    with pytest.raises(CommandError, match="is in use by another monitor"):
        ask("monitor", "--data", shared_up.monitor_data, "--port", "65432")


def test_what_a_command_cannot_do_is_one_sentence_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["toolboxai", "monitor", "count", "--data", "nowhere"])

    with pytest.raises(SystemExit) as ended:
        module.main()

    assert ended.value.code == 2
    nowhere = Path("nowhere").absolute()
    assert capsys.readouterr().err.startswith(f"toolboxai: no monitor has used {nowhere} yet; ")


def test_the_current_folder_is_a_folder_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    outcome = runner.invoke(app, ["monitor", "dsn", "--data", "."])

    assert outcome.stdout.startswith("http://")
    assert (tmp_path / "meta.db").exists()
