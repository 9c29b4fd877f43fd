"""Scenario files: found, read, played, and reported with file and line."""

from __future__ import annotations

import pathlib
import re
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from mayday.domain.timeline import Entry
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import yaml_files
from mayday.language.documents import Document, load_document
from mayday.language.library import Library, LibraryRefused, RunbookFile, UnknownRunbook, load_runbook
from mayday.language.plan import Plan
from mayday.language.runbook import all_steps
from mayday.language.scenario import Scenario
from mayday.language.shape import read_model
from mayday.simulator.coverage import Coverage
from mayday.simulator.runner import ATTEMPTS, Rehearsal, rehearse
from mayday.simulator.stage import Opener, Stranded, Wedged, open_virtually

_KIND = re.compile(rb"^kind:\s*['\"]?Scenario", re.MULTILINE)


class Failure(BaseModel):
    file: str
    line: int
    message: str


class ScenarioReport(BaseModel):
    """How one scenario file went: the shape of `runbook test --json`."""

    name: str
    file: str
    passed: bool
    failures: list[Failure] = []
    simulated_seconds: int = 0
    wall_seconds: float = 0.0
    timeline: list[dict[str, Any]] = []
    start: datetime | None = Field(default=None, exclude=True)
    entries: list[Entry] = Field(default=[], exclude=True)
    """For telling it as a story; `timeline` is what programs read."""


def find_scenarios(paths: Sequence[pathlib.Path]) -> list[pathlib.Path]:
    """The scenario files named, and all below the folders named, sorted.

    Raises:
        FileNotFoundError: one of `paths` does not exist.
    """
    found: list[pathlib.Path] = []
    for path in paths:
        if path.is_dir():
            found += [file for file in yaml_files(path) if _is_scenario(file)]
        elif path.exists():
            found.append(path)
        else:
            raise FileNotFoundError(str(path))
    return list(dict.fromkeys(found))


def _is_scenario(path: pathlib.Path) -> bool:
    """Also one that cannot be read or that is misspelt: a rehearsal that is passed over in silence is none."""
    text = path.read_bytes()
    data = load_document(text, str(path)).data
    if not isinstance(data, dict):
        return _KIND.search(text) is not None
    kind = data.get("kind")
    return kind == "Scenario" or (
        kind not in ("Runbook", "Catalog", "Template") and {"runbook", "given"} <= data.keys()
    )


class ScenarioFile:
    """A scenario with the runbook and the catalog that it is about. `failures` says why it cannot be played."""

    def __init__(self, path: pathlib.Path, library: Library) -> None:
        self.path = path
        self.failures: list[Failure] = []
        self.document: Document = load_document(path.read_bytes(), str(path))
        self.scenario = read_model(self.document, Scenario)
        self.failures += [
            Failure(file=finding.file, line=finding.line, message=finding.message)
            for finding in self.document.findings
            if finding.level == "error"
        ]
        self.catalog = library.catalog
        self.plan: Plan | None = None
        if self.scenario is not None and not self.failures:
            self.catalog = _overlaid(library.catalog, self.scenario.catalog)
            self.plan = self._plan(self.scenario, library)

    @property
    def name(self) -> str:
        return self.scenario.metadata.name if self.scenario else self.path.stem

    async def play(
        self, opener: Opener = open_virtually, *, attempts: int = ATTEMPTS
    ) -> tuple[ScenarioReport, Rehearsal | None]:
        """Play it and report. A scenario that cannot be read fails with what is wrong in it.

        `attempts`: see `rehearse`.
        """
        if self.scenario is None or self.plan is None:
            return ScenarioReport(name=self.name, file=str(self.path), passed=False, failures=self.failures), None
        begun = time.perf_counter()
        rehearsal = await rehearse(self.scenario, self.plan, self.catalog, opener=opener, attempts=attempts)
        failures = [
            Failure(file=str(self.path), line=self.document.mark(miss.place).line, message=miss.message)
            for miss in rehearsal.misses
        ]
        report = ScenarioReport(
            name=self.name,
            file=str(self.path),
            passed=not failures,
            failures=failures,
            simulated_seconds=rehearsal.simulated_seconds,
            wall_seconds=round(time.perf_counter() - begun, 4),
            timeline=[entry.public() for entry in rehearsal.timeline],
            start=self.scenario.given.start,
            entries=rehearsal.timeline,
        )
        return report, rehearsal

    def not_played(self, reason: Stranded | Wedged) -> ScenarioReport:
        """The report of a scenario that the engine did not bring to its end: a failure that says why."""
        what = "lost the incident, each time" if isinstance(reason, Stranded) else "does not go on"
        failure = Failure(file=str(self.path), line=1, message=f"the time-skipping server {what}: {reason}")
        return ScenarioReport(name=self.name, file=str(self.path), passed=False, failures=[failure])

    def _plan(self, scenario: Scenario, library: Library) -> Plan | None:
        service = scenario.given.incident.service if scenario.given.incident else None
        if scenario.recorded is not None:
            return Plan.model_validate(scenario.recorded.plan)
        try:
            return library.plan(_runbook_name(self.path, scenario.runbook, library), service=service)
        except (UnknownRunbook, LibraryRefused, OSError) as error:
            line = self.document.mark(("runbook",)).line
            self.failures.append(Failure(file=str(self.path), line=line, message=str(error)))
            return None


def _runbook_name(path: pathlib.Path, runbook: str, library: Library) -> str:
    """The name of the runbook that a scenario names: by its file, beside the scenario, or by its name."""
    if not runbook.endswith((".yaml", ".yml")):
        return runbook
    wanted = (path.parent / runbook).resolve()
    for entry in library.files:
        if pathlib.Path(entry.document.file).resolve() == wanted and entry.runbook is not None:
            return f"{entry.name}@{entry.version}"
    beside: RunbookFile = load_runbook(wanted)
    if beside.runbook is None:
        raise LibraryRefused(beside.findings)
    library.files.append(beside)
    _add_called(beside, library)
    return f"{beside.name}@{beside.version}"


def _add_called(caller: RunbookFile, library: Library) -> None:
    """Runbooks that it calls may lie beside it, `NAME.yaml` each."""
    runbook = caller.runbook
    lists = [*(phase.steps for phase in runbook.phases), runbook.finally_] if runbook else []
    for step in [step for steps in lists for step in all_steps(steps) if step.call]:
        file = pathlib.Path(caller.document.file).parent / f"{(step.call or '').partition('@')[0]}.yaml"
        if file.is_file() and all(pathlib.Path(entry.document.file).resolve() != file for entry in library.files):
            library.files.append(load_runbook(file))
            _add_called(library.files[-1], library)


def _overlaid(catalog: Catalog, own: dict[str, Any]) -> Catalog:
    """The catalog with a scenario's own entries laid over it, kind by kind."""
    if not own:
        return catalog
    data = catalog.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for kind, entries in own.items():
        current = data.get(kind)
        data[kind] = {**current, **entries} if isinstance(current, dict) and isinstance(entries, dict) else entries
    return Catalog.model_validate(data)


def coverage_of(played: Sequence[tuple[Plan, Sequence[Entry]]]) -> Coverage:
    coverage = Coverage()
    for plan, entries in played:
        coverage.add(plan, entries)
    return coverage
