"""`mayday oncall`: who is on call, now or on the days to come, and when nobody is.

Reads the schedules of the catalog folder itself, so that it answers while nothing else runs. Overrides made at run time
are asked of the starter; where one is known and does not answer, that is said. Schedules kept in another system are
asked there for who is on call; where it does not say, the catalog's fallback is shown, as it would be paged.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from mayday.cli.errors import CliError
from mayday.cli.oncall_elsewhere import Told, asked_elsewhere
from mayday.cli.remote import remote
from mayday.domain.durations import HintedError
from mayday.domain.on_duty import on_duty
from mayday.domain.oncall import (
    ExternalSchedule,
    LocalSchedule,
    Override,
    Schedule,
    gaps,
    on_call,
    shifts,
    with_overrides,
)
from mayday.domain.timeline import timestamp
from mayday.domain.wallclock import in_utc, parse_moment, zone
from mayday.language.documents import Document, load_document
from mayday.language.findings import nearest
from mayday.settings import SettingsError, load_settings

oncall_app = typer.Typer(no_args_is_help=True, help="Who is on call, and when nobody is.")

REFUSED, WRONG_USAGE = 1, 2
_SCHEDULE: TypeAdapter[LocalSchedule | ExternalSchedule] = TypeAdapter(Schedule)

At = Annotated[
    str | None, typer.Option(help="A moment: 2026-03-02T02:10Z or 2026-03-02, in UTC without an offset (default: now)")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Runbooks = Annotated[Path | None, typer.Option(help="Folder of runbooks and catalog. (default: MAYDAY_RUNBOOKS)")]


@dataclass(frozen=True)
class _Rosters:
    schedules: dict[str, LocalSchedule | ExternalSchedule]
    names: dict[str, str]

    def name_of(self, person: str | None) -> str:
        return "nobody" if person is None else self.names.get(person, person)


@oncall_app.command("show")
def show(
    schedule: Annotated[str | None, typer.Argument(help="One schedule only.")] = None,
    at: At = None,
    days: Annotated[int | None, typer.Option(min=1, max=366, help="List the shifts of that many days.")] = None,
    as_json: AsJson = False,
    runbooks: Runbooks = None,
) -> None:
    """Who is on call on each schedule, until when, and who is next; with --days the shifts to come."""
    moment = _moment(at)
    rosters = _as_it_is(_rosters(runbooks, schedule), runbooks)
    if days is None:
        _print_now(_rosters(runbooks, None), rosters, moment, as_json, runbooks)
    else:
        _print_shifts(rosters, moment, moment + timedelta(days=days), as_json)


@oncall_app.command("gaps")
def show_gaps(
    schedule: Annotated[str | None, typer.Argument(help="One schedule only.")] = None,
    at: At = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days to look ahead.")] = 28,
    as_json: AsJson = False,
    runbooks: Runbooks = None,
) -> None:
    """When nobody is on call. Leaves with status 1 when there is such a time."""
    begin = _moment(at)
    end = begin + timedelta(days=days)
    rosters = _as_it_is(_rosters(runbooks, schedule), runbooks)
    found = [
        (name, entry, gap)
        for name, entry in rosters.schedules.items()
        if isinstance(entry, LocalSchedule)
        for gap in gaps(entry, begin, end)
    ]
    if as_json:
        _print_json([{"schedule": name, **_times(gap.starts_at, gap.ends_at)} for name, _, gap in found])
    else:
        for name, entry, gap in found:
            _say(f"{name}: nobody from {_local(gap.starts_at, entry)} to {_local(gap.ends_at, entry)}")
        _say_elsewhere(rosters)
        if not found:
            _say(f"no gaps in {days} days")
    if found:
        raise typer.Exit(REFUSED)


def _print_now(every: _Rosters, rosters: _Rosters, at: datetime, as_json: bool, folder: Path | None) -> None:
    outside = {name: each for name, each in rosters.schedules.items() if isinstance(each, ExternalSchedule)}
    told = asyncio.run(asked_elsewhere(outside, at, folder)) if outside else {}
    rows = [
        _elsewhere(every, name, entry, told[name], at)
        if isinstance(entry, ExternalSchedule)
        else on_duty(name, entry, at)
        for name, entry in rosters.schedules.items()
    ]
    if as_json:
        _print_json(rows)
        return
    table = Table("schedule", "on call", "until", "next", "why", box=None)
    for row in rows:
        entry = rosters.schedules[row["schedule"]]
        following = row["next"]
        zoned = entry if isinstance(entry, LocalSchedule) else None
        table.add_row(
            row["schedule"],
            ", ".join(rosters.name_of(each) for each in row.get("people") or [row["person"]]),
            _local(datetime.fromisoformat(following["at"]), zoned) if following else "no change" if zoned else "",
            rosters.name_of(following["person"]) if following else "",
            row.get("note") or {"override": "override", None: "gap"}.get(row["source"]) or _reason(row),
        )
    _print_table(table)


def _reason(row: dict[str, Any]) -> str:
    return f"layer {row['layer']}" if "layer" in row else f"as {row['source']} says"


def _elsewhere(every: _Rosters, name: str, entry: ExternalSchedule, told: Told, at: datetime) -> dict[str, Any]:
    """As a page would find it: what the vendor says, else the fallback."""
    row: dict[str, Any] = {
        "schedule": name,
        "person": next(iter(told.people), None),
        "people": told.people,
        "source": entry.source,
        "fallback": entry.fallback,
        "next": {"person": told.next_person, "at": timestamp(told.next_at)} if told.next_at else None,
        "note": None,
    }
    if told.why_not is None:
        return row if told.people else {**row, "note": f"{entry.source} names nobody of the catalog"}
    kind, _, other = (entry.fallback or "").partition(".")
    behind = every.schedules.get(other) if kind == "schedule" else None
    if isinstance(behind, LocalSchedule):
        person = on_call(behind, at).person
        row |= {"person": person, "people": [person] if person else []}
    stands_in = f"{entry.fallback} stands in" if entry.fallback else "nobody stands in"
    return {**row, "note": f"{stands_in}: {told.why_not}"}


def _print_shifts(rosters: _Rosters, begin: datetime, end: datetime, as_json: bool) -> None:
    rows: list[tuple[str, LocalSchedule, datetime, datetime, str | None, str | None]] = []
    for name, entry in rosters.schedules.items():
        if isinstance(entry, LocalSchedule):
            held = [(each.starts_at, each.ends_at, each.person, each.source) for each in shifts(entry, begin, end)]
            empty = [(each.starts_at, each.ends_at, None, None) for each in gaps(entry, begin, end)]
            rows.extend((name, entry, *row) for row in sorted([*held, *empty], key=lambda row: row[0]))
    if as_json:
        _print_json(
            [
                {"schedule": name, "person": person, "source": source, **_times(starts_at, ends_at)}
                for name, _, starts_at, ends_at, person, source in rows
            ]
        )
        return
    table = Table("schedule", "from", "to", "on call", "why", box=None)
    for name, entry, starts_at, ends_at, person, source in rows:
        why = source or "gap"
        table.add_row(name, _local(starts_at, entry), _local(ends_at, entry), rosters.name_of(person), why)
    _print_table(table)
    _say_elsewhere(rosters)


def _rosters(folder: Path | None, wanted: str | None) -> _Rosters:
    """The schedules and names of the catalog folder; leaves with a message when they cannot be read."""
    try:
        catalog = load_settings(runbooks=folder).runbooks / "catalog"
    except SettingsError as refusal:
        _leave(WRONG_USAGE, str(refusal))
    found: dict[str, LocalSchedule | ExternalSchedule] = {}
    names: dict[str, str] = {}
    for path in sorted(catalog.glob("*.y*ml")):
        document = load_document(path.read_bytes(), str(path))
        if document.data is None:
            _leave(REFUSED, "\n".join(f"{finding}; {finding.hint}" for finding in document.findings))
        data = document.data if isinstance(document.data, dict) else {}
        for person, entry in _mapping(data.get("people")).items():
            names[person] = str(_mapping(entry).get("name", person))
        for name, entry in _mapping(data.get("schedules")).items():
            found[name] = _schedule(document, name, entry)
    if wanted is None:
        return _Rosters(found, names)
    name = wanted.removeprefix("schedule.")
    if name not in found:
        _leave(
            REFUSED, f"there is no schedule {name}; {nearest(name, found) or 'there are ' + ', '.join(sorted(found))}"
        )
    return _Rosters({name: found[name]}, names)


def _as_it_is(rosters: _Rosters, folder: Path | None) -> _Rosters:
    """With the overrides made at run time laid over; a folder named by hand is looked at as it is written."""
    if folder is not None:
        return rosters
    try:
        found = remote().get("/api/v1/oncall/overrides")["items"]
    except CliError as refusal:
        if refusal.status != WRONG_USAGE:  # none is known here, which is nothing to speak of
            typer.echo(f"overrides made at run time are not counted: {refusal.message}", err=True)
        return rosters
    for made in found:
        entry = rosters.schedules.get(made["schedule"])
        if isinstance(entry, LocalSchedule):
            override = Override.model_validate({"from": made["from_at"], "to": made["to_at"], "person": made["person"]})
            rosters.schedules[made["schedule"]] = with_overrides(entry, [override])
    return rosters


def _schedule(document: Document, name: str, entry: object) -> LocalSchedule | ExternalSchedule:
    try:
        return _SCHEDULE.validate_python(entry)
    except ValidationError as refusal:
        lines = []
        for error in refusal.errors():
            path = ("schedules", name, *error["loc"][1:])  # the first says which form of a schedule it is
            mark = document.mark(path)
            cause = error.get("ctx", {}).get("error")
            text = str(cause) if isinstance(cause, HintedError) else error["msg"]
            lines.append(f"{document.file}:{mark.line}:{mark.column}: {'.'.join(map(str, path))}: {text}")
        _leave(REFUSED, "\n".join(lines))


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = parse_moment(text)
    except HintedError as refusal:
        _leave(WRONG_USAGE, f"--at: {refusal}")
    return in_utc(moment) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _times(starts_at: datetime, ends_at: datetime) -> dict[str, str]:
    return {"starts_at": timestamp(starts_at), "ends_at": timestamp(ends_at)}


def _local(at: datetime, schedule: LocalSchedule | None) -> str:
    """On the wall of the schedule, with the zone, as the people on it read it; UTC where it is kept elsewhere."""
    return f"{at.astimezone(zone(schedule.tz) if schedule else UTC):%a %Y-%m-%d %H:%M %Z}"


def _say_elsewhere(rosters: _Rosters) -> None:
    for name, entry in rosters.schedules.items():
        if isinstance(entry, ExternalSchedule):
            _say(f"{name} is kept in {entry.source}")


def _print_table(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _say(text: str) -> None:
    typer.echo(text)


def _print_json(rows: list[dict[str, Any]]) -> None:
    json.dump({"items": rows, "next": None}, sys.stdout, indent=2)
    typer.echo()


def _leave(status: int, message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(status)
