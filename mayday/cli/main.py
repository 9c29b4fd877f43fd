"""The `mayday` command."""

from __future__ import annotations

from typing import Annotated

import typer

from mayday.cli.leaving import leave
from mayday.cli.mounts import LazyGroup

__all__ = ["app", "run"]

app = typer.Typer(
    name="mayday",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Major incidents from the alert to the review. Times are UTC unless a zone stands beside them. "
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("mayday"))
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Major incidents from the alert to the review. Times are UTC unless a zone stands beside them. Exit status: 0
    done, 1 refused or failed, 2 wrong usage."""


def run() -> None:
    """The command as a process of its own."""
    try:
        app()
    except SystemExit as ended:
        leave(ended)
