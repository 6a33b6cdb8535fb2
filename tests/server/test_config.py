"""Settings: what is read, what is refused, and how the refusal reads."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from sentry_sdk.utils import BadDsn, Dsn

from toolboxai import __version__
from toolboxai.server.config import Settings, SettingsError, load_settings, valid_dsn
from toolboxai.server.content import choosing
from toolboxai.server.main import create_app


def test_nothing_has_to_be_set() -> None:
    settings = load_settings()

    assert settings.sentry_dsn == ""
    assert settings.sentry_environment == "development"
    assert settings.sentry_traces_sample_rate is None
    assert settings.sentry_profiles_sample_rate is None
    assert settings.sentry_send_default_pii is False
    assert settings.sentry_enable_logs is True
    assert settings.sentry_release == f"toolboxai@{__version__}"
    assert settings.sentry_server_name is None
    assert (settings.host, settings.port) == ("127.0.0.1", 8008)
    assert settings.spool_max_bytes == 256 * 1024 * 1024
    assert settings.spool_dir == Path(".toolboxai/spool")
    assert settings.monitor_dsn_file == Path(".toolboxai/monitor/dsn")
    assert settings.database_address == "sqlite+aiosqlite:///.toolboxai/toolboxai.db"


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        (
            "SENTRY_DSN",
            "https://key@sentry.example/4",
            "sentry_dsn",
            "https://key@sentry.example/4",
        ),
        ("SENTRY_ENVIRONMENT", "staging", "sentry_environment", "staging"),
        ("SENTRY_TRACES_SAMPLE_RATE", "0.25", "sentry_traces_sample_rate", 0.25),
        ("SENTRY_PROFILES_SAMPLE_RATE", "1", "sentry_profiles_sample_rate", 1.0),
        ("SENTRY_SEND_DEFAULT_PII", "true", "sentry_send_default_pii", True),
        ("SENTRY_ENABLE_LOGS", "0", "sentry_enable_logs", False),
        ("SENTRY_RELEASE", "toolboxai@2.0.0+7", "sentry_release", "toolboxai@2.0.0+7"),
        ("SENTRY_SERVER_NAME", "room-4", "sentry_server_name", "room-4"),
        ("TOOLBOXAI_HOST", "0.0.0.0", "host", "0.0.0.0"),  # noqa: S104 - nothing listens here
        ("TOOLBOXAI_PORT", "9000", "port", 9000),
        ("TOOLBOXAI_GENERATION_WORKERS", "0", "generation_workers", 0),
        ("TOOLBOXAI_DATA_DIR", "elsewhere", "data_dir", Path("elsewhere")),
        ("TOOLBOXAI_AUTH_KEY", "k" * 32, "auth_secret", "k" * 32),
        ("REDIS_URL", "redis://cache/0", "redis_url", "redis://cache/0"),
        ("TOOLBOXAI_LLM_BASE_URL", "", "llm_base_url", ""),
        ("TOOLBOXAI_LLM_API_KEY", "sk-made-up", "llm_api_key", "sk-made-up"),
        ("TOOLBOXAI_LLM_TIMEOUT_SECONDS", "5", "llm_timeout_seconds", 5.0),
        ("TOOLBOXAI_LLM_MAX_TOKENS_PER_DAY", "0", "llm_max_tokens_per_day", 0),
        ("TOOLBOXAI_LLM_FALLBACK", "false", "llm_fallback", False),
        ("TOOLBOXAI_SPOOL_MAX_BYTES", "2097152", "spool_max_bytes", 2_097_152),
        ("TOOLBOXAI_SPOOL_MAX_AGE_HOURS", "24", "spool_max_age_hours", 24.0),
    ],
)
def test_a_variable_sets_its_field(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, field: str, value: object
) -> None:
    monkeypatch.setenv(variable, text)

    assert getattr(load_settings(), field) == value


def test_the_environment_beats_the_file_and_the_file_beats_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("SENTRY_ENVIRONMENT=staging\nTOOLBOXAI_PORT=9001\n")
    monkeypatch.setenv("SENTRY_ENVIRONMENT", "production")

    settings = load_settings()

    assert (settings.sentry_environment, settings.port) == ("production", 9001)


def test_a_policy_file_that_is_wrong_stops_the_start_with_file_key_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "policy.toml").write_text('switched_off = ["jwt"]')
    monkeypatch.setenv("SENTRY_PRIVACY_POLICY", "policy.toml")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    message = str(refused.value)
    assert message.startswith("SENTRY_PRIVACY_POLICY='policy.toml': policy.toml: switched_off: ")
    assert "these can be switched off" in message


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("localhost:11434", "http:// or https://"),
        ("http://", "http:// or https://"),
        ("https://user:s3cret@llm.example/v1", "the key is TOOLBOXAI_LLM_API_KEY"),
        ("https://llm.example/v1?key=s3cret", "the key is TOOLBOXAI_LLM_API_KEY"),
    ],
)
def test_a_model_s_address_that_can_not_be_used_is_refused_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, address: str, rule: str
) -> None:
    monkeypatch.setenv("TOOLBOXAI_LLM_BASE_URL", address)
    monkeypatch.setenv("TOOLBOXAI_LLM_MODEL", "some-model")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert rule in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_model_s_address_without_a_model_s_name_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOOLBOXAI_LLM_BASE_URL", "http://127.0.0.1:11434/v1")

    with pytest.raises(SettingsError, match=r"^TOOLBOXAI_LLM_MODEL='': must be set, because"):
        load_settings()


def test_a_model_outside_without_its_extra_is_refused_with_the_remedy(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "EXTRA", ("openai", "not_installed_here"))

    with pytest.raises(SettingsError, match=r"not_installed_here .*pip install 'toolboxai\[llm\]'"):
        create_app(settings(llm_base_url="http://127.0.0.1:9/v1", llm_model="some-model"))


def test_an_empty_variable_switches_off_what_the_file_sets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "SENTRY_DSN=https://key@sentry.example/4\nSENTRY_TRACES_SAMPLE_RATE=0.5\n"
    )
    monkeypatch.setenv("SENTRY_DSN", "")
    monkeypatch.setenv("SENTRY_TRACES_SAMPLE_RATE", "")

    settings = load_settings()

    assert (settings.sentry_dsn, settings.sentry_traces_sample_rate) == ("", None)


@pytest.mark.parametrize(
    ("given_url", "address"),
    [
        ("postgresql://u:p%40w@db/lessons", "postgresql+asyncpg://u:p%40w@db/lessons"),
        ("postgres://u@db/lessons", "postgresql+asyncpg://u@db/lessons"),
        ("postgresql+asyncpg://u@db/lessons", "postgresql+asyncpg://u@db/lessons"),
        ("sqlite:///some/file.db", "sqlite+aiosqlite:///some/file.db"),
    ],
)
def test_a_database_url_gets_the_async_driver(
    settings: Callable[..., Settings], given_url: str, address: str
) -> None:
    assert settings(database_url=given_url).database_address == address


@pytest.mark.parametrize(
    ("variable", "value", "rule", "advice"),
    [
        ("SENTRY_TRACES_SAMPLE_RATE", "1.5", "less than or equal to 1", "from 0 to 1"),
        ("SENTRY_PROFILES_SAMPLE_RATE", "some", "valid number", "from 0 to 1"),
        ("SENTRY_ENVIRONMENT", "my class", "a space", "Use one word"),
        ("SENTRY_ENVIRONMENT", "a/b", "a slash", "Use one word"),
        ("SENTRY_ENVIRONMENT", "x" * 65, "at most 64", "Use one word"),
        ("SENTRY_RELEASE", "a/b", "slash", "package@version"),
        ("SENTRY_RELEASE", "..", "'..'", "package@version"),
        ("SENTRY_RELEASE", "x" * 201, "at most 200", "package@version"),
        ("SENTRY_ENABLE_LOGS", "perhaps", "valid boolean", "true or false"),
        ("TOOLBOXAI_PORT", "70000", "less than or equal to 65535", "free port"),
        ("TOOLBOXAI_LLM_TIMEOUT_SECONDS", "0", "greater than 0", "seconds, at most 600"),
        ("TOOLBOXAI_LLM_MAX_TOKENS_PER_DAY", "-1", "greater than or equal to 0", "tokens"),
        ("TOOLBOXAI_LLM_FALLBACK", "perhaps", "valid boolean", "true or false"),
        ("TOOLBOXAI_SPOOL_MAX_BYTES", "10", "greater than or equal to 1048576", "1 MiB"),
        ("TOOLBOXAI_SPOOL_MAX_AGE_HOURS", "0.5", "greater than or equal to 1", "hours, 1 or more"),
    ],
)
def test_a_wrong_value_is_explained_in_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, rule: str, advice: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    message = str(refused.value)
    assert message.startswith(f"{variable}='{value[:20]}")
    assert rule in message
    assert advice in message
    assert "\n" not in message
    assert "pydantic" not in message


@pytest.mark.parametrize(
    ("dsn", "rule"),
    [
        ("s3cretkey", "starts with http"),
        ("ftp://s3cretkey@sentry.example/1", "starts with http"),
        ("https://s3cretkey@sentry.example/1 ", "starts with http"),
        ("https://sentry.example/1?s3cretkey", "no public key"),
        ("https://s3cretkey@/1", "names no host"),
        ("https://s3cretkey@sentry.example:port/1", "port isn't a number"),
        ("https://s3cretkey@sentry.example/", "project's number"),
        ("https://s3cretkey@sentry.example/prefix/name", "project's number"),
    ],
)
def test_a_wrong_dsn_is_explained_without_its_key(
    monkeypatch: pytest.MonkeyPatch, dsn: str, rule: str
) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    message = str(refused.value)
    assert message.startswith("SENTRY_DSN=(not shown): ")
    assert rule in message
    assert "Copy it from the project's settings" in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("mysql://u:s3cret@db/lessons", "sqlite:/// or postgresql://"),
        ("s3cret", "not a database address"),
        ("postgresql://u:s3cret@db:port/lessons", "not a database address"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
    ],
)
def test_a_wrong_database_url_is_explained_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, rule: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    message = str(refused.value)
    assert message.startswith("DATABASE_URL=(not shown): ")
    assert rule in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("REDIS_URL", "http://:s3cret@cache", "redis://"),
        ("REDIS_URL", "redis://:s3cret@cache:port", "redis://"),
        ("TOOLBOXAI_AUTH_KEY", "s3cret", "at least 32"),
    ],
)
def test_another_wrong_secret_is_explained_without_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    message = str(refused.value)
    assert message.startswith(f"{variable}=(not shown): ")
    assert rule in message
    assert "s3cret" not in message


def test_a_key_that_can_not_be_kept_is_asked_for(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="TOOLBOXAI_AUTH_KEY is not set"):
        _ = settings(data_dir=tmp_path / "file").auth_secret


def test_a_key_of_its_own_is_for_its_owner_alone_and_stays_the_same(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    secret = settings().auth_secret

    assert settings().auth_secret == secret
    assert len(secret) == 64
    assert (tmp_path / "data" / "auth.key").stat().st_mode & 0o777 == 0o600


def test_every_wrong_variable_gets_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_TRACES_SAMPLE_RATE", "2")
    monkeypatch.setenv("TOOLBOXAI_PORT", "0")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    names = [line.partition("=")[0] for line in str(refused.value).splitlines()]
    assert sorted(names) == ["SENTRY_TRACES_SAMPLE_RATE", "TOOLBOXAI_PORT"]


def test_secrets_are_neither_in_the_repr_nor_in_pydantics_own_error(
    settings: Callable[..., Settings],
) -> None:
    good = settings(sentry_dsn="https://s3cret@h/1", database_url="postgresql://u:s3cret@h/d")
    with pytest.raises(ValidationError) as refused:
        settings(sentry_dsn="s3cret")

    assert "s3cret" not in repr(good)
    assert "s3cret" not in str(refused.value)


@given(
    st.text() | st.from_regex(r"https?://\w*(:\w*)?@?[a-z.\[\]:0-9]*/[a-z0-9/]*", fullmatch=True)
)
@example("https://key@host:99999/1")
@example("https://key@[host/1")
@example("https://key@host/\N{ARABIC-INDIC DIGIT ONE}")
def test_a_dsn_that_is_accepted_is_one_that_the_sdk_accepts(text: str) -> None:
    try:
        accepted = valid_dsn(text)
    except ValueError:
        return
    try:
        Dsn(accepted)
    except BadDsn:
        pytest.fail(f"accepted {text!r}")
