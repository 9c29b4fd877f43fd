"""`mayday runbook test`: exit codes, JSON, JUnit, the story, coverage."""

from __future__ import annotations

import json
import pathlib
from xml.etree import ElementTree

import pytest
import typer
from typer.testing import CliRunner, Result

from mayday.cli.rehearsals import hanging, write_junit
from mayday.cli.scenarios import rehearse
from mayday.simulator.files import Failure, ScenarioReport
from tests.simulator.conftest import RUNBOOKS

app = typer.Typer()
app.command("test")(rehearse)
GOOD = RUNBOOKS / "scenarios" / "demo_checkout.yaml"


def run(*arguments: str | pathlib.Path) -> Result:
    return CliRunner().invoke(app, ["--runbooks", str(RUNBOOKS), *map(str, arguments)])


@pytest.fixture
def bad(tmp_path: pathlib.Path) -> pathlib.Path:
    """A scenario that expects what does not happen, in its last line."""
    text = GOOD.read_text().replace("../library/demo_checkout.yaml", "demo_checkout")
    path = tmp_path / "bad.yaml"
    path.write_text(text.rstrip() + "\n  - { sent: executive_update, count: 99 }\n")
    return path


def test_scenarios_that_pass_leave_with_zero_and_the_documented_json() -> None:
    result = run(GOOD, "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert set(data) == {"scenarios", "coverage"}
    [scenario] = data["scenarios"]
    assert set(scenario) == {
        "name", "file", "passed", "failures", "simulated_seconds", "wall_seconds", "timeline",
    }  # fmt: skip
    assert scenario["passed"] is True
    assert {"seq", "at", "kind", "actor", "step", "text", "data", "prev_hash", "hash"} == set(scenario["timeline"][0])
    assert set(data["coverage"]["demo_checkout"]) == {
        "phases",
        "outcomes",
        "timeouts",
        "handlers",
        "branches",
        "percent",
    }


def test_a_failure_leaves_with_one_and_names_file_and_line(bad: pathlib.Path, tmp_path: pathlib.Path) -> None:
    junit = tmp_path / "junit.xml"
    result = run(bad, "--junit", junit)
    assert result.exit_code == 1
    last = len(bad.read_text().splitlines())
    assert f"bad.yaml:{last}:" in result.stdout
    suite = ElementTree.parse(junit).getroot()
    assert suite.get("failures") == "1"
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert f"bad.yaml:{last}" in str(failure.get("message"))


def test_a_junit_file_is_xml_whatever_was_said(tmp_path: pathlib.Path) -> None:
    said = Failure(file="bad.yaml", line=3, message="the vendor sent \x1b[31mred\x00 & <b>")
    file = tmp_path / "junit.xml"
    write_junit([ScenarioReport(name="a \x07 bell", file="bad.yaml", passed=False, failures=[said])], file)
    suite = ElementTree.parse(file).getroot()
    assert (suite.get("tests"), suite.get("errors")) == ("1", "0")
    assert suite.findtext("testcase/failure") == "bad.yaml:3: the vendor sent \ufffd[31mred\ufffd & <b>"


def test_the_story_reads_line_by_line() -> None:
    result = run(GOOD, "--story")
    assert "acknowledged “page payments”" in result.stdout
    assert "coverage of demo_checkout" in result.stdout


def test_coverage_below_what_is_asked_for_fails(tmp_path: pathlib.Path) -> None:
    result = run(GOOD, "--min-coverage", "100")
    reached = json.loads(run(GOOD, "--json").stdout)["coverage"]["demo_checkout"]["percent"]
    assert result.exit_code == (0 if reached == 100 else 1)


def test_nothing_to_play_is_wrong_usage(tmp_path: pathlib.Path) -> None:
    assert run(tmp_path).exit_code == 2
    assert run(tmp_path / "none.yaml").exit_code == 2


@pytest.mark.temporal
def test_the_same_on_temporal() -> None:
    result = run(RUNBOOKS / "scenarios" / "sev3_incident_grows.yaml", "--engine", "temporal")
    assert result.exit_code == 0, result.output
    assert "passed" in result.stdout


def test_texts_of_several_lines_hang_below_their_first() -> None:
    assert hanging("SEV1: down\nNext update: 03:10\n", "  ") == "SEV1: down\n  Next update: 03:10"
