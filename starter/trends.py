"""Trends over HTTP: numbers with their n and their definitions, by month, service or severity."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from mayday.domain.report.kpis import By, Kpis, kpis
from starter.access import Reading
from starter.parts import Here, Parts

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", tags=["reviews"])

CSV = "text/csv"
KEPT = 16


@router.get("/reports/kpi", response_model=None)
async def trends(
    request: Request,
    principal: Reading,
    parts: Here,
    by: Annotated[By, Query(description="month, service, severity or all")] = "month",
    since: Annotated[date | None, Query(alias="from", description="opened on this day or later, UTC")] = None,
    until: Annotated[date | None, Query(alias="to", description="opened before this day, UTC")] = None,
) -> Response:
    """MTTD to pages at night, without drills. `Accept: text/csv` gives a row a number."""
    found = await _summed_up(parts, by, since, until)
    if CSV in request.headers.get("accept", ""):
        return PlainTextResponse(as_csv(found), media_type=CSV)
    return JSONResponse(found.model_dump(mode="json"))


async def _summed_up(parts: Parts, by: By, since: date | None, until: date | None) -> Kpis:
    """Ten thousand incidents take a second to sum up: kept until a fact changes."""
    await parts.records.trends.renew()
    key = (by, since, until, await parts.records.trends.version())
    if key not in parts.trends:
        facts = await parts.records.trends.find(_begin(since), _begin(until))
        parts.trends[key] = await asyncio.to_thread(kpis, facts, by)
        while len(parts.trends) > KEPT:
            del parts.trends[next(iter(parts.trends))]
    return parts.trends[key]


def as_csv(found: Kpis) -> str:
    """A row a group and measure."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["group", "incidents", "measure", "value", "unit", "n", "median", "definition", "source"])
    for group in [*found.groups, found.total]:
        for each in group.measures:
            value, middle = ("" if number is None else number for number in (each.value, each.median))
            row = [
                group.key,
                group.incidents,
                each.name,
                value,
                each.unit,
                each.n,
                middle,
                each.definition,
                each.source,
            ]
            writer.writerow(row)
    return out.getvalue()


def _begin(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
