"""Before anything runs: what help says, and what stops a start, and where that is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mayday.cli import remote as remote_module
from mayday.cli.mounts import MOUNTED, LazyGroup
from tests.cli.told_starter import run

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


def test_without_a_starter_the_way_to_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    done = run("incident", "list")
    assert (done.exit_code, done.stderr) == (
        2,
        "no starter is known here; start one with: mayday up, or set MAYDAY_URL\n",
    )
    monkeypatch.setenv("MAYDAY_URL", "http://127.0.0.1:1")
    assert run("incident", "list").exit_code == 2
    (tmp_path / "token").write_text("secret\n")
    monkeypatch.setenv("MAYDAY_TOKEN_FILE", str(tmp_path / "token"))
    done = run("incident", "list")
    assert done.exit_code == 1
    assert done.stderr.startswith("no starter answers at http://127.0.0.1:1 (")
    (tmp_path / "mayday.json").write_text("{broken")
    monkeypatch.delenv("MAYDAY_URL")
    assert "cannot be read" in run("incident", "list").stderr


def test_runbooks_that_do_not_compile_stop_the_start_and_say_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runbooks").mkdir()
    for folder in ("library", "catalog", "templates"):
        (tmp_path / "runbooks" / folder).mkdir()
        for file in (RUNBOOKS / folder).glob("*.yaml"):
            (tmp_path / "runbooks" / folder / file.name).write_text(file.read_text())
    broken = tmp_path / "runbooks" / "library" / "major_incident.yaml"
    broken.write_text(broken.read_text().replace("phases:", "phasez:"))
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(tmp_path / "runbooks"))
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path / "data"))
    for command in (["up", "--port", "0"], ["starter"]):
        done = run(*command)
        assert done.exit_code == 2
        assert "major_incident.yaml:" in done.output
        assert "phasez" in done.output
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    taken = run("up", "--port", "0", "--data", str(tmp_path / "file"))
    assert taken.exit_code == 1
    assert taken.stderr.endswith(f"the data folder {tmp_path / 'file'} is a file; name another one with --data\n")
    below = run("up", "--port", "0", "--data", str(tmp_path / "file" / "below"))
    assert below.exit_code == 1
    assert f"{tmp_path / 'file' / 'below'} cannot be used: Not a directory" in below.stderr


def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_PORT", "abc")
    for command in ("up", "worker", "starter"):
        done = run(command)
        assert done.exit_code == 2
        assert done.stderr.startswith("MAYDAY_PORT=abc: ")


def test_tokens_without_a_starter_are_written_to_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(RUNBOOKS))
    made = json.loads(run("token", "create", "--person", "sam", "--direct", "--json").stdout)
    assert {"token", "person", "expires_at"} <= set(made)
    assert run("token", "create", "--person", "nobody", "--direct").exit_code == 2
    listed = json.loads(run("token", "list", "--direct", "--json").stdout)["items"]
    assert [item["person"] for item in listed] == ["sam"]
    assert run("token", "revoke", made["id"], "--direct").stdout == f"revoked {made['id']} of sam\n"
    assert run("token", "revoke", "nope", "--direct").exit_code == 1


def test_the_data_folder_is_the_one_of_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mayday.settings import load_settings

    assert remote_module.data_folder() == load_settings().data
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    assert remote_module.data_folder() == load_settings().data
    monkeypatch.delenv("MAYDAY_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert remote_module.data_folder() == load_settings().data


@pytest.mark.parametrize("name", MOUNTED)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    """`mayday --help` loads none of them: at 3 a.m. nobody waits for a list."""
    command = LazyGroup().get_command(None, name)
    assert " ".join(command.help.split()).startswith(MOUNTED[name].summary)


def test_help_imports_no_command() -> None:
    script = "import sys; from mayday.cli.main import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {"temporalio", "mayday.cli.incident", "mayday.language.catalog", "httpx"} & loaded


def test_every_command_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    helped = run("--help")
    assert helped.exit_code == 0
    for name in ("up", "worker", "starter", "incident", "desk", "oncall", "token"):
        assert name in helped.stdout
        assert run(name, "--help").exit_code == 0
    assert run("--version").stdout.strip()
    assert set(MOUNTED) >= {"demo", "doctor", "review", "runbook", "catalog", "backup", "restore", "report"}
