"""Findings for code hosts and for pre-commit: SARIF, and the hooks that a house's repository names."""

from __future__ import annotations

import json
import pathlib
import shlex
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from mayday.cli.runbook import runbook_app
from mayday.language.findings import CODES, Finding
from mayday.language.sarif import sarif_of
from mayday.settings import packaged_runbooks
from tests.language.folders import Folder

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP = typer.Typer()
APP.add_typer(runbook_app, name="runbook")


def run(*arguments: str | pathlib.Path) -> Result:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


def test_sarif_names_rule_place_and_hint(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path / "runbooks").basic()
    folder.with_steps("- { id: look, task: { text: Look, items: [ why? ], to: role.deputi } }")
    monkeypatch.chdir(tmp_path)
    result = run("runbook", "lint", folder.root, "--sarif")
    assert result.exit_code == 1
    log = json.loads(result.stdout)
    assert log["version"] == "2.1.0"
    (once,) = log["runs"]
    found = {item["ruleId"]: item for item in once["results"]}
    assert found["R301"]["message"]["text"] == "there is no role deputi. did you mean deputy?"
    place = found["R301"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "runbooks/library/example.yaml"
    assert place["region"]["startLine"] == 26
    assert (found["R301"]["level"], found["Y122"]["level"]) == ("error", "warning")
    for item in once["results"]:
        assert once["tool"]["driver"]["rules"][item["ruleIndex"]]["id"] == item["ruleId"]


def test_every_code_can_be_a_rule() -> None:
    findings = [Finding("x.yaml", 0, 0, code, known.level, "wrong") for code, known in CODES.items()]
    log: dict[str, Any] = json.loads(json.dumps(sarif_of(findings, pathlib.Path("/nowhere"))))
    assert [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]] == sorted(CODES)
    assert all(
        item["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1 for item in log["runs"][0]["results"]
    )


def test_without_findings_it_is_an_empty_run_and_not_both_forms_at_once() -> None:
    library = packaged_runbooks() / "library"
    result = run("runbook", "lint", library / "sev3_incident.yaml", "--runbooks", packaged_runbooks(), "--sarif")
    assert (result.exit_code, json.loads(result.stdout)["runs"][0]["results"]) == (0, [])
    assert run("runbook", "lint", "--sarif", "--json").exit_code == 2


def test_many_files_and_folders_in_one_call(tmp_path: pathlib.Path) -> None:
    one, two = Folder(tmp_path / "one").basic(), Folder(tmp_path / "two").basic()
    one.with_steps("- { id: look, task: { text: Look, to: role.deputi } }")
    two.with_steps("- { id: look, lgo: hello }")
    result = run("runbook", "lint", one.root, two.root / "library/example.yaml", "--json")
    files = {finding["file"] for finding in json.loads(result.stdout)["findings"]}
    assert files == {f"{one.root}/library/example.yaml", f"{two.root}/library/example.yaml"}


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
