"""`mayday review what-if`: the same night against a changed runbook."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.printing import AsJson, print_json, table

if TYPE_CHECKING:
    from mayday.archive.what_if import WhatIf
    from mayday.language.catalog import Catalog
    from mayday.language.plan import Plan

__all__ = ["what_if"]


def what_if(
    what: Annotated[str, typer.Argument(metavar="ID|FILE", help="The incident, or a file of `review export`.")],
    runbook: Annotated[Path | None, typer.Option(help="The changed runbook; by default the one it was run by.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="STEP.KEY=VALUE: another value in the runbook.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What the system would have done otherwise that night; people's recorded answers come when they gave them."""
    if runbook is None and not set_:
        raise CliError("say what is different", hint="--runbook FILE, or --set STEP.KEY=VALUE", status=WRONG_USAGE)
    from mayday.archive import what_if as comparing
    from mayday.cli.review_archive import dossier
    from mayday.cli.review_time import tapes

    found = dossier(what)
    taped = tapes(found)
    pinned = taped[0].begin().plan
    plan, catalog = _other(runbook, pinned, taped[0].start.service if taped[0].start else "")
    from pydantic import ValidationError

    try:
        plan = comparing.changed(plan, set_ or [])
    except ValidationError as error:
        said = [f"{each['loc'][-1] if each['loc'] else ''}: {each['msg']}" for each in error.errors()]
        words = "; ".join(dict.fromkeys(each.replace("Value error, ", "") for each in said))
        raise CliError(f"--set: the runbook does not hold with it: {words}", status=WRONG_USAGE) from None
    except ValueError as error:
        raise CliError(f"--set: {error}", status=WRONG_USAGE) from None
    made = asyncio.run(comparing.what_if(taped, plan, catalog))
    if as_json:
        print_json({**made.model_dump(mode="json"), "same": made.same})
    else:
        _print(made)


def _other(runbook: Path | None, pinned: Plan, service: str) -> tuple[Plan, Catalog]:
    """The plan of the changed runbook, and the catalog of today."""
    from mayday.language.library import Library, LibraryRefused, UnknownRunbook, load_runbook
    from mayday.settings import load_settings

    try:
        library = Library.load(load_settings().runbooks)
        if runbook is None:
            return pinned, library.catalog
        beside = load_runbook(runbook)
        if beside.runbook is None:
            raise CliError("\n".join(str(finding) for finding in beside.findings), status=WRONG_USAGE)
        name = f"{beside.name}@{beside.version}"
        library.files[:] = [each for each in library.files if f"{each.name}@{each.version}" != name] + [beside]
        return library.plan(name, service=service), library.catalog
    except OSError as error:
        raise CliError(f"{error.filename or runbook}: {error.strerror or error}", status=WRONG_USAGE) from None
    except (LibraryRefused, UnknownRunbook) as error:
        raise CliError(str(error), status=WRONG_USAGE) from None


def _print(made: WhatIf) -> None:
    if made.same:
        typer.echo("nothing would have come otherwise")
    for title, changes in (
        ("pages", made.pages), ("gates", made.gates), ("updates", made.updates), ("vendors", made.vendors),
        ("course", made.course),
    ):  # fmt: skip
        if changes:
            rows = [[each.what, each.before or "-", each.after or "-"] for each in changes]
            table([title, "that night", "with the change"], rows, "")
    for line in made.no_longer_fits:
        typer.echo(f"a recorded answer no longer fits: {line}")
    for line in made.unanswered:
        typer.echo(f"not known: {line}")
    typer.echo("People's answers are those of that night. How fast they would have been otherwise, nobody knows.")
