"""The review's page: where it stands, what is owed by whom, the report, the follow-ups."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt
from markupsafe import Markup

from mayday.domain.report import draft, render
from mayday.domain.review import PEOPLE_SECTIONS
from starter.console.names import Names
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute
from starter.parts import Here
from starter.problems import Problem
from starter.review_desk import board_of

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)

_MARKDOWN = MarkdownIt("js-default").disable(["image", "linkify"])
"""Without HTML of its own: whatever an alert or a vendor wrote stays text."""


@router.get("/reviews/{incident}", response_class=HTMLResponse)
async def page(incident: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """A review as it stands, with the buttons of those who may act; whether they may is the review's to say."""
    record = await parts.directory.find(incident)
    names = Names(parts.playbooks.catalog)
    try:
        board = await board_of(parts, record)
    except Problem as problem:
        if problem.code != "no_review":
            raise
        return sheet(request, "review/none.html", record=record, reason=problem.hint)
    stored = await parts.records.reviews.report(record.id, None)
    if stored is None:
        entries = await parts.records.timeline.entries(record.id)
        text = render(draft(entries, incident_id=record.id, review=board))
    else:
        text = stored.text
    return sheet(
        request,
        "review/page.html",
        board=board,
        names=names,
        report=Markup(_MARKDOWN.render(text)),
        version=stored.version if stored else 0,
        record=record,
        acts=visitor.acts,
        people=names.people,
        sections=PEOPLE_SECTIONS,
        offered=[ref.removeprefix("person.") for ref in board.offered_to],
    )
