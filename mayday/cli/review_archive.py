"""`mayday review archive` and `export`: an incident's archive, made now and taken away; and how commands get at one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mayday.cli.errors import CliError
from mayday.cli.printing import AsJson, print_json, table
from mayday.cli.remote import remote

if TYPE_CHECKING:
    from mayday.archive.dossier import Dossier

__all__ = ["archive", "dossier", "export"]

Id = Annotated[str, typer.Argument(metavar="ID", help="The incident: its id, or INC- and the last six characters.")]


def archive(incident: Id, as_json: AsJson = False) -> None:
    """Archive an incident now. A worker does it by itself when a run ends, and when a review closes."""
    found = remote().post(f"/api/v1/reviews/{incident}/archive")
    if as_json:
        print_json(found)
        return
    rows = [
        [
            part["kind"],
            part["name"][:36],
            str(part["count"] or ""),
            f"{part['size'] // 1024 + 1} KiB",
            part["digest"][:12],
        ]
        for part in found["parts"]
    ]
    table(["part", "name", "events", "size", "sha256"], rows, "nothing is archived")


def export(
    incident: Id,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; by default the id's.")] = None,
) -> None:
    """Take an archive away: a file that replays, moments, scenarios and what-ifs read without any server."""
    from mayday.archive.export_file import SUFFIX, unpacked, write

    content = remote().download(f"/api/v1/reviews/{incident}/archive")
    whole = unpacked(content, incident)
    path = output or Path(f"{whole.incident_id}{SUFFIX}")
    try:
        write(whole, path)
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}") from None
    typer.echo(f"{path}: {len(whole.manifest.parts)} parts, {path.stat().st_size // 1024 + 1} KiB")


def dossier(wanted: str) -> Dossier:
    """The archive in a file, or that of an incident. `CliError` when there is none, or it is damaged."""
    from mayday.archive.errors import ArchiveError
    from mayday.archive.export_file import read, unpacked

    path = Path(wanted)
    try:
        if path.is_file():
            return read(path)
        return unpacked(remote().download(f"/api/v1/reviews/{wanted}/archive"), wanted)
    except ArchiveError as error:
        raise CliError(str(error)) from None
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}") from None
