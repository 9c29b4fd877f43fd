"""Trends: what got better over months, and what did not. Never a number of a person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markupsafe import Markup

from mayday.domain.ranks import SeverityName
from mayday.domain.report.charts_svg import Chart, amount, charts, counts, drawn, undrawn_groups
from mayday.domain.report.kpis import By, Kpis
from starter.console.sheets import HEADERS, sheet
from starter.console.visitor import Looking, PageRoute
from starter.parts import Here
from starter.problems import Problem
from starter.trends import Question, as_csv, summed_up

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)

SEVERITIES: tuple[str, ...] = get_args(SeverityName)
GROUPS: dict[By, str] = {"month": "by month", "service": "by service", "severity": "by severity"}
MONTHS = 12
"""Without dates so many are shown, this one included."""
SECTIONS = (
    ("How fast", ("MTTD", "Time to declare", "MTTA", "Time to first notice", "MTRS", "MTTR", "Leaderless",
                  "Decision latency")),
    ("What was promised", ("SLA kept", "OLA kept", "Updates on time", "Vendor breaches", "Actions on time")),
    ("Where they come from", ("Caused by change", "Reopened")),
    ("What it asks of people", ("Pages", "Pages at night")),
)  # fmt: skip


async def _asked(
    by: Annotated[str, Query()] = "month",
    since: Annotated[str, Query(alias="from")] = "",
    until: Annotated[str, Query(alias="to")] = "",
    service: Annotated[str, Query(max_length=200)] = "",
    severity: Annotated[str, Query()] = "",
) -> Question:
    """The form's fields; an empty one asks for all."""
    if by not in GROUPS or (severity and severity not in SEVERITIES):
        raise Problem(
            404, "not_found", f"trends go {', '.join(GROUPS.values())}, and severities are {', '.join(SEVERITIES)}"
        )
    grouped: By = "month" if by == "month" else "service" if by == "service" else "severity"
    return Question(grouped, _day(since), _day(until), service or None, severity or None)


Asked = Annotated[Question, Depends(_asked)]


@router.get("/trends", response_class=HTMLResponse)
async def page(request: Request, visitor: Looking, parts: Here, asked: Asked) -> HTMLResponse:
    """All numbers with their n, drawn, defined, and as a table."""
    asked = _with_a_year(asked, parts.clock().date())
    found = await summed_up(parts, asked)
    known = await parts.records.trends.find()
    severities = {facts.severity for facts in known}
    made = {chart.name: chart for chart in charts(found)}
    phases = [name for name in made if name.startswith("Phase ")]
    sections = [(title, [made[name] for name in names if name in made]) for title, names in SECTIONS]
    sections.append(("Time in each phase", [made[name] for name in phases]))
    return sheet(
        request,
        "trends.html",
        found=found,
        asked=asked,
        query=_query(asked),
        groups=GROUPS,
        severities=[name for name in SEVERITIES if name in severities],
        services=sorted({facts.service for facts in known if facts.service}),
        sections=[(title, [_shown(chart) for chart in drawings]) for title, drawings in sections if drawings],
        lists=_lists(found),
        table=_table(found),
        cut=undrawn_groups(found),
    )


@router.get("/trends.{form}")
async def download(form: str, request: Request, visitor: Looking, parts: Here, asked: Asked) -> Response:
    """The same numbers to take away: `csv`, `json`, or the charts as `svg`."""
    if form not in ("csv", "json", "svg"):
        raise Problem(404, "not_found", "trends can be had as csv, json and svg")
    found = await summed_up(parts, _with_a_year(asked, parts.clock().date()))
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="mayday-trends.{form}"'}
    if form == "csv":
        return Response(as_csv(found), media_type="text/csv; charset=utf-8", headers=headers)
    if form == "svg":
        return Response(drawn(found), media_type="image/svg+xml", headers=headers)
    return JSONResponse(found.model_dump(mode="json"), headers=headers)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Problem(404, "not_found", f"{text[:20]} is no day: write 2026-03-01") from None


def _with_a_year(asked: Question, today: date) -> Question:
    """Where no beginning is asked for: the last twelve months."""
    if asked.since is not None:
        return asked
    last = asked.until - timedelta(days=1) if asked.until else today
    months = last.year * 12 + last.month - MONTHS  # the month after the last one, a year before, counted from 0
    return asked._replace(since=date(months // 12, months % 12 + 1, 1))


def _query(asked: Question) -> str:
    given = {
        "by": asked.by,
        "from": asked.since,
        "to": asked.until,
        "service": asked.service,
        "severity": asked.severity,
    }
    return urlencode({name: str(value) for name, value in given.items() if value is not None})


def _shown(chart: Chart) -> dict[str, Any]:
    whole = chart.whole
    return {
        "name": chart.name.removeprefix("Phase ") if chart.name.startswith("Phase ") else chart.name,
        "value": amount(whole),
        "n": whole.n,
        "median": amount(whole.model_copy(update={"value": whole.median})) if whole.median is not None else None,
        "definition": whole.definition,
        "source": whole.source,
        "svg": Markup(chart.svg),
    }


def _lists(found: Kpis) -> list[tuple[str, str, Markup]]:
    """What came again, and pages per team."""
    kept = (
        ("Services that came again", "more than one incident of the same service", found.services),
        ("Causes that came again", "cause codes of closing forms", found.causes),
        (
            "Pages per team",
            "pages that left for a schedule; people who were named stand together",
            found.pages_per_team,
        ),
        ("Pages at night per team", "those that left between 22:00 and 06:00 UTC", found.pages_at_night_per_team),
    )
    return [(title, what, Markup(counts(items, title))) for title, what, items in kept if items]


def _table(found: Kpis) -> dict[str, Any]:
    """Everything that is drawn, in figures: a row a measure, a column a group."""
    groups = [*found.groups, found.total]
    cells = [{each.name: each for each in group.measures} for group in groups]
    names = [each.name for each in found.total.measures if each.n]
    rows = [(name, [(amount(of[name]), of[name].n) if name in of else ("-", 0) for of in cells]) for name in names]
    return {"heads": [(group.key, group.incidents) for group in groups], "rows": rows}
