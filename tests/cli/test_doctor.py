"""`mayday doctor` on machines in various states."""

from __future__ import annotations

import json
import shutil
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from mayday.cli.main import app

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


def examined(*arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    return done.exit_code, {check["check"]: check for check in json.loads(done.stdout)["checks"]}


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(RUNBOOKS))


def test_a_fresh_machine_is_well_and_says_what_is_missing() -> None:
    status, checks = examined()
    assert status == 0
    assert checks["runbooks"]["state"] == checks["schedules"]["state"] == checks["records"]["state"] == "ok"
    assert {checks[name]["state"] for name in ("tokens", "temporal", "starter", "webhooks")} == {"warning"}
    assert all(check["hint"] for check in checks.values() if check["state"] == "warning")
    assert examined("--strict")[0] == 1


def test_what_is_broken_is_found_and_does_not_hide_the_rest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "runbooks" / "library"
    broken.mkdir(parents=True)
    (broken / "bad.yaml").write_text("apiVersion: runbook/v1\nkind: Runbook\nphasez: []\n")
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(tmp_path / "runbooks"))
    monkeypatch.setenv("MAYDAY_DATABASE_URL", "postgresql://127.0.0.1:1/nothing")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MAYDAY_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN", "secret-token")
    status, checks = examined()
    assert status == 1
    assert (checks["runbooks"]["state"], "and 3 more" in checks["runbooks"]["detail"]) == ("failed", True)
    assert checks["records"]["state"] == checks["temporal"]["state"] == "failed"
    assert checks["starter"]["detail"] == "nobody answers at http://127.0.0.1:1"
    assert checks["webhooks"] == {
        "check": "webhooks", "state": "ok", "detail": "open for alertmanager", "hint": ""
    }  # fmt: skip


def test_a_webhook_that_cannot_work_as_it_is_set_up_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AZURE_AUDIENCE": "api://mayday", "AWS_TOPICS": "arn:aws:sns:eu-west-1:123456789012:*", "DATADOG_SECRET": "x",
        "SPLUNK_TOKEN": "t", "SPLUNK_ADDRESSES": "192.0.2.0/24, example.com",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"MAYDAY_WEBHOOK_{name}", value)
    done = CliRunner().invoke(app, ["doctor"])
    said = [line for line in done.stdout.splitlines() if "webhooks" in line]
    assert said == [
        "FAIL  webhooks: Entra's tokens cannot be checked; set MAYDAY_WEBHOOK_AZURE_TENANT",
        "look  webhooks: MAYDAY_WEBHOOK_DATADOG_SECRET is not used: Datadog signs nothing with one",
        "FAIL  webhooks: MAYDAY_WEBHOOK_SPLUNK_ADDRESSES: example.com is no network",
        "ok    webhooks: open for aws, azure, splunk",
    ]


def test_for_people_it_is_one_line_a_check() -> None:
    done = CliRunner().invoke(app, ["doctor"])
    assert all(line[:4] in ("ok  ", "look", "FAIL") for line in done.stdout.splitlines())


def test_who_watches_mayday_is_looked_at_without_a_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """The monitor's address holds a secret, and calling it would be a beat that no worker made."""
    _, checks = examined()
    assert checks["heartbeat"]["state"] == checks["watchdogs"]["state"] == "warning"
    asked: list[str] = []

    async def head(_: Any, url: Any) -> None:
        asked.append(str(url))

    monkeypatch.setattr("httpx.AsyncClient.head", head)
    monkeypatch.setenv("MAYDAY_HEARTBEAT_URL", "https://monitor.example/ping/secret-id?key=secret")
    _, checks = examined()
    assert asked == ["https://monitor.example/"]
    assert checks["heartbeat"]["detail"] == "https://monitor.example answers; called every 60 s"
    assert "secret" not in str(checks)
    monkeypatch.undo()


def test_a_monitor_that_is_not_there_and_a_watchdog_that_never_came(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "runbooks"
    shutil.copytree(RUNBOOKS, folder)
    (folder / "catalog" / "watchdogs.yaml").write_text(
        "apiVersion: catalog/v1\nkind: Catalog\nwatchdogs: { prometheus: { match: { alertname: Watchdog } } }\n"
    )
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(folder))
    monkeypatch.setenv("MAYDAY_HEARTBEAT_URL", "http://127.0.0.1:1/ping")
    status, checks = examined()
    assert (status, checks["heartbeat"]["state"]) == (1, "failed")
    assert checks["heartbeat"]["detail"].startswith("http://127.0.0.1:1 does not answer")
    assert (checks["watchdog prometheus"]["state"], checks["watchdog prometheus"]["detail"]) == (
        "warning",
        "never seen",
    )


def test_a_starter_that_runs_says_itself_who_may_post(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its token was set in the shell that started it, and doctor is asked in another."""

    class Starter(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            refusal = {"code": "unauthenticated"} if self.path == "/webhooks/alertmanager" else {"hint": "set it"}
            self.answer(401, refusal)

        def do_GET(self) -> None:
            self.answer(200, {"temporal": "ok", "records": "ok"})

        def answer(self, status: int, body: dict[str, str]) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library names it
            """Not on the terminal of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Starter) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("MAYDAY_URL", url)
        _, checks = examined()
        server.shutdown()
    assert checks["starter"]["state"] == "ok"
    assert (checks["webhooks"]["state"], checks["webhooks"]["detail"]) == ("ok", f"open for alertmanager at {url}")
