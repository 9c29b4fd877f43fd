"""`mayday review at`, `lanes` and `scenario`: an incident at a moment, over time, and once more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.printing import AsJson, print_json, table

if TYPE_CHECKING:
    from mayday.archive.dossier import Dossier
    from mayday.archive.moments import Moment, Seen
    from mayday.archive.tape import Tape
    from mayday.domain.timeline import Entry

__all__ = ["at", "lanes", "scenario", "tapes"]

What = Annotated[str, typer.Argument(metavar="ID|FILE", help="The incident, or a file of `review export`.")]


def at(
    what: What,
    moment: Annotated[str, typer.Argument(metavar="MOMENT", help="14:32 (UTC), T+37m, '#12', or a whole time.")],
    as_json: AsJson = False,
) -> None:
    """What was known then: state, open questions, who was paged, last updates, vendors' clocks."""
    from mayday.archive.moments import seen
    from mayday.cli.review_archive import dossier
    from mayday.domain.timeline import parse_timestamp, stamped

    found = dossier(what)
    entries = found.timeline()
    asked = _moment(moment, entries)
    try:
        shown = seen(tapes(found), entries, asked)
    except ValueError as error:
        raise CliError(str(error)) from None
    if as_json:
        print_json(stamped(shown, by_alias=True))
    else:
        _print(shown)
        if asked.at > parse_timestamp(entries[-1].at):
            typer.echo(f"nothing was written after that: the last entry is of {entries[-1].at[:19]}Z")
    if shown.differs is not None:
        raise CliError(
            f"entry {shown.differs} of the timeline is not the one that the history makes",
            hint="mayday review verify and replay say more",
        )


def lanes(
    what: What,
    output: Annotated[Path, typer.Option("--output", "-o", help="The SVG file.")],
    since: Annotated[str | None, typer.Option("--from", help="Only from this moment on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only up to this moment.")] = None,
) -> None:
    """Draw the timeline as lanes: status, gates, updates, vendors, people. Marks name their entries."""
    from mayday.archive.moments import parse_begin
    from mayday.cli.review_archive import dossier
    from mayday.domain.report.drafting import naming_of
    from mayday.domain.report.lanes import lanes_of, night_of
    from mayday.domain.report.lanes_svg import drawn

    found = dossier(what)
    naming = naming_of(next(iter(found.plans().values()), {}))
    entries = [entry.named(naming) for entry in found.timeline()]
    if not entries:
        raise CliError("there is no timeline to draw")
    first, last = night_of(entries)
    try:
        begin = parse_begin(since, entries) if since else first
    except ValueError as error:
        raise CliError(str(error), status=WRONG_USAGE) from None
    end = _moment(until, entries).at if until else last
    title = f"{entries[0].data.get('title', '')}  {entries[0].data.get('severity', '')}  {found.incident_id}"
    try:
        output.write_text(drawn(lanes_of(entries), begin, end, title), encoding="utf-8")
    except ValueError as error:
        raise CliError(str(error), status=WRONG_USAGE) from None
    except OSError as error:
        raise CliError(f"{output}: {error.strerror}") from None
    typer.echo(f"{output}: {begin:%H:%M} to {end:%H:%M} UTC, {len(entries)} entries")


def scenario(
    what: What,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; else it is printed.")] = None,
    identified: Annotated[bool, typer.Option("--identified", help="With people's names and ids.")] = False,
) -> None:
    """Write a scenario that makes the same timeline on the virtual clock; status 1 when it does not."""
    from mayday.cli.review_archive import dossier

    found = dossier(what)
    from mayday.archive.reproduction import reproduced

    made = asyncio.run(reproduced(tapes(found), found.incident_id, identified=identified))
    text = made.text()
    if output is None:
        typer.echo(text, nl=False)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CliError(f"{output}: {error.strerror}") from None
        typer.echo(f"{output}: {len(made.entries)} entries; play it with: mayday runbook test {output}")
    for difference in [*made.differences, *made.misses]:
        typer.echo(f"differs: {difference}", err=True)
    if not made.faithful:
        raise typer.Exit(1)


def tapes(found: Dossier) -> list[Tape]:
    """The incident's runs, replayed; `CliError` where this code does not fit them."""
    from mayday.archive.collecting import tapes_of
    from mayday.archive.errors import ArchiveError
    from mayday.settings import load_settings

    try:
        made = asyncio.run(tapes_of(found, load_settings().codec_keys))
    except ArchiveError as error:
        raise CliError(str(error)) from None
    except Exception as error:  # noqa: BLE001 - whatever the replay says of a run of another version
        sentence = " ".join(str(error).split())[:200]
        raise CliError(
            f"a run does not replay with this code: {sentence}", hint="mayday review replay says where"
        ) from None
    if not made:
        raise CliError(f"no history of {found.incident_id} is archived", hint="mayday review archive ID makes one")
    return made


def _moment(text: str, entries: list[Entry]) -> Moment:
    from mayday.archive.moments import parse_moment

    try:
        return parse_moment(text, entries)
    except ValueError as error:
        raise CliError(str(error), status=WRONG_USAGE) from None


def _print(shown: Seen) -> None:
    typer.echo(f"{shown.incident_id} at {shown.at:%Y-%m-%d %H:%M:%S}Z, after entry {shown.entry}: {shown.last}")
    typer.echo(f"{shown.severity}  {shown.status}" + (f"  phase {shown.phase}" if shown.phase else ""))
    typer.echo("roles: " + (", ".join(f"{role} {person}" for role, person in shown.roles.items()) or "nobody"))
    rows = [
        [item.id, item.kind, ", ".join(item.for_), f"{item.due_at:%H:%M:%S}" if item.due_at else "", item.then]
        for item in shown.pending
    ]
    table(["pending", "kind", "for", "until", "then"], rows, "nothing was pending")
    calls = [
        [call.at[11:19], call.page, ", ".join(call.people), f"{call.answered_by} {(call.answered_at or '')[11:19]}"]
        if call.answered_by
        else [call.at[11:19], call.page, ", ".join(call.people), "no answer"]
        for call in shown.paged
    ]
    table(["paged at", "for", "people", "answered"], calls, "nobody had been paged")
    updates = [[each.at[11:19], each.audience, each.purpose, each.text[:80]] for each in shown.updates]
    table(["last update", "to", "", "text"], updates, "nothing had been sent")
    clocks = [
        [each.vendor, each.clock, each.state, f"{each.due_at:%H:%M:%S}" if each.due_at else "", _left(each.left_s)]
        for each in shown.vendors
    ]
    table(["vendor", "clock", "state", "until", "left"], clocks, "no vendor was engaged")


def _left(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else ''}{minutes // 60}h{minutes % 60:02}m"
