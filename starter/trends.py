"""Trends over HTTP: numbers with their n and their definitions, by month, service or severity."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, date, datetime
from typing import Annotated, NamedTuple

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from mayday.domain.ranks import SeverityName
from mayday.domain.report.kpis import By, Figures, Kpis, kpis
from mayday.records.errors import RecordsUnavailable
from starter.access import Reading
from starter.asked import AskedRoute
from starter.parts import Here, Parts
from starter.problems import Problem

__all__ = ["Question", "as_csv", "read_ahead", "router", "summed_up"]

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/api/v1", tags=["reviews"], route_class=AskedRoute)

CSV = "text/csv"
KEPT = 16


class Question(NamedTuple):
    """Which incidents, and how they are grouped."""

    by: By = "month"
    since: date | None = None
    until: date | None = None
    service: str | None = None
    severity: str | None = None

    def takes(self, facts: Figures) -> bool:
        return (self.service is None or facts.service == self.service) and (
            self.severity is None or facts.severity == self.severity
        )


async def _asked(
    by: Annotated[By, Query(description="month, service, severity or all")] = "month",
    since: Annotated[date | None, Query(alias="from", description="opened on this day or later, UTC")] = None,
    until: Annotated[date | None, Query(alias="to", description="opened before this day, UTC")] = None,
    service: Annotated[str | None, Query(description="only incidents of this service", max_length=200)] = None,
    severity: Annotated[SeverityName | None, Query(description="only incidents that ended with this one")] = None,
) -> Question:
    if since is not None and until is not None and until <= since:
        raise Problem(422, "invalid", f"to: {until} is not after from, {since}")
    return Question(by, since, until, service, severity)


Asked = Annotated[Question, Depends(_asked)]


@router.get("/reports/kpi", response_model=None)
async def trends(request: Request, principal: Reading, parts: Here, asked: Asked) -> Response:
    """MTTD to pages at night, without drills. `Accept: text/csv` gives a row a number."""
    found = await summed_up(parts, asked)
    if CSV in request.headers.get("accept", ""):
        return PlainTextResponse(as_csv(found), media_type=CSV)
    return JSONResponse(found.model_dump(mode="json"))


async def summed_up(parts: Parts, asked: Question) -> Kpis:
    """The trends that are asked for. Kept until a fact changes: a page, its charts and its files ask the same."""
    await parts.records.trends.renew()
    key = (asked, await parts.records.trends.version())
    if key not in parts.trends:
        facts = await parts.records.trends.find(_begin(asked.since), _begin(asked.until))
        wanted = [each for each in facts if asked.takes(each)]
        parts.trends[key] = await asyncio.to_thread(kpis, wanted, asked.by)
        while len(parts.trends) > KEPT:
            del parts.trends[next(iter(parts.trends))]
    return parts.trends[key]


async def read_ahead(parts: Parts) -> None:
    """Read what the sums are made from, before somebody asks: the first look at trends is then like every other."""
    try:
        await parts.records.trends.find()
    except RecordsUnavailable as error:
        log.warning("trends_not_read_ahead", reason=str(error))


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
