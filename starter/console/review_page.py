"""The review's page: where it stands, what is owed by whom, the report, the follow-ups; live, like the room."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from markdown_it import MarkdownIt
from markupsafe import Markup

from mayday.domain.review import PEOPLE_SECTIONS
from starter import reviews
from starter.console.drill_banner import banner_of
from starter.console.live import pieces_of, streamed
from starter.console.names import Names
from starter.console.rights import Rights
from starter.console.sheets import part, sheet
from starter.console.visitor import Looking, PageRoute, Visitor
from starter.feed import feeds_of
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.report_desk import HTML, MARKDOWN, PDF, article_of, as_document, report_of
from starter.review_desk import board_of
from starter.review_feed import ReviewFeed, ReviewLook

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)

_MARKDOWN = MarkdownIt("js-default").disable(["image", "linkify"])
"""Without HTML of its own: whatever an alert or a vendor wrote stays text."""
TABLE = '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>'
"""One that is wider than the screen is moved by keyboard too."""
_MARKDOWN.add_render_rule("table_open", lambda *_: TABLE)
_MARKDOWN.add_render_rule("table_close", lambda *_: "</table></div>")
PIECES = ("head", "report", "write", "owed")
STATES = ("draft", "in_review", "reviewed", "closed")
FORWARD = {"in_review": "Put it in review", "reviewed": "It was reviewed", "closed": "Close it"}
FORMS = {"md": MARKDOWN, "html": HTML, "pdf": PDF}


@router.get("/reviews/{incident}", response_class=HTMLResponse)
async def page(incident: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """A review as it stands, with the buttons of those who may act; whether they may is the review's to say."""
    record = await parts.directory.find(incident)
    try:
        await board_of(parts, record)
    except Problem as problem:
        if problem.code != "no_review":
            raise
        return sheet(request, "review/none.html", record=record, drill=banner_of(record), reason=problem.hint)
    feed = _feed(parts, record.id)
    drill = banner_of(record)
    return sheet(request, "review/page.html", drill=drill, **_facts(parts, await feed.fresh(), visitor))


@router.get("/reviews/{incident}/stream")
async def stream(incident: str, request: Request, visitor: Looking, parts: Here) -> StreamingResponse:
    """The page's pieces as the review changes."""
    record = await parts.directory.find(incident)
    await board_of(parts, record)  # a stream of nothing would never say why
    feed = _feed(parts, record.id)
    events = pieces_of(parts, feed, visitor, lambda: _pieces(parts, feed, visitor))
    return streamed(request, parts, visitor, events)


@router.get("/reviews/{incident}/chain", response_class=HTMLResponse)
async def chain(incident: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """Whether the stored timeline is as it was written."""
    record = await parts.directory.find(incident)
    found = await reviews.verify(record.id, visitor.principal, parts)
    return sheet(request, "review/chain.html", record=record, drill=banner_of(record), found=found)


@router.get("/reviews/{incident}/report.{form}")
async def report(
    incident: str, form: str, visitor: Looking, parts: Here, version: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """The report to print and to pass on: `md`, `html` or `pdf`, of any version."""
    if form not in FORMS:
        raise Problem(404, "not_found", "a report can be had as md, html and pdf")
    record = await parts.directory.find(incident)
    written = await report_of(parts, record, await board_of(parts, record), version)
    return await as_document(parts, record, written, FORMS[form])


@router.get("/reviews/{incident}/article.md")
async def article(incident: str, visitor: Looking, parts: Here) -> Response:
    """A draft of a knowledge article, to check and to publish."""
    record = await parts.directory.find(incident)
    text = await article_of(parts, record, await board_of(parts, record))
    name = f"{record.id}-article.md"
    return PlainTextResponse(text, media_type=MARKDOWN, headers={"Content-Disposition": f'inline; filename="{name}"'})


def _feed(parts: Parts, incident: str) -> ReviewFeed:
    return feeds_of(parts).other(f"review/{incident}", lambda given: ReviewFeed(given, incident=incident))


def _pieces(parts: Parts, feed: ReviewFeed, visitor: Visitor) -> dict[str, str]:
    """Rendered once a version for everybody who sees the same; clocks are ticked by the browser."""
    look = feed.seen
    if look is None:
        return {}
    known: dict[str, str] | None = feed.rendered.get(visitor.key)
    if known is None:
        facts = _facts(parts, look, visitor) | {"now": look.board.resolved_at}
        known = feed.rendered[visitor.key] = {name: part(f"review/{name}.html", **facts) for name in PIECES}
    return known


def _facts(parts: Parts, look: ReviewLook, visitor: Visitor) -> dict[str, Any]:
    board = look.board
    names = Names(parts.playbooks.catalog)
    at = STATES.index(board.state)
    closed = board.state == "closed"
    rights = Rights.of(board.may, visitor, names, looking=board.viewers)
    return {
        "board": board,
        "names": names,
        "written": look.written,
        "report": Markup(_MARKDOWN.render(look.written.text)),
        "versions": [{"version": number, "drafted_at": drafted} for number, drafted in look.versions],
        "address": f"/reviews/{board.incident_id}/report",
        "states": STATES,
        "forward": FORWARD,
        "after": STATES[at + 1] if not closed and rights.may("set_state") else None,
        "before": STATES[at - 1] if at and not closed and rights.may("set_state") else None,
        "rights": rights,
        "acts": rights.acts,
        "writes": rights.acts and (board.writers is None or visitor.person is None or visitor.person in board.writers),
        "decides": rights.acts and visitor.person is not None,
        "person": visitor.person,
        "people": names.people,
        "sections": PEOPLE_SECTIONS,
        "offered": [ref.removeprefix("person.") for ref in board.offered_to],
    }
