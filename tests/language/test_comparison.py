"""`mayday runbook plan --diff`: what a change means, for who approves it."""

from __future__ import annotations

import json
import pathlib

import pytest
import typer
from typer.testing import CliRunner

from mayday.cli.runbook import runbook_app
from mayday.language.comparison import Comparison, compare_plans
from mayday.language.library import Library, load_runbook
from mayday.settings import packaged_runbooks

LIBRARY = packaged_runbooks() / "library"


def changed(tmp_path: pathlib.Path, *swaps: tuple[str, str]) -> Comparison:
    """The payments runbook against itself with some texts swapped."""
    text = (LIBRARY / "payments_sev1.yaml").read_text(encoding="utf-8")
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path / "payments_sev1.yaml"
    file.write_text(text, encoding="utf-8")
    before = Library.load(packaged_runbooks()).plan("payments_sev1")
    library = Library.load(packaged_runbooks())
    library.files = [load_runbook(file), *(entry for entry in library.files if entry.name != "payments_sev1")]
    return compare_plans(before, library.plan("payments_sev1"))


def said(comparison: Comparison) -> list[str]:
    return [f"{change.what}: {change.text}" for change in comparison.changes]


def test_the_same_plan_is_said_to_be_the_same(tmp_path: pathlib.Path) -> None:
    comparison = changed(tmp_path, ("apiVersion:", "# a remark\napiVersion:"))
    assert comparison.lines() == ["payments_sev1@3.2.0 -> payments_sev1@3.2.0: the same plan"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("timeout: 20m", "timeout: 25m", "changed wait: invoke_dr: timeout 20m -> 25m"),
        ("approvals: 2, veto", "approvals: 3, veto", "changed voters: emergency_change: voters.approvals 2 -> 3"),
        (
            "required: [person.chris]",
            "required: [person.dana]",
            'changed voters: invoke_dr: voters.required ["person.chris"] -> ["person.dana"]',
        ),
        ("every: 15m", "every: 10m", "changed wait: cadence technical_update: every 15m -> 10m"),
        (
            "ack_within: 10m",
            "ack_within: 3m",
            "changed wait: escalation payments_oncall: levels[3].ack_within 10m -> 3m",
        ),
        ("wait: { for: 15m }", "wait: { for: 1h }", "changed wait: observe: wait.for 15m -> 1h"),
        ("extend: 10m", "extend: 5m", "changed wait: emergency_change: on_timeout.extend 10m -> 5m"),
        (
            'question: "Do cards go through?"',
            'question: "Do they pay?"',
            "changed: verify_bypass: ask.question Do cards go through? -> Do they pay?",
        ),
        ("version: 3.2.0", "version: 3.2.1", "changed: metadata: version 3.2.0 -> 3.2.1"),
        ("fallback: role.deputy }", "}", "changed: role incident_commander: fallback role.deputy -> nothing"),
        (
            "{ id: slow_down, set_cadence: executive_update, every: 60m }",
            "{ id: slow_down, set_cadence: executive_update, every: 45m }",
            "changed wait: slow_down: every 1h -> 45m",
        ),
        ("event: severity.lowered", "event: severity.raised", "removed: handler of severity.lowered"),
        (
            "finally: [{ id: archive, do: bridge.close }]",
            "finally: [{ id: bye, log: bye }, { id: archive, do: bridge.close }]",
            "added: log bye (bye), in the very end",
        ),
        ("  - id: bridge\n", "  - id: war_room\n", "moved: open_bridge, from phase bridge to phase war_room"),
    ],
)
def test_a_change_is_told_in_words(tmp_path: pathlib.Path, old: str, new: str, words: str) -> None:
    assert words in said(changed(tmp_path, (old, new)))


def test_steps_in_another_order_are_told(tmp_path: pathlib.Path) -> None:
    lines = (LIBRARY / "payments_sev1.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    index = next(number for number, line in enumerate(lines) if "id: ticket" in line)
    comparison = changed(tmp_path, (lines[index] + lines[index + 1], lines[index + 1] + lines[index]))
    assert said(comparison) == ["moved: steps of phase declare, now in the order page_payments, first_notice, ticket"]


def test_what_stays_is_counted(tmp_path: pathlib.Path) -> None:
    comparison = changed(tmp_path, ("timeout: 20m", "timeout: 25m"))
    assert comparison.lines()[:2] == [
        "payments_sev1@3.2.0 -> payments_sev1@3.2.0: 1 change",
        "kept: 22 steps as they were",
    ]


def test_catalog_changes_count_too(tmp_path: pathlib.Path) -> None:
    library = Library.load(packaged_runbooks())
    before = library.plan("payments_sev1")
    catalog = library.catalog.model_copy(deep=True)
    catalog.groups["emergency_cab"] = ["sam", "kim"]
    catalog.people["dana"].delegate = None
    comparison = compare_plans(before, library.with_catalog(catalog).plan("payments_sev1"))
    assert [change.path for change in comparison.changes] == ["groups.emergency_cab", "people.dana.delegate"]
    assert comparison.changes[0].what == "changed voters"


def test_the_command_compares_names_and_files_and_prints_json(tmp_path: pathlib.Path) -> None:
    app = typer.Typer()
    app.add_typer(runbook_app, name="runbook")
    file = tmp_path / "mine.yaml"
    text = (LIBRARY / "payments_sev1.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("timeout: 20m", "timeout: 25m"), encoding="utf-8")

    def plan(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["runbook", "plan", *arguments, "--runbooks", str(packaged_runbooks())])
        return result.exit_code, result.stdout

    status, printed = plan("--diff", "payments_sev1@3.2.0", str(file))
    assert status == 0
    assert "changed wait: invoke_dr: timeout 20m -> 25m" in printed.splitlines()
    data = json.loads(plan("--diff", "payments_sev1", str(file), "--json")[1])
    assert (data["same"], [change["what"] for change in data["changes"]]) == (False, ["changed wait"])
    assert plan("--diff", "payments_sev1")[0] == 2
    assert plan("payments_sev1", str(file))[0] == 2
