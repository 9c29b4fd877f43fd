"""`mayday runbook`: check, read, pin and rehearse runbooks. Works on files alone, while nothing else runs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from mayday.cli.errors import FAILED
from mayday.cli.scenarios import rehearse
from mayday.cli.wrong_usage import files_are_readable, usage
from mayday.language.catalog_files import yaml_files
from mayday.language.comparison import compare_plans
from mayday.language.explanation import explain_runbook
from mayday.language.findings import Finding, has_errors, nearest
from mayday.language.library import Library, LibraryRefused, RunbookFile, UnknownRunbook, load_runbook
from mayday.language.linting import library_folder, lint
from mayday.language.picture import picture_of
from mayday.language.picture_mermaid import html_of, mermaid_of
from mayday.language.picture_svg import svg_of
from mayday.language.plan import Plan
from mayday.language.sarif import sarif_of
from mayday.language.schema import schema_of
from mayday.language.starting_point import copied_runbook, copied_scenario, new_runbook
from mayday.settings import SettingsError, load_settings, packaged_runbooks

runbook_app = typer.Typer(no_args_is_help=True, help="Check, read, pin and rehearse runbooks.")
runbook_app.command("test")(rehearse)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Runbooks = Annotated[Path | None, typer.Option(help="Folder of runbooks and catalog. (default: MAYDAY_RUNBOOKS)")]
Which = Annotated[str, typer.Argument(metavar="RUNBOOK", help="A file, or the name of a runbook, or name@version.")]


class Kind(StrEnum):
    """Kinds of files that have a schema."""

    runbook = "runbook"
    catalog = "catalog"
    scenario = "scenario"
    template = "template"


@runbook_app.command("lint")
def lint_command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders; all runbooks without any.")] = None,
    as_json: AsJson = False,
    as_sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0, for code hosts.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    runbooks: Runbooks = None,
) -> None:
    """Say what is wrong, with file, line and column. Leaves with status 1 when there is an error."""
    if as_json and as_sarif:
        usage("one of --json and --sarif")
    default = _folder(runbooks)
    with files_are_readable():
        for path in paths or []:
            if path.is_dir() and not yaml_files(path):
                usage(f"no .yaml file in {path}")
        findings = lint(paths or [default], default)
    if as_sarif:
        from importlib.metadata import version  # slow to load: only here

        _print_json(sarif_of(findings, Path.cwd(), version("mayday")))
    else:
        print_findings(findings, as_json)
    if has_errors(findings) or (strict and findings):
        raise typer.Exit(FAILED)


@runbook_app.command("explain")
def explain_command(
    which: Which,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it into this file; `-` prints it.")] = None,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print it as a Mermaid flowchart.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print one page: the picture, and the words.")] = False,
    runbooks: Runbooks = None,
    as_json: AsJson = False,
) -> None:
    """Tell a runbook in plain words: who is asked, how long it waits, what happens when nobody answers."""
    if sum((svg is not None, mermaid, html, as_json)) > 1:
        usage("one of --svg, --mermaid, --html and --json")
    library, entry = _find(which, runbooks)
    assert entry.runbook is not None
    lines = explain_runbook(entry.runbook, library.catalog)
    picture = picture_of(entry.runbook, library.catalog)
    if svg is not None and str(svg) != "-":
        _write(svg, svg_of(picture))
    elif svg is not None or mermaid or html:
        print(html_of(picture, lines) if html else mermaid_of(picture) if mermaid else svg_of(picture), end="")
    elif as_json:
        _print_json({"name": entry.name, "version": entry.version, "lines": lines})
    else:
        _print_lines(lines)


@runbook_app.command("plan")
def plan_command(
    which: Annotated[list[str], typer.Argument(metavar="RUNBOOK", help="A file, or a name, or name@version.")],
    diff: Annotated[bool, typer.Option("--diff", help="Say what the second of two changes about the first.")] = False,
    service: Annotated[str | None, typer.Option(help="The incident's service, for `service.owner`.")] = None,
    as_json: AsJson = False,
    runbooks: Runbooks = None,
) -> None:
    """Print the pinned plan with its digest, as it would stand in an incident's start input. Always JSON.

    With --diff and two runbooks: what the change means, in words.
    """
    if len(which) != (2 if diff else 1):
        usage("--diff takes two runbooks" if diff else "one runbook; two with --diff")
    plans = [_plan(one, service, runbooks) for one in which]
    if not diff:
        _print_json({"digest": plans[0].digest, **plans[0].canonical()})
        return
    comparison = compare_plans(*plans)
    if as_json:
        _print_json(comparison.as_json())
    else:
        _print_lines(comparison.lines())


@runbook_app.command("schema")
def schema_command(
    kind: Annotated[Kind, typer.Argument(help="Which kind of file.")] = Kind.runbook, as_json: AsJson = False
) -> None:
    """Print the JSON Schema for editors. Always JSON."""
    _print_json(schema_of(kind.value))


@runbook_app.command("new")
def new_command(
    name: Annotated[
        str | None, typer.Argument(help="Small letters, digits and _. A copy's is `our_` and the other's.")
    ] = None,
    source: Annotated[str | None, typer.Option("--from", help="A runbook of the library to copy.")] = None,
    owner: Annotated[str | None, typer.Option(help="The team that keeps it.")] = None,
    runbooks: Runbooks = None,
) -> None:
    """Write a runbook to start from into the library: a short one, or a copy with a scenario. Overwrites no file."""
    if name is None and source is not None:
        name = f"our_{source.partition('@')[0]}"
    if name is None:
        usage("a new runbook needs a name: mayday runbook new NAME, or --from RUNBOOK for a copy")
    if not name.isidentifier() or name != name.lower() or not name[0].isalpha():
        usage(f"{name} is no name: small letters, digits and _, beginning with a letter")
    folder = _folder(runbooks)
    if folder == packaged_runbooks() and folder.name != "runbooks":  # installed: an upgrade would take the file away
        usage(f"no folder of your own: cp -r {folder} runbooks, then MAYDAY_RUNBOOKS=runbooks or --runbooks runbooks")
    made = {folder / "library" / f"{name}.yaml": new_runbook(name, owner or "incident-management")}
    if source is not None:
        with files_are_readable():
            try:
                entry = Library.load(folder).file(source)
            except UnknownRunbook as unknown:
                usage(str(unknown))
            text = Path(entry.document.file).read_text(encoding="utf-8")
        made = {folder / "library" / f"{name}.yaml": copied_runbook(text, entry.name, name, owner)}
        rehearsal = _scenario_of(entry.name, folder)
        if rehearsal is not None:
            made[folder / "scenarios" / f"{name}.yaml"] = copied_scenario(rehearsal, entry.name, name)
    for path in made:
        if path.exists():
            usage(f"{path} exists")
    for path, text in made.items():
        if folder.is_dir() and os.access(folder, os.W_OK):
            path.parent.mkdir(exist_ok=True)
        _write(path, text)
    first, *more = made
    _print_lines([*(str(path) for path in made), f"next: mayday runbook lint {first}"])
    if more:
        _print_lines([f"then: mayday runbook test {more[0]}"])


def _scenario_of(name: str, folder: Path) -> str | None:
    """The first scenario of the folder that rehearses this runbook by its file."""
    from mayday.simulator.files import find_scenarios  # loads the walker: only here

    scenarios = folder / "scenarios"
    for path in find_scenarios([scenarios]) if scenarios.is_dir() else []:
        text = path.read_text(encoding="utf-8")
        if f"\nrunbook: ../library/{name}.yaml\n" in text:
            return text
    return None


def print_findings(findings: Sequence[Finding], as_json: bool) -> None:
    """`file:line:col: CODE message` and the hint below it, or `{"findings": [...]}`."""
    if as_json:
        _print_json({"findings": [finding.as_json() for finding in findings]})
        return
    console = Console(highlight=False)
    for finding in findings:
        style = "red" if finding.level == "error" else "yellow"
        mark = "" if finding.level == "error" else " (warning)"
        place = f"{finding.file}:{finding.line}:{finding.column}: "
        console.print(Text.assemble(place, (finding.code, style), f" {finding.message}{mark}"), soft_wrap=True)
        if finding.hint:
            console.print(Text(f"    {finding.hint}", style="dim"), soft_wrap=True)
    errors = sum(finding.level == "error" for finding in findings)
    warnings = len(findings) - errors
    said = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    console.print(Text(", ".join(said) or "no findings"))


def _folder(runbooks: Path | None) -> Path:
    try:
        folder = runbooks or load_settings().runbooks
    except SettingsError as error:
        usage(str(error))
    if not folder.is_dir():
        usage(f"no such folder: {folder}")
    return folder


def _find(which: str, runbooks: Path | None) -> tuple[Library, RunbookFile]:
    """A runbook by file or by name, with the library it belongs to; its errors are printed and end the command."""
    path = Path(which)
    with files_are_readable():
        if path.suffix in (".yaml", ".yml"):
            library = Library.load(runbooks or library_folder(path, _folder(runbooks)))
            entry = load_runbook(path)
            library.files = [
                entry,
                *(other for other in library.files if Path(other.document.file).resolve() != path.resolve()),
            ]
        else:
            library = Library.load(_folder(runbooks))
            try:
                entry = library.file(which)
            except UnknownRunbook as unknown:
                usage(str(unknown))
    findings = library.check(entry)
    if has_errors(findings):
        refused = LibraryRefused([finding for finding in findings if finding.level == "error"])
        Console(stderr=True, highlight=False).print(Text(str(refused)), soft_wrap=True)
        raise typer.Exit(FAILED)
    return library, entry


def _plan(which: str, service: str | None, runbooks: Path | None) -> Plan:
    library, entry = _find(which, runbooks)
    if service is not None and service not in library.catalog.services:
        usage(f"no service {service} in the catalog; {nearest(service, library.catalog.services)}".rstrip("; "))
    try:
        return library.plan(f"{entry.name}@{entry.version}", service=service)
    except LibraryRefused as refused:
        Console(stderr=True, highlight=False).print(Text(str(refused)), soft_wrap=True)
        raise typer.Exit(FAILED) from None


def _print_lines(lines: Sequence[str]) -> None:
    console = Console(highlight=False)
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def _print_json(data: dict[str, Any]) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        usage(f"cannot write {path}: {error.strerror}")
