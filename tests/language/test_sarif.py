"""Findings for code hosts: SARIF as the standard's own schema and checker, and GitHub's code scanning, want it."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner, Result

from mayday.cli.runbook import runbook_app
from mayday.language.findings import CODES, Finding
from mayday.language.sarif import sarif_of
from mayday.settings import packaged_runbooks
from tests.language.folders import Folder
from tests.programs import from_npm

MULTITOOL = "5.7.0"
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


@pytest.fixture(scope="module")
def multitool(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Microsoft's checker for SARIF, which carries the standard's JSON schema."""
    package = "@microsoft/sarif-multitool-linux"
    if sys.platform != "linux":
        pytest.skip(f"{package} runs on Linux")
    return from_npm(tmp_path_factory.mktemp("sarif"), f"{package}@{MULTITOOL}") / package


@pytest.mark.timeout(180)
def test_the_standard_s_schema_and_its_checker_accept_it(multitool: pathlib.Path, tmp_path: pathlib.Path) -> None:
    log = every_code(tmp_path)
    schema = json.loads((multitool / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    official = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in official.iter_errors(log)] == []
    assert [*official.iter_errors({**log, "version": "2.0.0"})], "a schema that refuses nothing proves nothing"
    unfit = json.loads(json.dumps(log))
    unfit["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "ht%tp:// x"
    good, bad = checked(multitool, tmp_path, log, unfit)
    # SARIF2005: the tool has no page of its own on the web that `informationUri` could name.
    assert {re.sub(r".*(SARIF|GH|JSON)(\d+).*", r"\1\2", line) for line in good} == {"SARIF2005"}, good
    assert len(bad) > len(good), "a checker that finds nothing proves nothing"


def checked(multitool: pathlib.Path, folder: pathlib.Path, *logs: dict[str, Any]) -> list[list[str]]:
    """Errors and warnings of the checker, log by log, with the rules of the standard and GitHub's code scanning."""
    files = [folder / f"log-{number}.sarif" for number, _ in enumerate(logs)]
    for file, log in zip(files, logs, strict=True):
        file.write_text(json.dumps(log), encoding="utf-8")
    command = [str(multitool / "Sarif.Multitool"), "validate", *map(str, files), "--rule-kind", "Sarif;Gh"]
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert f"{len(logs)} files scanned" in done.stdout, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if ": error " in line or ": warning " in line]
    return [[line for line in lines if file.name in line] for file in files]


def test_without_findings_it_is_an_empty_run_and_not_both_forms_at_once() -> None:
    library = packaged_runbooks() / "library"
    result = run("runbook", "lint", library / "sev3_incident.yaml", "--runbooks", packaged_runbooks(), "--sarif")
    assert (result.exit_code, json.loads(result.stdout)["runs"][0]["results"]) == (0, [])
    assert run("runbook", "lint", "--sarif", "--json").exit_code == 2
