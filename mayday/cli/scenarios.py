"""`mayday runbook test`: rehearse the response in virtual time, or on Temporal's time-skipping server."""

from __future__ import annotations

import asyncio
import json
import pathlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated, Any
from xml.etree import ElementTree

import typer
from rich.console import Console
from rich.text import Text

from mayday.language.library import Library, LibraryRefused
from mayday.settings import SettingsError, load_settings
from mayday.simulator.coverage import ASPECTS, Coverage, RunbookCoverage
from mayday.simulator.files import ScenarioFile, ScenarioReport, find_scenarios
from mayday.simulator.stage import Opener, open_virtually

FAILED, WRONG_USAGE = 1, 2


class Engine(StrEnum):
    """Where scenarios are played."""

    virtual = "virtual"
    temporal = "temporal"


def rehearse(
    paths: Annotated[list[pathlib.Path] | None, typer.Argument(help="Scenario files, or folders of them.")] = None,
    engine: Annotated[
        Engine, typer.Option(help="The virtual clock, or Temporal's time-skipping server.")
    ] = Engine.virtual,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    story: Annotated[bool, typer.Option("--story", help="Print each timeline.")] = False,
    min_coverage: Annotated[int, typer.Option(min=0, max=100, help="Fail below this percentage, for any runbook.")] = 0,
    junit: Annotated[pathlib.Path | None, typer.Option(help="Write a JUnit report to this file.")] = None,
    runbooks: Annotated[
        pathlib.Path | None, typer.Option(help="Folder of runbooks and catalog. (default: MAYDAY_RUNBOOKS)")
    ] = None,
) -> None:
    """Play scenarios and say what did not go as they expect. Without paths, all scenarios of the runbooks folder."""
    console, errors = Console(), Console(stderr=True)
    try:
        folder = runbooks or load_settings().runbooks
        files = find_scenarios(paths or [folder / "scenarios"])
    except (SettingsError, FileNotFoundError) as error:
        errors.print(Text(f"no such file or folder: {error}" if isinstance(error, FileNotFoundError) else str(error)))
        raise typer.Exit(WRONG_USAGE) from None
    if not files:
        errors.print(Text("no scenario found: a scenario is a .yaml file with `kind: Scenario`"))
        raise typer.Exit(WRONG_USAGE)
    try:
        library = Library.load(folder)
        reports, coverage = asyncio.run(_play(files, library, engine))
    except LibraryRefused as refused:
        errors.print(Text(str(refused)))
        raise typer.Exit(FAILED) from None
    if junit is not None:
        write_junit(reports, junit)
    if as_json:
        console.print_json(json.dumps(as_data(reports, coverage)))
    else:
        _print(console, reports, coverage, story=story)
    if coverage.percent < min_coverage:
        errors.print(Text(f"coverage is {coverage.percent} %, {min_coverage} % are asked for"))
        raise typer.Exit(FAILED)
    if not all(report.passed for report in reports):
        raise typer.Exit(FAILED)


async def _play(
    files: Sequence[pathlib.Path], library: Library, engine: Engine
) -> tuple[list[ScenarioReport], Coverage]:
    reports: list[ScenarioReport] = []
    coverage = Coverage()
    async with _openers(engine) as opener:
        for path in files:
            scenario = ScenarioFile(path, library)
            report, rehearsal = await scenario.play(opener)
            reports.append(report)
            if rehearsal is not None and scenario.plan is not None:
                coverage.add(scenario.plan, rehearsal.timeline)
    return reports, coverage


@asynccontextmanager
async def _openers(engine: Engine) -> AsyncIterator[Opener]:
    if engine is Engine.virtual:
        yield open_virtually
        return
    from mayday.simulator.on_temporal import time_skipping  # loads the server's client: not needed in virtual time

    async with time_skipping() as theatre:
        yield theatre.open


def as_data(reports: Sequence[ScenarioReport], coverage: Coverage) -> dict[str, Any]:
    """The shape of `--json`."""
    return {
        "scenarios": [report.model_dump(mode="json") for report in reports],
        "coverage": {name: table.model_dump(mode="json") for name, table in coverage.table().items()},
    }


def write_junit(reports: Sequence[ScenarioReport], path: pathlib.Path) -> None:
    """A JUnit file as CI servers read it: one case a scenario."""
    failed = sum(not report.passed for report in reports)
    suite = ElementTree.Element("testsuite", name="mayday", tests=str(len(reports)), failures=str(failed))
    for report in reports:
        case = ElementTree.SubElement(
            suite, "testcase", classname=report.file, name=report.name, time=f"{report.wall_seconds:.3f}"
        )
        for failure in report.failures:
            where = f"{failure.file}:{failure.line}"
            first = failure.message.partition("\n")[0]
            ElementTree.SubElement(case, "failure", message=f"{where}: {first}").text = f"{where}: {failure.message}"
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _print(console: Console, reports: Sequence[ScenarioReport], coverage: Coverage, *, story: bool) -> None:
    for report in reports:
        mark = "[green]passed[/green]" if report.passed else "[red]failed[/red]"
        console.print(
            f"{mark} ",
            Text(report.name),
            f" [dim]{_span(report.simulated_seconds)} in {report.wall_seconds * 1000:.0f} ms[/dim]",
            soft_wrap=True,
        )
        for failure in report.failures:
            console.print(Text(f"  {failure.file}:{failure.line}: {failure.message}"), soft_wrap=True)
        if story:
            for entry in report.timeline:
                console.print(Text(f"  {entry['at'][11:19]} {entry['actor']:<8} {entry['text']}"), soft_wrap=True)
    for name, table in coverage.table().items():
        console.print(Text(f"coverage of {name}: {table.percent} %{_missing(table)}"), soft_wrap=True)


def _missing(table: RunbookCoverage) -> str:
    parts = [
        f"{aspect} {', '.join(getattr(table, aspect).missing)}" for aspect in ASPECTS if getattr(table, aspect).missing
    ]
    return f", not reached: {'; '.join(parts)}" if parts else ""


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours}h{rest // 60:02d}m{rest % 60:02d}s" if hours else f"{rest // 60}m{rest % 60:02d}s"
