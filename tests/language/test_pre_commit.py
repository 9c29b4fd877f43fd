"""The hooks that a house's repository names in its `.pre-commit-config.yaml`."""

from __future__ import annotations

import pathlib
import shlex
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from mayday.cli.runbook import runbook_app
from tests.language.folders import Folder

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP = typer.Typer()
APP.add_typer(runbook_app, name="runbook")


def run(*arguments: str | pathlib.Path) -> Result:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    "hook", yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()), ids=lambda hook: hook["id"]
)
def test_a_pre_commit_hook_runs(hook: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path / "runbooks").basic()
    folder.write(
        "scenarios/quiet.yaml",
        "apiVersion: runbook/v1\nkind: Scenario\nmetadata: { name: quiet }\nrunbook: example\n"
        'given: { start: "2026-03-02T02:10:00Z", incident: { title: Down, service: payments, severity: SEV1 } }\n'
        "timeline: [{ at: T+1m, expect: { paged: schedule.primary } }]\nexpect: []\n",
    )
    monkeypatch.chdir(tmp_path)
    assert hook["pass_filenames"] is False
    program, *words = shlex.split(hook["entry"])
    assert program == "mayday"
    result = run(*words, *hook["args"])
    assert result.exit_code == 0, result.output
    folder.with_steps("- { id: look, task: { text: Look, to: role.deputi } }")
    assert run(*words, *hook["args"]).exit_code == 1
