"""Every scenario of the repository, played on the virtual clock: the library's, the nights, one for each rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from mayday.language.library import Library
from mayday.simulator.files import ScenarioFile, find_scenarios

ROOT = Path(__file__).parents[2]
SCENARIOS = find_scenarios([ROOT / "runbooks" / "scenarios", ROOT / "tests" / "rules"])


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load(ROOT / "runbooks")


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: str(path.relative_to(ROOT)))
async def test_it_goes_as_the_scenario_says(path: Path, library: Library) -> None:
    report, _ = await ScenarioFile(path, library).play()
    assert not report.failures, "\n".join(f"{miss.file}:{miss.line}: {miss.message}" for miss in report.failures)


def test_the_library_passes_its_own_checks() -> None:
    library = Library.load(ROOT / "runbooks")
    problems = [finding for entry in library.files for finding in library.check(entry) if finding.level == "error"]
    assert not [*library.findings, *problems]


def test_there_is_a_scenario_for_most_rules() -> None:
    assert len([path for path in SCENARIOS if path.parent.name == "rules"]) >= 100
