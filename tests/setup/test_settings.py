"""Settings: what can be set, where secrets may lie, and how a bad value is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mayday.settings import SettingsError, load_settings, packaged_runbooks


def test_a_fresh_machine_needs_no_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = load_settings()
    assert settings.data == tmp_path / "mayday"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/mayday/records.db"
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.runbooks == packaged_runbooks()


def test_the_environment_is_read_and_the_command_line_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAYDAY_PORT", "9000")
    monkeypatch.setenv("MAYDAY_DATA", "/from/environment")
    settings = load_settings(data=tmp_path, host=None)
    assert (settings.port, settings.data, settings.host) == (9000, tmp_path, "127.0.0.1")
    assert settings.base_url == "http://127.0.0.1:9000"


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_PORT", "")
    monkeypatch.setenv("MAYDAY_BUILD_ID", "")
    assert load_settings().port == 8080
    assert load_settings().build_id is None


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("MAYDAY_PORT", "eighty", "MAYDAY_PORT=eighty: "),
        ("MAYDAY_PORT", "70000", "MAYDAY_PORT=70000: "),
        ("MAYDAY_BASE_URL", "ftp://x", "MAYDAY_BASE_URL=ftp://x: has to start with http"),
        ("MAYDAY_RUNBOOKS", "/no/such/folder", "MAYDAY_RUNBOOKS=/no/such/folder: is not a folder"),
        ("MAYDAY_LOG_LEVEL", "loud", "MAYDAY_LOG_LEVEL=loud: "),
        ("MAYDAY_CONTINUE_AS_NEW_AFTER_EVENTS", "1", "MAYDAY_CONTINUE_AS_NEW_AFTER_EVENTS=1: "),
        ("MAYDAY_SLACK_TOKEN_FILE", "/no/such/file", "MAYDAY_SLACK_TOKEN_FILE=/no/such/file: the file cannot be read"),
    ],
)
def test_a_bad_value_is_named_with_its_key(monkeypatch: pytest.MonkeyPatch, key: str, value: str, named: str) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert named in str(refused.value)


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_PORT", "x")
    monkeypatch.setenv("MAYDAY_LOG_FORMAT", "yaml")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert len(str(refused.value).splitlines()) == 2


def test_a_bad_secret_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_DATABASE_URL", "mysql://mayday:hunter22@db/mayday")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith("MAYDAY_DATABASE_URL=********: has to start with")
    assert "hunter22" not in str(refused.value)


def test_a_secret_is_not_printed_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_DATABASE_URL", "postgresql://mayday:hunter22@db/mayday")
    monkeypatch.setenv("MAYDAY_TOKEN", "owner-token-1")
    printed = repr(load_settings())
    assert "hunter22" not in printed
    assert "owner-token-1" not in printed


def test_each_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://mayday:pw@db/mayday\n")
    monkeypatch.setenv("MAYDAY_DATABASE_URL_FILE", str(secret))
    assert load_settings().database_url == "postgresql+asyncpg://mayday:pw@db/mayday"


def test_webhook_credentials_are_kept_per_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("new-key, old-key\n")
    monkeypatch.setenv("MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN", "t0ken")
    monkeypatch.setenv("MAYDAY_WEBHOOK_GRAFANA_SECRET_FILE", str(keys))
    settings = load_settings()
    assert settings.webhook_token("alertmanager") == "t0ken"
    assert settings.webhook_secrets("alertmanager") == []
    assert settings.webhook_token("grafana") is None
    assert settings.webhook_secrets("grafana") == ["new-key", "old-key"]
    assert settings.secret_values() >= {"new-key", "old-key"}


def test_a_rotated_file_is_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first")
    monkeypatch.setenv("MAYDAY_WEBHOOK_AWS_TOKEN_FILE", str(token))
    settings = load_settings()
    assert settings.webhook_token("aws") == "first"
    token.write_text("second")
    assert settings.webhook_token("aws") == "second"


def test_a_provider_gets_all_that_is_set_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("xoxb-1\n")
    monkeypatch.setenv("MAYDAY_SLACK_TOKEN_FILE", str(token))
    monkeypatch.setenv("MAYDAY_SLACK_URL", "https://slack.example")
    monkeypatch.setenv("MAYDAY_TWILIO_URL", "https://twilio.example")
    settings = load_settings()
    assert settings.provider("slack") == {"token": "xoxb-1", "url": "https://slack.example"}
    assert settings.provider("pagerduty") == {}


def test_nothing_is_read_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_PORT", "eighty")
    monkeypatch.setenv("MAYDAY_TOKEN_FILE", "/no/such/file")
    subprocess.run([sys.executable, "-c", "import mayday.settings, mayday.logs"], check=True)
