"""A missing extra is named; any other missing module is a bug and shows itself."""

import pytest

import toolboxai.__main__ as entry


def missing(name: str) -> object:
    def fail(_: str) -> object:
        raise ModuleNotFoundError(name=name)

    return fail


@pytest.mark.parametrize(
    ("module", "extras"),
    [("typer", "monitor,server"), ("fastapi.routing", "server"), ("jinja2", "monitor")],
)
def test_a_missing_extra_is_named(
    module: str, extras: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(entry, "import_module", missing(module))

    with pytest.raises(SystemExit) as ended:
        entry.main()

    assert ended.value.code == 2
    assert f"pip install 'toolboxai[{extras}]'" in capsys.readouterr().err


def test_a_missing_module_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "import_module", missing("toolboxai.cli.lost"))

    with pytest.raises(ModuleNotFoundError):
        entry.main()
