"""The report of a review in every form that it is read in: Markdown, a page that stands alone, paper."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import NamedTuple

from fastapi.responses import PlainTextResponse, Response

from mayday.archive.printing import NotPrinted, as_html, as_pdf
from mayday.domain.report import Report, draft, render
from mayday.domain.report.article import article
from mayday.domain.report.lanes import lanes_of, night_of
from mayday.domain.report.lanes_svg import drawn
from mayday.domain.review import ReviewBoard
from mayday.records.incidents import IncidentRecord
from starter.parts import Parts
from starter.problems import Problem

__all__ = ["HTML", "MARKDOWN", "PDF", "Written", "article_of", "as_document", "report_of"]

MARKDOWN, HTML, PDF = "text/markdown", "text/html", "application/pdf"
ENDINGS = {MARKDOWN: "md", HTML: "html", PDF: "pdf"}
ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""For a page that has its own style and nothing else: no script, no address, no form."""
_PRESS = asyncio.Semaphore(1)
"""A browser that prints takes a core and some hundred megabytes: one at a time."""


class Written(NamedTuple):
    """A version of the report as Markdown; version 0 is made from what is known, before the first draft."""

    text: str
    version: int
    drafted_at: datetime


async def report_of(parts: Parts, record: IncidentRecord, board: ReviewBoard, version: int | None) -> Written:
    """A version, the newest by default; a 404 `Problem` for one that there is not."""
    stored = await parts.records.reviews.report(record.id, version)
    if stored is not None:
        return Written(stored.text, stored.version, stored.drafted_at)
    if version is not None:
        raise Problem(404, "unknown_version", f"the report of {record.id} has no version {version}")
    return Written(render(await _drafted(parts, record, board)), 0, parts.clock())


async def article_of(parts: Parts, record: IncidentRecord, board: ReviewBoard) -> str:
    """The draft of a knowledge article, from what is known by now, as Markdown."""
    return article(await _drafted(parts, record, board))


async def _drafted(parts: Parts, record: IncidentRecord, board: ReviewBoard) -> Report:
    entries = await parts.records.timeline.entries(record.id)
    digest = entries[0].data.get("plan") if entries else None
    plan = await parts.records.plans.get(str(digest)) if digest else None
    return draft(entries, incident_id=record.id, review=board, plan=plan)


async def as_document(parts: Parts, record: IncidentRecord, written: Written, form: str) -> Response:
    """The report as `MARKDOWN`, `HTML` or `PDF`. A page and a paper have the lanes of the night in them.

    A 503 `Problem` where no browser is installed that prints.
    """
    if form == MARKDOWN:
        return PlainTextResponse(written.text, media_type=MARKDOWN)
    name = f"{'DRILL: ' if record.drill else ''}Report of {record.severity} {record.title}"
    mark = f"{record.id}, {f'version {written.version}' if written.version else 'before its first version'}"
    page = await asyncio.to_thread(as_html, written.text, name, await _lanes(parts, record), mark=mark)
    headers = {"Content-Disposition": f'inline; filename="{record.id}-report.{ENDINGS[form]}"'}
    if form == HTML:
        return Response(page, media_type=HTML, headers={**headers, "Content-Security-Policy": ALONE})
    try:
        async with _PRESS:
            paper = await asyncio.to_thread(as_pdf, page)
    except NotPrinted as error:
        raise Problem(503, "not_printed", str(error), hint=error.hint or "print the page yourself") from None
    return Response(paper, media_type=PDF, headers=headers)


async def _lanes(parts: Parts, record: IncidentRecord) -> str:
    entries = await parts.records.timeline.entries(record.id)
    if not entries:
        return ""
    begin, until = night_of(entries)
    naming = parts.naming
    return drawn(lanes_of([entry.named(naming) for entry in entries]), begin, until, record.title)
