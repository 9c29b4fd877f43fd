"""The same night against another plan: what the system would have done otherwise, and what nobody can know."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mayday.archive.collecting import tapes_of
from mayday.archive.export_file import write
from mayday.archive.scenarios import Happened, happened
from mayday.archive.tape import Tape
from mayday.archive.what_if import changed, what_if
from mayday.cli.main import app
from mayday.language.library import Library
from tests.archive.recorded import archived

CLI = CliRunner()
LIBRARY = Path(__file__).parents[2] / "runbooks" / "library"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SEV1 night, as a file."""
    path = tmp_path_factory.mktemp("night") / "night.mayday.zip"
    write(asyncio.run(archived("payments_sev1")), path)
    return str(path)


def asked(night: str, *arguments: str) -> dict[str, Any]:
    done = CLI.invoke(app, ["review", "what-if", night, *arguments, "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_same_runbook_changes_nothing(night: str) -> None:
    assert asked(night, "--set", "technical_update.every=15m")["same"]


def test_a_slower_cadence_moves_and_drops_updates_and_nothing_else(night: str) -> None:
    found = asked(night, "--set", "technical_update.every=30m")
    assert found["updates"][0] == {"what": "update to technical (1)", "before": "T+15m", "after": "T+30m"}
    assert found["updates"][-1]["after"] is None
    assert [found[key] for key in ("pages", "gates", "vendors", "no_longer_fits")] == [[], [], [], []]


def test_answers_that_come_too_late_for_the_other_plan_are_named(night: str) -> None:
    found = asked(night, "--set", "invoke_dr.timeout=6m")
    assert {"what": "invoke_dr: approved", "before": "T+31m", "after": None} in found["gates"]
    assert {"what": "invoke_dr: lapsed", "before": None, "after": "T+30m"} in found["gates"]
    assert {"what": "failover action started", "before": "T+31m", "after": None} in found["course"]
    assert found["no_longer_fits"][0].startswith("vote invoke_dr by chris was refused: closed")


def test_a_question_that_nobody_was_asked_that_night_stays_open(night: str, tmp_path: Path) -> None:
    text = (LIBRARY / "payments_sev1.yaml").read_text()
    added = (
        '      - { id: go_public, background: true, decide: "Tell them?", voters: { from: [person.ana] }, '
        "timeout: 10m, on_timeout: { then: lapsed }, "
        "outcomes: { approved: [{ id: told, log: told }], rejected: [] } }\n"
    )
    before = next(line for line in text.splitlines() if "id: page_payments" in line)
    (tmp_path / "new.yaml").write_text(text.replace(before, before + "\n" + added.rstrip()))
    found = asked(night, "--runbook", str(tmp_path / "new.yaml"))
    assert found["unanswered"] == ["go_public asks, and nobody's answer is recorded"]
    assert found["plan_before"] != found["plan_after"]


@pytest.mark.parametrize("setting", ["nothing.every=1m", "technical_update", "technical_update.every=fast"])
def test_what_cannot_be_set_is_wrong_usage(night: str, setting: str) -> None:
    assert CLI.invoke(app, ["review", "what-if", night, "--set", setting]).exit_code == 2


def test_a_value_that_does_not_fit_is_named_without_the_parsers_own_words(night: str) -> None:
    shown = CLI.invoke(app, ["review", "what-if", night, "--set", "technical_update.every=fast"])
    assert "every: 'fast' is not a duration" in shown.output
    assert "pydantic" not in shown.output


async def test_a_vote_that_nobody_could_answer_then_and_that_comes_too_late_now_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No worker was there: what refuses it stands on the timeline, not in an answer."""

    def away(tapes: Sequence[Tape], name: str) -> Happened:
        found = happened(tapes, name)
        night = found.scenario["timeline"]
        (vote,) = (item for item in night if "vote" in item and item["by"] == "kim")
        night.insert(night.index(vote), {"at": vote["at"], "outage": "2s"})
        return found

    monkeypatch.setattr("mayday.archive.what_if.happened", away)
    tapes = await tapes_of(await archived("demo_checkout"))
    plan = changed(tapes[0].begin().plan, ["emergency_change.voters.approvals=1"])
    found = await what_if(tapes, plan, Library.load(LIBRARY.parent).catalog)
    assert found.no_longer_fits == ["vote by kim was refused: closed, emergency_change is decided: approved"]


def test_it_says_that_it_knows_nothing_about_people(night: str) -> None:
    shown = CLI.invoke(app, ["review", "what-if", night, "--set", "technical_update.every=30m"])
    assert "nobody knows" in shown.output
    assert CLI.invoke(app, ["review", "what-if", night]).exit_code == 2


def test_a_runbook_that_is_not_there_is_named(night: str) -> None:
    shown = CLI.invoke(app, ["review", "what-if", night, "--runbook", "nowhere.yaml"])
    assert (shown.exit_code, shown.output.strip()) == (2, "nowhere.yaml: No such file or directory")
