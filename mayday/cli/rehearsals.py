"""Playing scenarios for the command line, and printing how they went."""

from __future__ import annotations

import asyncio
import json
import pathlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from xml.etree import ElementTree

import typer
from rich.console import Console
from rich.text import Text

from mayday.cli.errors import FAILED
from mayday.cli.scenarios import Engine
from mayday.cli.wrong_usage import files_are_readable, usage
from mayday.language.library import Library
from mayday.language.linting import library_folder
from mayday.settings import SettingsError, load_settings
from mayday.simulator.coverage import ASPECTS, Coverage, RunbookCoverage
from mayday.simulator.files import ScenarioFile, ScenarioReport, find_scenarios
from mayday.simulator.stage import Opener, Stranded, Wedged, open_virtually
from mayday.simulator.story import Story

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def rehearse(
    paths: list[pathlib.Path] | None,
    engine: Engine,
    as_json: bool,
    story: bool,
    min_coverage: int,
    junit: pathlib.Path | None,
    runbooks: pathlib.Path | None,
) -> None:
    """The command's work; ends with `typer.Exit` where it failed."""
    console, errors = Console(), Console(stderr=True)
    try:
        folder = runbooks or load_settings().runbooks
    except SettingsError as error:
        usage(str(error))
    if junit is not None and not junit.parent.is_dir():
        usage(f"cannot write {junit}: there is no folder {junit.parent}")
    with files_are_readable():
        files = find_scenarios(paths or [folder / "scenarios"])
        if not files:
            usage("no scenario found: a scenario is a .yaml file with `kind: Scenario`")
        scenarios = _read(files, folder, only=runbooks is not None)
    reports, coverage = asyncio.run(_play(scenarios, engine))
    if junit is not None:
        try:
            write_junit(reports, junit)
        except OSError as error:
            usage(f"cannot write {junit}: {error.strerror}")
    if as_json:
        console.print_json(json.dumps(as_data(reports, coverage)))
    else:
        _print(console, reports, coverage, story=story)
    if coverage.percent < min_coverage:
        errors.print(Text(f"coverage is {coverage.percent} %, {min_coverage} % are asked for"))
        raise typer.Exit(FAILED)
    if not all(report.passed for report in reports):
        raise typer.Exit(FAILED)


def _read(files: Sequence[pathlib.Path], default: pathlib.Path, *, only: bool) -> list[ScenarioFile]:
    """Each scenario with the folder of runbooks that it stands in; with `default` where there is none, or `only` it."""
    libraries: dict[pathlib.Path, Library] = {}
    scenarios: list[ScenarioFile] = []
    for path in files:
        folder = (default if only else library_folder(path, default)).resolve()
        if folder not in libraries:
            libraries[folder] = Library.load(folder)
        scenarios.append(ScenarioFile(path, libraries[folder]))
    return scenarios


async def _play(scenarios: Sequence[ScenarioFile], engine: Engine) -> tuple[list[ScenarioReport], Coverage]:
    reports: list[ScenarioReport] = []
    coverage = Coverage()
    async with _openers(engine) as opener:
        for scenario in scenarios:
            try:
                report, rehearsal = await scenario.play(opener)
            except (Stranded, Wedged) as error:
                reports.append(scenario.not_played(error))
                break  # what is left would wait for the same server
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
    seconds = f"{sum(report.wall_seconds for report in reports):.3f}"
    suite = ElementTree.Element(
        "testsuite", name="mayday", tests=str(len(reports)), failures=str(failed), errors="0", time=seconds
    )
    for report in reports:
        case = ElementTree.SubElement(
            suite, "testcase", classname=report.file, name=_xml(report.name), time=f"{report.wall_seconds:.3f}"
        )
        for failure in report.failures:
            where = f"{failure.file}:{failure.line}"
            message = _xml(failure.message)
            first = message.partition("\n")[0]
            ElementTree.SubElement(case, "failure", message=f"{where}: {first}").text = f"{where}: {message}"
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _xml(text: str) -> str:
    """Text without the characters that no XML file may hold (https://www.w3.org/TR/xml/#charsets)."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


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
            message = hanging(failure.message, "    ")
            console.print(Text(f"  {failure.file}:{failure.line}: {message}"), soft_wrap=True)
        if story and report.start is not None:
            for line in Story(report.start).lines(report.entries):
                console.print(Text(f"  {line}"), soft_wrap=True)
    for name, table in coverage.table().items():
        console.print(Text(f"coverage of {name}: {table.percent} %{_missing(table)}"), soft_wrap=True)


def hanging(text: str, indent: str) -> str:
    """A text of several lines, each but the first indented."""
    return text.rstrip("\n").replace("\n", f"\n{indent}")


def _missing(table: RunbookCoverage) -> str:
    parts = [
        f"{aspect} {', '.join(getattr(table, aspect).missing)}" for aspect in ASPECTS if getattr(table, aspect).missing
    ]
    return f", not reached: {'; '.join(parts)}" if parts else ""


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours}h{rest // 60:02d}m{rest % 60:02d}s" if hours else f"{rest // 60}m{rest % 60:02d}s"
