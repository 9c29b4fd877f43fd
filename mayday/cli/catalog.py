"""`mayday catalog`: check the files that say who, what and whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mayday.cli.errors import FAILED
from mayday.cli.runbook import print_findings
from mayday.cli.wrong_usage import files_are_readable, usage
from mayday.language.findings import has_errors
from mayday.language.library import Library
from mayday.settings import SettingsError, load_settings

catalog_app = typer.Typer(no_args_is_help=True, help="People, schedules, services, vendors, audiences and routes.")


@catalog_app.callback()
def main() -> None:
    """People, schedules, services, vendors, audiences and routes."""


@catalog_app.command("check")
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of runbooks and catalog. (default: MAYDAY_RUNBOOKS)")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> None:
    """Say what is wrong in the catalog, with file, line and column. Leaves with status 1 when there is an error."""
    try:
        place = folder or load_settings().runbooks
    except SettingsError as error:
        usage(str(error))
    if not place.is_dir():
        usage(f"no such folder: {place}")
    if place.name == "catalog" and not (place / "catalog").is_dir():
        place = place.parent
    with files_are_readable():
        findings = Library.load(place).catalog_findings
    print_findings(findings, as_json)
    if has_errors(findings) or (strict and findings):
        raise typer.Exit(FAILED)
