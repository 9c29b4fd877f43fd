"""Stepping through an incident: one moment as people knew it, under the lanes of the whole night.

The moment comes from the address, so every look can be linked to, and the page works without its script: the slider is
a form's field, steps and zoom are its buttons. With the script the same pieces are fetched as the slider moves.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markupsafe import Markup

from mayday.archive.moments import Moment, Seen, parse_moment, seen
from mayday.domain.report.lanes import Lane, lanes_of, night_of
from mayday.domain.report.lanes_svg import GUTTER, MARGIN, WIDTH, drawn, embedded
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.records.incidents import IncidentRecord
from starter.archives import dossier_of, tapes_of_dossier
from starter.console.drill_banner import banner_of
from starter.console.names import Names
from starter.console.sheets import HEADERS, part, sheet
from starter.console.visitor import Looking, PageRoute
from starter.parts import Here, Parts
from starter.problems import Problem

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)

SHORTEST = 20
"""Seconds: nobody needs to see less at once."""
STOPS = (1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds between two stops of the slider: some 300 of them, whatever is shown."""
ZOOMS = ("in", "out", "all", "earlier", "later")


@dataclass(frozen=True)
class Asked:
    """What the address says: a moment in words, an entry, or seconds since the opening; and the part that is shown."""

    at: str = ""
    seq: int | None = None
    t: int | None = None
    since: int | None = None
    until: int | None = None
    zoom: str = ""
    #: the second that stays where it is while the lanes are zoomed; the moment moves to the middle without one
    about: int | None = None


async def _asked(
    at: Annotated[str, Query(max_length=60)] = "",
    seq: Annotated[int | None, Query(ge=1)] = None,
    t: Annotated[int | None, Query()] = None,
    since: Annotated[int | None, Query(alias="from")] = None,
    until: Annotated[int | None, Query(alias="to")] = None,
    zoom: Annotated[str, Query()] = "",
    about: Annotated[int | None, Query()] = None,
) -> Asked:
    return Asked(at.strip(), seq, t, since, until, zoom, about)


Asking = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True)
class View:
    """A moment, and the part of the night that is shown around it; seconds count from the opening."""

    opened_at: datetime
    whole: int
    moment: Moment
    begin: int
    end: int

    @property
    def t(self) -> int:
        return int((self.moment.at - self.opened_at).total_seconds())

    @property
    def step(self) -> int:
        return next((step for step in STOPS if (self.end - self.begin) / step <= 300), STOPS[-1])

    @property
    def zoomed(self) -> bool:
        return (self.begin, self.end) != (0, self.whole)

    def at(self, seconds: int) -> datetime:
        return self.opened_at + timedelta(seconds=seconds)


@router.get("/reviews/{incident}/time", response_class=HTMLResponse)
async def page(incident: str, request: Request, visitor: Looking, parts: Here, asked: Asking) -> Response:
    """The lanes, and beneath them the incident as of the moment. JSON with the same pieces for the script."""
    record = await parts.directory.find(incident)
    entries = await _entries(parts, record)
    view = _view(entries, asked)
    pieces = await _pieces(parts, record, entries, view)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(
            {"pieces": {name: str(html) for name, html in pieces.items()}, "t": view.t}, headers=HEADERS
        )
    return sheet(
        request, "review/time.html", record=record, drill=banner_of(record), pieces=pieces, view=view,
        **_slider(record, view), marks={"gutter": GUTTER, "width": WIDTH, "margin": MARGIN},
    )  # fmt: skip


@router.get("/reviews/{incident}/lanes.svg")
async def lanes(incident: str, visitor: Looking, parts: Here, asked: Asking) -> Response:
    """The lanes to print and to pass on: they stand alone."""
    record = await parts.directory.find(incident)
    entries = await _entries(parts, record)
    view = _view(entries, asked)
    title = f"{record.title}  {record.severity}  {record.id}"
    picture = drawn(_lanes(parts, entries), view.at(view.begin), view.at(view.end), title)
    name = f'attachment; filename="{record.id}-lanes.svg"'
    return Response(picture, media_type="image/svg+xml", headers={**HEADERS, "Content-Disposition": name})


async def _entries(parts: Parts, record: IncidentRecord) -> list[Entry]:
    """The stored timeline; of an incident whose run has not stored anything yet, what its archive would have."""
    entries = await parts.records.timeline.entries(record.id)
    if not entries:
        entries = (await dossier_of(parts, record)).timeline()
    if not entries:
        raise Problem(404, "not_archived", f"{record.id} has no timeline yet")
    return entries


def _view(entries: list[Entry], asked: Asked) -> View:
    opened_at, ended_at = night_of(entries)
    whole = max(int((ended_at - opened_at).total_seconds()), SHORTEST)
    begin = min(max(asked.since or 0, 0), whole - SHORTEST)
    end = max(min(asked.until if asked.until is not None else whole, whole), begin + SHORTEST)
    try:
        moment = _moment(entries, asked, opened_at, whole) if not asked.at else parse_moment(asked.at, entries)
    except ValueError as error:
        raise Problem(422, "invalid", str(error)) from None
    t = int((moment.at - opened_at).total_seconds())
    if asked.zoom in ZOOMS:
        t = min(max(t, 0), whole)
        if asked.about is not None and asked.zoom in ("in", "out"):
            begin, end = _zoomed_about(asked.zoom, begin, end, min(max(asked.about, begin), end), t, whole)
        else:
            begin, end = _zoomed(asked.zoom, begin, end, t, whole)
    elif not begin <= t <= end and 0 <= t <= whole:  # a step out of the part that is shown takes it along
        half = (end - begin) // 2
        begin = min(max(t - half, 0), whole - (end - begin))
        end = begin + 2 * half
    return View(opened_at, whole, moment, begin, end)


def _moment(entries: list[Entry], asked: Asked, opened_at: datetime, whole: int) -> Moment:
    if asked.seq is not None:
        return parse_moment(f"#{asked.seq}", entries)
    if asked.t is not None:
        return Moment(opened_at + timedelta(seconds=min(max(asked.t, 0), whole), milliseconds=999))
    asks = next((entry for entry in entries if entry.kind == "gate_opened"), None)
    return Moment(parse_timestamp(asks.at), asks.seq) if asks else Moment(opened_at + timedelta(seconds=whole // 2))


def _zoomed(how: str, begin: int, end: int, t: int, whole: int) -> tuple[int, int]:
    """The part that is shown after a button: half as long around the moment, twice as long, or moved by a half."""
    span = end - begin
    if how == "all":
        return 0, whole
    if how in ("in", "out"):
        span = max(min(span // 2 if how == "in" else span * 2, whole), SHORTEST)
        begin = t - span // 2
    else:
        begin += -span // 2 if how == "earlier" else span // 2
    begin = min(max(begin, 0), whole - span)
    return begin, begin + span


def _zoomed_about(how: str, begin: int, end: int, about: int, t: int, whole: int) -> tuple[int, int]:
    """What is under the pointer stays under it, as long as the moment stays on the lanes."""
    share = (about - begin) / (end - begin)
    span = max(min((end - begin) // 2 if how == "in" else (end - begin) * 2, whole), SHORTEST)
    begin = min(max(round(about - share * span), t - span), t)
    begin = min(max(begin, 0), whole - span)
    return begin, begin + span


def _lanes(parts: Parts, entries: list[Entry]) -> list[Lane]:
    """With people's and vendors' names."""
    names = Names(parts.playbooks.catalog)
    named = {"people": names.person, "vendors": names.vendor}
    return [
        lane._replace(name=named[lane.group](lane.name) if lane.group in named else lane.name)
        for lane in lanes_of(entries, names.entry)
    ]


async def _pieces(parts: Parts, record: IncidentRecord, entries: list[Entry], view: View) -> dict[str, Markup]:
    """The lanes, the moment, and the buttons that lead on from it."""
    made = _lanes(parts, entries)
    begin, end = view.at(view.begin), view.at(view.end)
    words = f"Lanes of {record.title} from {begin:%H:%M} to {end:%H:%M} UTC; the same stands in a table below"
    picture = embedded(made, begin, end, words, view.moment.at)
    then, problem = await _then(parts, record, view.moment)
    names = Names(parts.playbooks.catalog)
    facts: dict[str, Any] = {"then": then, "problem": problem, "names": names, "view": view, "record": record}
    last = max((entry for entry in entries if _known(entry, view.moment)), key=lambda entry: entry.seq, default=None)
    return {
        "lanes": Markup(picture),
        "then": Markup(part("review/then.html", **facts, last=last)),
        "steps": Markup(part("review/steps.html", **facts, **_steps(entries, last), **_slider(record, view))),
        "table": Markup(part("review/lanes_table.html", rows=_rows(made, begin, end))),
    }


async def _then(parts: Parts, record: IncidentRecord, moment: Moment) -> tuple[Seen | None, str]:
    """The incident as of the moment, or why it cannot be told; the lanes are shown all the same."""
    try:
        dossier = await dossier_of(parts, record)
        tapes = await tapes_of_dossier(parts, dossier, record.seq)
        return await asyncio.to_thread(seen, tapes, dossier.timeline(), moment), ""
    except Problem as problem:
        return None, f"{problem.detail}{f': {problem.hint}' if problem.hint else ''}"
    except ValueError as error:
        return None, str(error)


def _known(entry: Entry, moment: Moment) -> bool:
    return entry.seq <= moment.seq if moment.seq is not None else parse_timestamp(entry.at) <= moment.at


def _steps(entries: list[Entry], last: Entry | None) -> dict[str, int | None]:
    """The entries before and after the last one that is known."""
    seq = last.seq if last else 0
    return {
        "before": seq - 1 if seq > entries[0].seq else None,
        "after": seq + 1 if seq < entries[-1].seq else None,
    }


def _slider(record: IncidentRecord, view: View) -> dict[str, Any]:
    link = urlencode({"t": view.t, "from": view.begin, "to": view.end})
    download = urlencode({"from": view.begin, "to": view.end})
    return {
        "here": f"/reviews/{record.id}/time?{link}",
        "picture": f"/reviews/{record.id}/lanes.svg?{download}",
    }


def _rows(made: list[Lane], begin: datetime, end: datetime) -> list[dict[str, Any]]:
    """What is drawn, as a table: for whoever cannot see it, and to copy from."""
    rows: list[dict[str, Any]] = []
    for lane in made:
        where = {"lane": f"{lane.group}: {lane.name}"}
        for bar in lane.bars:
            if bar.since <= end and (bar.until is None or bar.until >= begin):
                rows.append({**where, "at": bar.since, "until": bar.until, "text": bar.title, "bar": True})
        for mark in lane.marks:
            if begin <= mark.at <= end:
                rows.append({**where, "at": mark.at, "until": None, "text": mark.title, "bar": False})
    return sorted(rows, key=lambda row: row["at"])
