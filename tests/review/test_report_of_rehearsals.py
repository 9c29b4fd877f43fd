"""Reports of the library's own nights: what the walker writes, the report reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from mayday.domain.report import Report, draft, render
from mayday.domain.timeline import Entry
from mayday.language.library import Library
from mayday.simulator.files import ScenarioFile

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load(RUNBOOKS)


async def report_of(library: Library, name: str) -> Report:
    played, _ = await ScenarioFile(RUNBOOKS / "scenarios" / name, library).play()
    assert played.passed, played.failures
    return draft([Entry.model_validate(entry) for entry in played.timeline], incident_id="INC-1")


async def test_the_example_of_the_language_reference(library: Library) -> None:
    report = await report_of(library, "payments_sev1.yaml")
    decided = {decision.id: decision.outcome for decision in report.decisions}
    assert decided == {"emergency_change": "rejected", "invoke_dr": "approved"}
    assert [(vote.person, vote.reason) for vote in report.decisions[0].votes] == [("sam", "no rollback plan")]
    (vendor,) = report.vendors
    assert [line.split()[2] for line in vendor.breaches] == ["response", "resolve"]
    assert {fact.name: fact.seconds for fact in report.clocks}["MTTR"] == (4 * 60 + 27) * 60
    assert report.broken_at is None
    text = render(report)
    assert "**rejected** at 2026-03-02 02:21:00 after 2 min 00 s: no rollback plan" in text
    assert "Ticket mi-" not in text


async def test_nobody_wakes_shows_the_minutes_without_a_commander(library: Library) -> None:
    report = await report_of(library, "stories/1_nobody_wakes.yaml")
    assert sum(span.seconds for span in report.leaderless) == 7 * 60
    assert "Nobody was in command" in render(report)


async def test_a_yes_by_phone_stands_with_its_witness(library: Library) -> None:
    report = await report_of(library, "stories/3_yes_by_phone.yaml")
    spoken = [vote for decision in report.decisions for vote in decision.votes if vote.heard_by]
    assert spoken
    assert all(vote.recorded_by for vote in spoken)


async def test_an_unapproved_emergency_is_called_one(library: Library) -> None:
    report = await report_of(library, "stories/3_no_on_paper.yaml")
    assert any("unapproved" in line for line in report.exceptions)


@pytest.mark.parametrize(
    "path", sorted((RUNBOOKS / "scenarios" / "stories").glob("*.yaml")), ids=lambda path: path.stem
)
async def test_every_story_can_be_reported(library: Library, path: Path) -> None:
    played, _ = await ScenarioFile(path, library).play()
    text = render(draft([Entry.model_validate(entry) for entry in played.timeline], incident_id="INC-1"))
    assert "Every entry follows from the one before it." in text
