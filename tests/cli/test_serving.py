"""What `toolboxai serve` gives to the server's processes."""

import pytest

from benchmarks.processes import free_port
from toolboxai.cli.environment import read_settings
from toolboxai.cli.serving import run_server


def test_the_server_knows_by_which_address_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLBOXAI_HOST", "127.0.0.1")
    seen: list[tuple[object, str]] = []
    monkeypatch.setattr(
        "uvicorn.run", lambda *_, host, **__: seen.append((host, read_settings().host))
    )

    run_server(host="127.0.0.2", port=free_port(), workers=1)

    assert seen == [("127.0.0.2", "127.0.0.2")]
