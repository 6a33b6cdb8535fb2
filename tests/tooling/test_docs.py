"""The guide and the example of settings say what is so."""

import re
from dataclasses import Field, fields
from pathlib import Path

import pytest
import typer
from fastapi.routing import APIRoute

from tests.tooling.copies import ROOT
from toolboxai import telemetry
from toolboxai.cli.app import app as command_line
from toolboxai.cli.scrubbing import parsed, scrubbed
from toolboxai.monitor.settings import Limits
from toolboxai.server import content, operations
from toolboxai.server.config import Settings
from toolboxai.telemetry.privacy import Collected, Gate, policy_for, pseudonyms, read_policy_file
from toolboxai.telemetry.privacy.catalogue import RULE_FOR_NAME
from toolboxai.telemetry.privacy.placed import MAX_DEPTH
from toolboxai.telemetry.privacy.texts import MAX_LOOKED_AT_CHARS
from toolboxai.telemetry.privacy.walk import MAX_VALUES

GUIDE = (ROOT / "SENTRY_INTEGRATION.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.sentry.example").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SET = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
FIELDS = {
    str(field.validation_alias or name).upper(): field
    for name, field in Settings.model_fields.items()
}
# Their default depends on the installed version; the example leaves them empty and says so.
BY_VERSION = {"SENTRY_RELEASE"}


def test_every_setting_is_in_the_example_and_nothing_else() -> None:
    assert set(SET) == set(FIELDS)


@pytest.mark.parametrize("name", sorted(set(FIELDS) - BY_VERSION))
def test_the_example_shows_the_default(name: str) -> None:
    default = FIELDS[name].default
    shown = "" if default is None else str(default)

    assert SET[name] == (shown.lower() if isinstance(default, bool) else shown)


def test_the_example_is_what_the_server_reads(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("example") / "env"
    path.write_text(EXAMPLE)

    from_example = Settings(_env_file=path)

    assert from_example == Settings(_env_file=None)


def test_the_production_example_works(tmp_path_factory: pytest.TempPathFactory) -> None:
    _, _, rest = EXAMPLE.partition("# --- Example: a production server")
    lines = re.findall(
        r"^# ([A-Z_]+=.+)$", rest.partition("# --- Example: a developer")[0], re.MULTILINE
    )
    path = tmp_path_factory.mktemp("example") / "env"
    path.write_text("\n".join(lines))

    settings = Settings(_env_file=path)

    assert len(lines) >= 5
    assert settings.sentry_environment == "production"
    assert settings.database_address.startswith("postgresql+asyncpg://")


@pytest.mark.parametrize("name", telemetry.__all__)
def test_the_guide_names_what_telemetry_exports(name: str) -> None:
    assert re.search(rf"\b{name}\b", GUIDE)
    assert getattr(telemetry, name).__doc__, f"{name} has no docstring"


@pytest.mark.parametrize("name", [name for name in sorted(FIELDS) if name.startswith("SENTRY_")])
def test_the_guide_or_the_example_explains_a_variable(name: str) -> None:
    before = EXAMPLE.partition(f"\n{name}=")[0].rpartition("\n\n")[2]

    assert "# " in before or name in GUIDE


def test_the_guide_names_every_operating_endpoint() -> None:
    routes = [route.path for route in operations.router.routes if isinstance(route, APIRoute)]

    assert routes
    assert [
        path
        for path in [*routes, "/sentry/status", "/sentry-debug", "/privacy/policy"]
        if path not in GUIDE
    ] == []


def test_the_readme_names_every_content_endpoint() -> None:
    routes = [route.path for route in content.router.routes if isinstance(route, APIRoute)]

    assert routes
    assert [path for path in routes if path not in README] == []


def test_the_guides_policy_file_is_one(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(GUIDE.partition("```toml\n")[2].partition("```")[0])

    policy = read_policy_file(path)

    assert all(getattr(policy, field.name) for field in fields(policy))


@pytest.mark.parametrize("kind", [kind.name for kind in fields(Collected)])
def test_the_guide_says_how_much_a_policy_lets_leave_of_whom(kind: str) -> None:
    policies = (
        policy_for("development", send_pii=False).pupil,
        policy_for("production", send_pii=False).pupil,
        policy_for("production", send_pii=True).staff,
    )
    row = " | ".join(getattr(policy, kind) for policy in policies)

    assert re.search(rf"^\| `{kind}`[^|]* \| {re.escape(row)} \|$", GUIDE, re.MULTILINE)


def test_the_guide_names_the_limits_of_the_gate() -> None:
    limits = (
        f"{MAX_LOOKED_AT_CHARS:,} characters and {MAX_VALUES:,} values, nesting at {MAX_DEPTH} "
    )

    assert limits in " ".join(GUIDE.split())


def test_the_markers_in_the_guide_are_those_of_rules() -> None:
    assert set(re.findall(r"\[redacted:([\w-]+)\]", GUIDE)) - set(RULE_FOR_NAME) == set()


def test_what_the_guide_scrubs_comes_out_as_it_says() -> None:
    shown = re.findall(
        r"^    \$ echo '(.+)' \| toolboxai privacy scrub\n    (.+)$", GUIDE, re.MULTILINE
    )
    gate = Gate(pseudonyms("any key will do"))

    assert shown
    assert [scrubbed(gate, parsed(given.encode())).decode() for given, _ in shown] == [
        left for _, left in shown
    ]


def test_guide_and_readme_name_every_command() -> None:
    group = typer.main.get_command(command_line)
    names = [*group.commands]  # type: ignore[attr-defined]
    for part in ("monitor", "privacy", "spool"):
        names += [f"{part} {name}" for name in group.commands[part].commands]  # type: ignore[attr-defined]

    assert [name for name in names if f"toolboxai {name}" not in GUIDE + README] == []


@pytest.mark.parametrize("limit", fields(Limits), ids=lambda limit: limit.name)
def test_the_guide_names_every_limit_of_the_monitor(limit: Field[float]) -> None:
    assert f"| `{limit.name}` | {limit.default:,} | " in GUIDE


@pytest.mark.parametrize("option", fields(telemetry.Options), ids=lambda option: option.name)
def test_the_guide_names_every_limit_of_telemetry(option: Field[object]) -> None:
    is_limit = "max" in option.name or option.name.endswith(("_seconds", "_minute"))
    default = option.default
    shown = f"{default:,}" if isinstance(default, int | float) else "by environment"

    assert not is_limit or f"| `{option.name}` | {shown} | " in GUIDE


def test_the_guide_has_no_dead_links() -> None:
    anchors = {
        re.sub(r"[^a-z ]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^##+ (.+)$", GUIDE, re.MULTILINE)
    }

    for target in re.findall(r"\]\(([^)]+)\)", GUIDE):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        else:
            assert (ROOT / target).exists(), target


def test_no_file_holds_a_live_dsn() -> None:
    found = re.findall(r"https?://[^@\s/]+@[^\s/]*sentry\.io\S*", GUIDE + EXAMPLE + README)

    assert found == []
