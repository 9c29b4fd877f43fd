"""The library is rehearsed whole: every phase, outcome, timeout, handler and branch of every runbook."""

from __future__ import annotations

import pathlib

from mayday.language.library import Library
from mayday.settings import packaged_runbooks
from mayday.simulator.coverage import Coverage, places_of
from mayday.simulator.files import ScenarioFile, find_scenarios


async def test_nothing_of_the_library_is_left_out() -> None:
    library = Library.load(packaged_runbooks())
    coverage = Coverage()
    for path in find_scenarios([packaged_runbooks() / "scenarios"]):
        scenario = ScenarioFile(path, library)
        report, rehearsal = await scenario.play()
        assert report.passed, report.failures
        assert rehearsal is not None
        assert scenario.plan is not None
        coverage.add(scenario.plan, rehearsal.timeline)
    table = coverage.table()
    assert {name.partition("@")[0] for name in library.names} <= set(table)
    missing = {
        (name, aspect): places.missing
        for name, reached in table.items()
        for aspect, places in reached
        if aspect != "percent" and places.missing
    }
    assert missing == {}


def test_branches_are_places_but_not_those_that_only_wait() -> None:
    library = Library.load(packaged_runbooks())
    assert places_of(library.runbook("payments_sev1"))["branches"] == ["outcome.when[1]", "outcome.else"]
    assert "make_it.else" not in places_of(library.runbook("major_incident"))["branches"]


async def test_a_branch_that_no_night_took_is_missing() -> None:
    library = Library.load(packaged_runbooks())
    scenario = ScenarioFile(pathlib.Path(packaged_runbooks()) / "scenarios/third_party_outage.yaml", library)
    _, rehearsal = await scenario.play()
    assert rehearsal is not None
    assert scenario.plan is not None
    coverage = Coverage()
    coverage.add(scenario.plan, rehearsal.timeline)
    assert "whose.when[1]" in coverage.of("third_party_outage").branches.missing
    assert "whose.when[2]" not in coverage.of("third_party_outage").branches.missing
