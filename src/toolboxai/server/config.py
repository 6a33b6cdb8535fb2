"""What an operator may choose. The only module that reads the environment (and `.env`)."""

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from toolboxai import __version__
from toolboxai.telemetry.privacy import read_policy_file, secret_in

MIB = 1024 * 1024
AUTH_KEY_FILE = "auth.key"
# A name, a name with all below it, or any name at all.
HOST_NAME = re.compile(r"\*|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


class SettingsError(Exception):
    """The environment holds values the server can't work with."""


def valid_dsn(dsn: str) -> str:
    """Return ``dsn`` if an event could be sent to it; its parts never appear in the error."""
    parts = urlsplit(dsn)
    if parts.scheme not in {"http", "https"} or any(sign.isspace() for sign in dsn):
        reason = "must be one address that starts with http:// or https://"
        raise ValueError(reason)
    if not parts.username:
        reason = "has no public key before the @"
        raise ValueError(reason)
    if not parts.hostname or not _has_valid_port(dsn):
        reason = "names no host, or its port isn't a number"
        raise ValueError(reason)
    project = parts.path.rpartition("/")[2]
    if not (project.isascii() and project.isdigit()):
        reason = "must end in the project's number"
        raise ValueError(reason)
    return dsn


def _has_valid_port(address: str) -> bool:
    try:
        _ = urlsplit(address).port
    except ValueError:
        return False
    return True


def _dsn_or_nothing(dsn: str) -> str:
    return valid_dsn(dsn) if dsn else dsn


def _valid_policy(path: Path | None) -> Path | None:
    if path is not None:
        read_policy_file(path)
    return path


def _valid_environment(name: str) -> str:
    if any(sign == "/" or sign.isspace() for sign in name):
        reason = "must not contain a slash, a space or a line break"
        raise ValueError(reason)
    return name


def _valid_release(name: str) -> str:
    # Sentry's own rules for release names.
    if name in {".", ".."} or name.isspace() or any(sign in "\n\r\t/\\" for sign in name):
        reason = "must not be '.', '..' or blank, nor contain a slash, a tab or a line break"
        raise ValueError(reason)
    return name


def _valid_database_url(address: str) -> str:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        reason = "is not a database address"
        raise ValueError(reason) from None
    if url.drivername not in DRIVERS:
        reason = "must start with sqlite:/// or postgresql://"
        raise ValueError(reason)
    if url.drivername.startswith("sqlite") and url.database in {None, "", ":memory:"}:
        reason = "must name a file, because a database in memory ends with its connection"
        raise ValueError(reason)
    return url.set(drivername=DRIVERS[url.drivername]).render_as_string(hide_password=False)


def _model_address_or_nothing(address: str) -> str:
    parts = urlsplit(address)
    if address and (parts.scheme not in {"http", "https"} or not parts.hostname):
        reason = "must be one address that starts with http:// or https://"
        raise ValueError(reason)
    if parts.username or parts.password or parts.query:
        reason = "must have no user, password or query; the key is TOOLBOXAI_LLM_API_KEY"
        raise ValueError(reason)
    return address


def _database_url_or_nothing(address: str) -> str:
    return _valid_database_url(address) if address else address


def _valid_hosts(names: str) -> str:
    for name in _listed(names):
        if not HOST_NAME.fullmatch(name):
            reason = "must be names without scheme and port, parted by commas"
            raise ValueError(reason)
    return names


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in names.split(",") if name.strip())


def _redis_url_or_nothing(address: str) -> str:
    parts = urlsplit(address)
    if address and (
        parts.scheme not in {"redis", "rediss", "unix"} or not _has_valid_port(address)
    ):
        reason = "must start with redis://, rediss:// or unix://"
        raise ValueError(reason)
    return address


Rate = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseSettings):
    """Everything an operator may choose; each description says what a right value looks like."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_alias=True,
        validate_by_name=True,
        validate_default=True,
    )

    sentry_dsn: Annotated[str, AfterValidator(_dsn_or_nothing)] = Field(
        default="",
        repr=False,
        description="Copy it from the project's settings (https://key@host/1), or leave it empty"
        " to send nothing",
    )
    sentry_environment: Annotated[str, AfterValidator(_valid_environment)] = Field(
        default="development",
        max_length=64,
        description="Use one word such as development, staging or production",
    )
    sentry_traces_sample_rate: Rate | None = Field(
        default=None,
        description="Use a number from 0 to 1, or leave it empty for the environment's default",
    )
    sentry_profiles_sample_rate: Rate | None = Field(
        default=None,
        description="Use a number from 0 to 1, or leave it empty to profile nothing",
    )
    sentry_send_default_pii: bool = Field(
        default=False, description="Use true or false; leave it false wherever pupils work"
    )
    sentry_privacy_policy: Annotated[Path | None, AfterValidator(_valid_policy)] = Field(
        default=None,
        description="Use the path of a TOML file as SENTRY_INTEGRATION.md describes it, or leave it"
        " empty for the built-in rules alone",
    )
    sentry_enable_logs: bool = Field(default=True, description="Use true or false")
    sentry_release: Annotated[str, AfterValidator(_valid_release)] = Field(
        default=f"toolboxai@{__version__}",
        max_length=200,
        description="Use package@version, for example toolboxai@1.2.0",
    )
    sentry_server_name: str | None = Field(
        default=None,
        max_length=200,
        description="Use a short name for this machine, or leave it empty to send none",
    )
    host: str = Field(
        default="127.0.0.1",
        validation_alias="TOOLBOXAI_HOST",
        description="Use the address to listen on; 127.0.0.1 keeps the server on this machine",
    )
    port: int = Field(
        default=8008,
        ge=1,
        le=65535,
        validation_alias="TOOLBOXAI_PORT",
        description="Use a free port from 1 to 65535",
    )
    allowed_hosts: Annotated[str, AfterValidator(_valid_hosts)] = Field(
        default="",
        max_length=2_000,
        validation_alias="TOOLBOXAI_ALLOWED_HOSTS",
        description="Use the names under which this server is asked, parted by commas, for example"
        " toolbox.school.example, *.school.example; localhost and addresses in digits need none",
    )
    data_dir: Path = Field(
        default=Path(".toolboxai"),
        validation_alias="TOOLBOXAI_DATA_DIR",
        description="Use a folder the server may write to",
    )
    database_url: Annotated[str, AfterValidator(_database_url_or_nothing)] = Field(
        default="",
        repr=False,
        description="Use postgresql://user:password@host/name or sqlite:///path/to/file, or leave"
        " it empty for a SQLite file in TOOLBOXAI_DATA_DIR",
    )
    redis_url: Annotated[str, AfterValidator(_redis_url_or_nothing)] = Field(
        default="",
        repr=False,
        description="Use redis://host:6379/0, or leave it empty to count limits in each process",
    )
    auth_key: str | None = Field(
        default=None,
        repr=False,
        min_length=32,
        validation_alias="TOOLBOXAI_AUTH_KEY",
        description="At least 32 characters that nobody can guess; `openssl rand -hex 32` makes"
        " good ones",
    )
    generation_workers: int = Field(
        default=2,
        ge=0,
        le=32,
        validation_alias="TOOLBOXAI_GENERATION_WORKERS",
        description="Use a number from 0 (this process takes orders in and works on none) to 32",
    )
    llm_base_url: Annotated[str, AfterValidator(_model_address_or_nothing)] = Field(
        default="",
        repr=False,
        validation_alias="TOOLBOXAI_LLM_BASE_URL",
        description="Use the address of a service that answers as OpenAI's does, such as"
        " http://127.0.0.1:11434/v1, or leave it empty for the curriculum engine alone",
    )
    llm_model: str = Field(
        default="",
        max_length=200,
        validation_alias="TOOLBOXAI_LLM_MODEL",
        description="Use the name that the service has for the model",
    )
    llm_api_key: str = Field(
        default="",
        repr=False,
        validation_alias="TOOLBOXAI_LLM_API_KEY",
        description="Use the service's key, or leave it empty where it needs none",
    )
    llm_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        le=600,
        allow_inf_nan=False,
        validation_alias="TOOLBOXAI_LLM_TIMEOUT_SECONDS",
        description="Use a number of seconds, at most 600",
    )
    llm_max_tokens_per_day: int = Field(
        default=1_000_000,
        ge=0,
        validation_alias="TOOLBOXAI_LLM_MAX_TOKENS_PER_DAY",
        description="Use a number of tokens; 0 asks the model nothing",
    )
    llm_fallback: bool = Field(
        default=True,
        validation_alias="TOOLBOXAI_LLM_FALLBACK",
        description="Use true or false; with false a model that fails is an error",
    )
    pseudonym_key: str | None = Field(
        default=None,
        repr=False,
        min_length=16,
        validation_alias="TOOLBOXAI_PSEUDONYM_KEY",
        description="At least 16 characters that nobody can guess; `openssl rand -hex 32` makes"
        " good ones",
    )
    spool_max_bytes: int = Field(
        default=256 * MIB,
        ge=MIB,
        validation_alias="TOOLBOXAI_SPOOL_MAX_BYTES",
        description="Use a number of bytes, 1048576 (1 MiB) or more",
    )
    spool_max_age_hours: float = Field(
        default=72.0,
        ge=1,
        allow_inf_nan=False,
        validation_alias="TOOLBOXAI_SPOOL_MAX_AGE_HOURS",
        description="Use a number of hours, 1 or more",
    )

    @field_validator("llm_model")
    @classmethod
    def _named_where_there_is_a_service(cls, name: str, info: ValidationInfo) -> str:
        if info.data.get("llm_base_url") and not name:
            reason = "must be set, because TOOLBOXAI_LLM_BASE_URL is"
            raise ValueError(reason)
        return name

    @field_validator("*", mode="before")
    @classmethod
    def _empty_means_default(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 (raw input)
        if value != "" or info.field_name is None:
            return value
        return cls.model_fields[info.field_name].default

    @property
    def is_development(self) -> bool:
        """Say whether this is a developer's machine, where the embedded monitor is the sink."""
        return self.sentry_environment == "development"

    @property
    def host_names(self) -> tuple[str, ...]:
        """The names under which the server is asked, as the operator gave them."""
        return _listed(self.allowed_hosts)

    @property
    def spool_dir(self) -> Path:
        """Where telemetry keeps what is not delivered yet."""
        return self.data_dir / "spool"

    @property
    def auth_secret(self) -> str:
        """What access tokens are signed with: the key that was set, else one kept in the data folder."""
        if self.auth_key is not None:
            return self.auth_key
        try:
            return secret_in(self.data_dir, AUTH_KEY_FILE)
        except OSError as error:
            reason = f"{AUTH_KEY_FILE} can't be kept in {self.data_dir} ({error.strerror})"
            message = f"TOOLBOXAI_AUTH_KEY is not set, and {reason}. Set it, or let the server write there."
            raise SettingsError(message) from error

    @property
    def monitor_dsn_file(self) -> Path:
        """Where the embedded monitor writes its DSN."""
        return self.data_dir / "monitor" / "dsn"

    @property
    def database_address(self) -> str:
        """The database's address for SQLAlchemy's async drivers; may contain a password."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'toolboxai.db'}"


def load_settings() -> Settings:
    """Read the environment and `.env`, or raise one `SettingsError` that lists what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [_explain(problem) for problem in error.errors(include_url=False)]
        raise SettingsError("\n".join(lines)) from None


def _explain(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0])
    variable, field = next(
        (field.validation_alias or key, field)
        for key, field in Settings.model_fields.items()
        if name in {key, field.validation_alias}
    )
    value = repr(str(problem["input"])[:100]) if field.repr else "(not shown)"
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{str(variable).upper()}={value}: {reason}. {field.description}."
