"""Settings of all mayday processes: `MAYDAY_*` in the environment, each also as `..._FILE` naming a file that holds it.

    SettingsError   a value cannot be used; the text names the key and the value, and masks what is secret

Read once by each composition root with `load_settings()`; nothing else looks at the environment, and
nothing does at import.
Temporal's own settings (`TEMPORAL_ADDRESS`, ...) are read by `mayday.temporal.connection`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "MAYDAY_"
MASK = "********"

#: the file in the data folder in which `mayday up` says where it serves
DESCRIPTION = "mayday.json"
SECRET_FIELDS = frozenset({"token", "database_url", "heartbeat_url", "codec_keys", "oidc_client_secret"})
"""Fields whose values are never shown: passwords may stand in an address as well."""

# What marks a key of a provider or webhook as secret, by the end of its name.
SECRET_ENDINGS = ("TOKEN", "SECRET", "PASSWORD", "KEY", "WEBHOOK_URL")


class SettingsError(Exception):
    """A setting cannot be used. The CLI prints the text and leaves with status 2."""


class _EnvironmentAndFiles(EnvSettingsSource):
    """Reads `MAYDAY_X`, else the content of the file named by `MAYDAY_X_FILE` (as Docker secrets are mounted)."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        value, key, is_complex = super().get_field_value(field, field_name)
        if value is None:
            path = self.env_vars.get(f"{PREFIX}{field_name}_FILE".lower())
            if path:
                value = _read_secret_file(f"{PREFIX}{field_name.upper()}_FILE", path)
        return value, key, is_complex


class Settings(BaseSettings):
    """Everything that can be set. The defaults run a whole mayday on one machine, with nothing else installed."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True, frozen=True
    )

    # -- where things are
    data: Path = Field(
        default_factory=lambda: default_data_folder(os.environ), description="Data folder of `mayday up`"
    )
    runbooks: Path = Field(default_factory=lambda: packaged_runbooks(), description="Folder of runbooks and catalog")
    database_url: str = Field(
        default_factory=lambda known: f"sqlite+aiosqlite:///{known.get('data')}/records.db",
        repr=False,
        description="Records store: a postgresql:// or sqlite:// address; SQLite in the data folder by default",
    )

    # -- the starter
    host: str = Field(default="127.0.0.1", description="Address that the starter listens on")
    port: int = Field(default=8080, ge=0, le=65535, description="Port of the starter; 0 takes a free one")
    base_url: str = Field(
        default_factory=lambda known: f"http://{known.get('host')}:{known.get('port')}",
        description="Address of the console in messages, without a slash at the end; where it listens by default",
    )
    max_body_bytes: int = Field(
        default=2 * 1024 * 1024, ge=1024, description="A larger webhook body is refused with 413"
    )

    sign_decisions: bool = Field(
        default=True, description="New incidents take only decisions that a starter signed; `false` takes all"
    )
    session_hours: float = Field(default=168, gt=0, description="A browser's login ends after so many hours")
    session_idle_hours: float = Field(default=12, gt=0, description="and after so many hours without a request")
    keep_alerts_days: int = Field(
        default=90, ge=1, description="Days for which the inbox keeps handled alerts and the bodies that they came in"
    )

    oidc_issuer: str | None = Field(default=None, description="OpenID Connect provider that people log in with")
    oidc_client_id: str | None = Field(default=None, description="Our client id there")
    oidc_client_secret: SecretStr | None = Field(default=None, description="and its secret")
    oidc_name: str = Field(default="", description="What the login page calls it; its host name by default")

    # -- the command line
    url: str | None = Field(default=None, description="Starter that the CLI talks to; else that of `mayday.json`")
    token: SecretStr | None = Field(default=None, description="The CLI's bearer token; else that of `mayday.json`")

    # -- Temporal and the worker
    task_queue: str = Field(default="mayday", min_length=1, description="Task queue of workflows and activities")
    temporal_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port of the embedded Temporal server; 0 keeps the last one, or a free one",
    )
    temporal_ui_port: int | None = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port of its web UI; 0 takes a free one, `off` runs without",
    )
    connect_within: float = Field(default=60, gt=0, description="Seconds to wait for Temporal before giving up")
    build_id: str | None = Field(default=None, description="Turns on worker versioning: the version of this deployment")
    deployment_name: str = Field(
        default="mayday", min_length=1, description="Worker deployment that build ids belong to"
    )
    continue_as_new_after_events: int = Field(
        default=4_000, ge=20, description="History events after which an incident continues as a new run"
    )
    max_concurrent_activities: int = Field(default=100, ge=1, description="Activities at once in one worker")
    graceful_shutdown_seconds: float = Field(default=20, ge=0, description="Time for running activities on shutdown")
    worker_port: int | None = Field(
        default=None, ge=0, le=65535, description="Port of the worker's /healthz and /metrics; none by default"
    )
    codec_keys: SecretStr | None = Field(
        default=None,
        description="Encrypts payloads at Temporal: base64 keys of 32 bytes, the newest first, comma-separated",
    )
    archive_every: float = Field(
        default=30, ge=0, description="Seconds between two looks of a worker for ended runs to archive; 0: never"
    )

    # -- which provider serves what, in the order in which they are tried; `desk` is the embedded one
    pagers: str | None = Field(default=None, description="Order of the pagers: `pagerduty,twilio,desk`")
    chats: str | None = Field(default=None, description="Order of the chats")
    mailers: str | None = Field(default=None, description="Order of the mailers")
    calendars: str | None = Field(default=None, description="Order of the calendars")
    bridges: str | None = Field(default=None, description="Order of the bridges")
    ticket_desks: str | None = Field(default=None, description="Order of the ticket desks")
    vendor_desks: str | None = Field(default=None, description="Order of the vendor desks")
    status_pages: str | None = Field(default=None, description="Order of the status pages")
    change_logs: str | None = Field(default=None, description="Order of the change logs")
    change_runners: str | None = Field(
        default=None, description="Who carries out changes and fail-overs; `desk` makes work orders"
    )

    tickets_every: float = Field(
        default=60, ge=15, description="Seconds between two looks at tickets whose desk does not tell us"
    )
    providers_every: float = Field(
        default=600, ge=0, description="Seconds between two looks of a worker at its vendors' health; 0: never"
    )
    answers_every: float = Field(
        default=15, ge=5, description="Seconds between two looks for answers at pagers that do not tell us"
    )

    # -- being watched
    outage_after: float = Field(
        default=60, ge=1, description="Seconds without any worker after which people get the lost time back"
    )
    heartbeat_url: str | None = Field(
        default=None, repr=False, description="Called while all is well, so that an outside monitor notices silence"
    )
    heartbeat_every: float = Field(default=60, gt=0, description="Seconds between two heartbeats")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto: text on a terminal, else JSON"
    )

    _environment: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, _EnvironmentAndFiles(settings_cls))

    def model_post_init(self, context: Any, /) -> None:
        self._environment = {key: value for key, value in os.environ.items() if key.startswith(PREFIX)}
        for key, value in self._environment.items():
            if key.endswith("_FILE") and value:
                _read_secret_file(key, value)

    @field_validator("temporal_ui_port", mode="before")
    @classmethod
    def _ui_may_be_off(cls, value: object) -> object:
        return None if value == "off" else value

    @field_validator("data", "runbooks")
    @classmethod
    def _folders_are_absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("runbooks")
    @classmethod
    def _runbooks_exist(cls, value: Path) -> Path:
        if not value.is_dir():
            raise ValueError("is not a folder")
        return value

    @field_validator("url", "base_url", "heartbeat_url")
    @classmethod
    def _addresses_are_http(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("has to start with http:// or https://")
        return value.rstrip("/") if value else value

    @field_validator("database_url")
    @classmethod
    def _database_has_a_driver(cls, value: str) -> str:
        """Names the asyncio driver, so that people can paste the address that their database prints."""
        for plain, driver in (
            ("postgresql://", "postgresql+asyncpg://"), ("postgres://", "postgresql+asyncpg://"), ("sqlite://", "sqlite+aiosqlite://"),
        ):  # fmt: skip
            if value.startswith(plain):
                return driver + value.removeprefix(plain)
        if not value.startswith(("postgresql+asyncpg://", "sqlite+aiosqlite://")):
            raise ValueError("has to start with sqlite:// or postgresql://")
        return value

    def webhook_token(self, source: str) -> str | None:
        """The bearer token (basic password, `?token=`) that `source` has to show, or None."""
        return self.value(f"WEBHOOK_{source}_TOKEN")

    def webhook_secrets(self, source: str) -> list[str]:
        """The signing keys of `source`, several while they are rotated; none when it does not sign."""
        listed = self.value(f"WEBHOOK_{source}_SECRET") or ""
        return [secret.strip() for secret in listed.split(",") if secret.strip()]

    def provider(self, name: str) -> dict[str, str]:
        """All settings of one provider by their lower-case names: `MAYDAY_PAGERDUTY_TOKEN` -> `{"token": ...}`."""
        start = f"{PREFIX}{name.upper()}_"
        keys = {key.removeprefix(start).removesuffix("_FILE") for key in self._environment if key.startswith(start)}
        found = {key.lower(): self.value(f"{name}_{key}") for key in sorted(keys)}
        return {key: value for key, value in found.items() if value}

    def value(self, name: str) -> str | None:
        """`MAYDAY_<NAME>`, or the content of the file that `MAYDAY_<NAME>_FILE` names (read at each call, so that a
        rotated secret is used without a restart), or None.

        Raises:
            SettingsError: the file cannot be read.
        """
        key = PREFIX + name.upper().replace("-", "_")
        if value := self._environment.get(key):
            return value
        path = self._environment.get(f"{key}_FILE")
        return _read_secret_file(f"{key}_FILE", path) if path else None

    def secret_values(self) -> set[str]:
        """Every secret that is set, for the log's redaction. Parts of a rotation list count one by one."""
        secrets: set[str] = set()
        for key in self._environment:
            name = key.removeprefix(PREFIX).removesuffix("_FILE")
            if name.endswith(SECRET_ENDINGS) or name.lower() in SECRET_FIELDS:
                secrets.update((self.value(name) or "").split(","))
        return {secret.strip() for secret in secrets if len(secret.strip()) >= 6}


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, with the command line's own values before them (None = not given).

    Raises:
        SettingsError: one line for each value that cannot be used.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as refused:
        # A default that waits for a refused value is not an error of its own.
        errors = [error for error in refused.errors() if error["type"] != "default_factory_not_called"]
        raise SettingsError("\n".join(_explain(cast(Mapping[str, Any], error), given) for error in errors)) from None


def default_data_folder(environment: Mapping[str, str]) -> Path:
    """`$XDG_DATA_HOME/mayday`, else `~/.local/share/mayday`."""
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "mayday"


def packaged_runbooks() -> Path:
    """The library that comes with mayday: inside an installed package, beside the package in a checkout."""
    package = Path(__file__).parent
    installed = package / "_runbooks"
    return installed if installed.is_dir() else package.parent / "runbooks"


def _read_secret_file(key: str, path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise SettingsError(f"{key}={path}: the file cannot be read: {reason}") from None


def _explain(error: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """`MAYDAY_PORT=abc: Input should be a valid integer`; command-line values by their option's name."""
    field = str(error["loc"][0]) if error["loc"] else ""
    key = f"--{field.replace('_', '-')} " if field in given else f"{PREFIX}{field.upper()}="
    value = given[field] if field in given else os.environ.get(PREFIX + field.upper(), "")
    shown = MASK if field in SECRET_FIELDS else value
    reason = str(error["msg"]).removeprefix("Value error, ")
    return f"{key}{shown}: {reason}"
