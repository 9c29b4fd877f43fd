"""Who is on call: a week a row, gaps shown, and shifts that are taken or given away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from mayday.domain.oncall import ExternalSchedule, LocalSchedule, gaps, on_call, shifts
from starter.bodies import ScheduleOverrideBody
from starter.console.forms import body_of, plain, texts, typed
from starter.console.names import Names
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.routes import oncall

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)
WEEK = timedelta(days=7)


@router.get("/on-call", response_class=HTMLResponse)
async def page(
    request: Request, visitor: Looking, parts: Here, week: Annotated[date | None, Query()] = None
) -> HTMLResponse:
    """The week of a day, Monday to Sunday in UTC; this one by default."""
    now = parts.clock()
    day = week or now.date()
    begin = datetime.combine(day - timedelta(days=day.weekday()), time(), UTC)
    await parts.playbooks.read_overrides(min(begin, now))
    names = Names(parts.playbooks.catalog)
    rows = [_row(parts, name, begin, now, names) for name in sorted(parts.playbooks.catalog.schedules)]
    made = await parts.records.overrides.find(None, from_at=now)
    return sheet(
        request,
        "on_call.html",
        begin=begin,
        days=[begin + timedelta(days=number) for number in range(7)],
        before=(begin - WEEK).date(),
        after=(begin + WEEK).date(),
        rows=rows,
        overrides=made,
        own={one.id for one in made if visitor.acts and oncall.takes_back(visitor.principal, one)},
        names=names,
        people=names.people,
        schedules=[row["name"] for row in rows if not row["elsewhere"]],
    )


@router.post("/on-call/overrides")
async def take(request: Request, visitor: Looking, parts: Here) -> Response:
    """Put somebody on a schedule for a while; the rules are the API's."""
    _may(visitor.acts, visitor.name)
    form = await texts(request)
    given: dict[str, Any] = plain(form, "schedule", "person", "reason")
    for name in ("from_at", "to_at"):
        if form.get(name):
            given[name] = typed(name, "datetime", form[name])
    await oncall.override(body_of(ScheduleOverrideBody, given), visitor.principal, parts)
    return RedirectResponse("/on-call", 303)


@router.post("/on-call/overrides/{override_id}/remove")
async def give_back(override_id: str, visitor: Looking, parts: Here) -> Response:
    """Take an override back."""
    _may(visitor.acts, visitor.name)
    await oncall.remove(override_id, visitor.principal, parts)
    return RedirectResponse("/on-call", 303)


def _may(acts: bool, name: str) -> None:
    if not acts:
        raise Problem(403, "forbidden", f"{name} may only look (viewer)")


def _row(parts: Parts, name: str, begin: datetime, now: datetime, names: Names) -> dict[str, Any]:
    entry = parts.playbooks.catalog.schedules[name]
    roster = parts.playbooks.roster(name)
    if roster is None:
        elsewhere = entry.source if isinstance(entry, ExternalSchedule) else "elsewhere"
        return {"name": name, "elsewhere": elsewhere, "now": None, "until": None, "spans": [], "gap": False}
    holder = on_call(roster, now)
    return {
        "name": name,
        "elsewhere": None,
        "now": names.person(holder.person) if holder.person else None,
        "until": holder.until,
        "spans": _spans(roster, begin, names),
        "gap": bool(gaps(roster, begin, begin + WEEK)),
    }


def _spans(roster: LocalSchedule, begin: datetime, names: Names) -> list[dict[str, Any]]:
    """The week's shifts as thousandths of it; who follows oneself has one long one."""
    found: list[dict[str, Any]] = []
    for shift in shifts(roster, begin, begin + WEEK):
        start, end = max(shift.starts_at, begin), min(shift.ends_at, begin + WEEK)
        x, width = round((start - begin) / WEEK * 1000), max(round((end - start) / WEEK * 1000), 2)
        name, override = names.person(shift.person), shift.source == "override"
        last = found[-1] if found else None
        if last and last["person"] == name and last["override"] == override and abs(last["x"] + last["width"] - x) <= 1:
            last["width"], last["ends_at"] = x + width - last["x"], shift.ends_at
            continue
        found.append(
            {
                "person": name, "override": override, "x": x, "width": width, "starts_at": shift.starts_at,
                "ends_at": shift.ends_at,
            }
        )  # fmt: skip
    return found
