"""`mayday review verify`: the timeline's hash chain, checked on the machine of whoever asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.printing import AsJson, print_json
from mayday.cli.remote import Remote, remote


def verify(
    incident: Annotated[str | None, typer.Argument(metavar="[ID]", help="The incident.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="A timeline as `incident timeline --json` prints it, or an archive.")
    ] = None,
    head: Annotated[str | None, typer.Option(help="A hash that an entry must have: the ticket has it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check on this machine that the timeline is as it was written; names the first broken entry otherwise."""
    from mayday.domain.timeline import Entry, first_broken

    if (incident is None) == (file is None):
        raise CliError("give either an incident or --file", status=WRONG_USAGE)
    items = _read_timeline(file) if file is not None else _whole_timeline(remote(), str(incident))
    entries = [Entry.model_validate(item) for item in items]
    broken = first_broken(entries)
    last = entries[-1].hash if entries else None
    anchored = head is None or any(entry.hash == head for entry in entries)
    if as_json:
        print_json(
            {
                "intact": broken is None and anchored,
                "first_broken": broken,
                "entries": len(entries),
                "head": last,
                "anchored": None if head is None else anchored,
            }
        )
    elif broken is not None:
        where = next(entry for entry in entries if entry.seq == broken)
        typer.echo(f"entry {broken} ({where.at}, {where.kind}) does not follow from the one before it")
    elif not anchored:
        typer.echo(f"no entry has the hash {head}: entries are missing, or it is another timeline")
    else:
        typer.echo(f"intact: {len(entries)} entries, head {last}")
    if broken is not None or not anchored:
        raise typer.Exit(1)


def _whole_timeline(server: Remote, incident: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = server.get(f"/api/v1/incidents/{incident}/timeline", after=after)
        items += page["items"]
        after = page.get("next")
        if after is None:
            return items


def _read_timeline(file: Path) -> list[dict[str, Any]]:
    from mayday.archive.errors import ArchiveError
    from mayday.archive.export_file import SUFFIX, read

    try:
        if file.name.endswith(SUFFIX):
            return [entry.model_dump() for entry in read(file).timeline()]
        found = json.loads(file.read_text(encoding="utf-8"))
    except ArchiveError as error:
        raise CliError(str(error)) from None
    except UnicodeDecodeError:
        raise CliError(f"{file} is no timeline: it is no text", status=WRONG_USAGE) from None
    except (OSError, ValueError) as error:
        raise CliError(f"{file} cannot be read: {error}", status=WRONG_USAGE) from None
    items = found.get("items") if isinstance(found, dict) else found
    if not isinstance(items, list) or not all(isinstance(item, dict) and "hash" in item for item in items):
        hint = "mayday incident timeline ID --json writes one"
        raise CliError(f"{file} is no timeline", status=WRONG_USAGE, hint=hint)
    return items
