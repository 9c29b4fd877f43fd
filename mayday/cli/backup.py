"""`mayday backup` and `restore`: Temporal's file and the records of one machine, together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.printing import AsJson, print_json

__all__ = ["backup", "restore"]

Data = Annotated[Path | None, typer.Option(help="Data folder; that of `mayday up` by default.")]


def backup(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; by default named by the time.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Copy Temporal's file and the records, of the same moment, while everything goes on."""
    import sqlite3
    from importlib.metadata import version

    from mayday.archive.backup_file import back_up
    from mayday.archive.errors import ArchiveError

    folder, records = _places(data)
    now = datetime.now(UTC)
    target = output or Path(f"mayday-{now:%Y%m%d-%H%M%S}.backup.zip")
    if not records.exists():
        raise CliError(f"there are no records at {records}")
    try:
        made = back_up(folder, records, target, mayday=version("mayday"), made_at=now)
    except (ArchiveError, OSError, sqlite3.Error) as error:
        raise CliError(f"no backup was made: {error}") from None
    if as_json:
        from mayday.domain.timeline import stamped

        print_json({"file": str(target), **stamped(made)})
        return
    parts = ", ".join(f"{part.name} {part.size // 1024 + 1} KiB" for part in made.parts)
    typer.echo(f"{target}: {parts}. Not in it: your runbooks, MAYDAY_CODEC_KEYS and other secrets.")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file of `mayday backup`.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of what the data folder holds; mayday has to be stopped. What was there stays beside
    it."""
    from mayday.archive import backup_file
    from mayday.archive.errors import ArchiveError

    folder, records = _places(data)
    if not source.is_file():
        raise CliError(f"{source} does not exist", status=WRONG_USAGE)
    kept = "; what was there ends in .before-restore" if records.exists() else ""
    try:
        made = backup_file.restore(source, folder, records)
    except (ArchiveError, OSError) as error:
        raise CliError(f"nothing was restored: {error}") from None
    if as_json:
        from mayday.domain.timeline import stamped

        print_json({"data": str(folder), **stamped(made)})
        return
    typer.echo(f"{folder} is as it was at {made.made_at:%Y-%m-%d %H:%M:%S}Z{kept}")
    typer.echo("start it with: mayday up; open incidents go on, and what fell due meanwhile is done then")


def _places(data: Path | None) -> tuple[Path, Path]:
    """The data folder and the file of the records."""
    from mayday.records.store import database_url
    from mayday.settings import load_settings

    settings = load_settings(data=data)
    url = database_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise CliError(
            "the records are in PostgreSQL",
            hint="use pg_dump and pg_restore, see docs/operations.md",
            status=WRONG_USAGE,
        )
    return settings.data, Path(url.database)
