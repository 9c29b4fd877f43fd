"""`mayday runbook test`: rehearse the response in virtual time, or on Temporal's time-skipping server."""

from __future__ import annotations

import pathlib
from enum import StrEnum
from typing import Annotated

import typer


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
    # walker and simulator are loaded only here: `runbook lint` hangs under the same command and needs neither
    from mayday.cli import rehearsals

    rehearsals.rehearse(paths, engine, as_json, story, min_coverage, junit, runbooks)
