"""Findings for code hosts, as SARIF: rules, places, and paths that are URIs."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from mayday.cli.runbook import runbook_app
from mayday.language.findings import CODES, Finding
from mayday.language.sarif import sarif_of
from mayday.settings import packaged_runbooks
from tests.language.folders import Folder

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


def every_code(root: pathlib.Path) -> dict[str, Any]:
    """A log with a finding of every code: in a file of the checkout, in one with an odd name, and outside."""
    files = ("library/x.yaml", "library/night of 50 % #2.yaml", str(root / "catalog/y.yaml"), "../elsewhere/z.yaml")
    findings = [
        Finding(files[number % len(files)], number % 7, number % 5, code, known.level, "wrong", "mend it")
        for number, (code, known) in enumerate(CODES.items())
    ]
    return dict(json.loads(json.dumps(sarif_of(findings, root, "1.2.3"))))


def test_every_code_can_be_a_rule() -> None:
    (once,) = every_code(pathlib.Path("/checkout"))["runs"]
    rules = once["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(CODES)
    assert all(rule["help"]["text"] and "```yaml" in rule["help"]["markdown"] for rule in rules)
    assert all(rules[item["ruleIndex"]]["id"] == item["ruleId"] for item in once["results"])
    places = [item["locations"][0]["physicalLocation"] for item in once["results"]]
    assert all(place["region"]["startLine"] >= 1 and place["region"]["startColumn"] >= 1 for place in places)
    assert {place["artifactLocation"]["uri"] for place in places} == {
        "library/x.yaml", "library/night%20of%2050%20%25%20%232.yaml", "catalog/y.yaml", "file:///elsewhere/z.yaml",
    }  # fmt: skip


def test_without_findings_it_is_an_empty_run_and_not_both_forms_at_once() -> None:
    library = packaged_runbooks() / "library"
    result = run("runbook", "lint", library / "sev3_incident.yaml", "--runbooks", packaged_runbooks(), "--sarif")
    assert (result.exit_code, json.loads(result.stdout)["runs"][0]["results"]) == (0, [])
    assert run("runbook", "lint", "--sarif", "--json").exit_code == 2
