"""Words that go out: written here, previewed as they will leave, then sent; and the correction of what was sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from mayday.domain.incident import Board
from mayday.domain.outgoing import leaves
from mayday.language.catalog import Audience
from mayday.records.incidents import IncidentRecord
from starter.console.drill_banner import banner_of
from starter.console.forms import texts
from starter.console.names import Names
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute, Visitor
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.routes.incidents import live_board

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)


@router.get("/incidents/{incident}/words", response_class=HTMLResponse)
async def write(
    incident: str,
    request: Request,
    visitor: Looking,
    parts: Here,
    audience: Annotated[str, Query(max_length=200)] = "",
    correct: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    """An update to an audience, or the correction of a message."""
    return await _page(request, visitor, parts, incident, audience, correct, None)


@router.post("/incidents/{incident}/words", response_class=HTMLResponse)
async def preview(incident: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """What it will look like. Nothing leaves from here: the preview has the button that sends."""
    form = await texts(request)
    number = form.get("correct", "")
    correct = int(number) if number.isdecimal() and len(number) < 10 else None
    return await _page(
        request, visitor, parts, incident, form.get("audience", ""), correct, form.get("text", "").strip()
    )


async def _page(
    request: Request,
    visitor: Visitor,
    parts: Parts,
    incident: str,
    audience: str,
    correct: int | None,
    text: str | None,
) -> HTMLResponse:
    if not visitor.acts:
        raise Problem(403, "forbidden", f"{visitor.name} may only look (viewer)")
    record = await parts.directory.find(incident)
    board = await live_board(parts, record) or record.board
    sent: list[dict[str, Any]] = list(reversed(board.sent)) if board else []
    wrong = next((message for message in sent if message.get("n") == correct), None)
    if correct is not None and wrong is None:
        raise Problem(404, "not_found", f"there is no message {correct} that could still be corrected here")
    audiences = await _audiences(parts, record)
    chosen = str(wrong["audience"]) if wrong else audience if audience in audiences else next(iter(audiences), "")
    known = audiences.get(chosen)
    names = Names(parts.playbooks.catalog)
    outward = known is not None and (known.review == "required" or known.visibility == "public")
    subject = _subject(record, board, wrong is not None)
    via = list((wrong or {}).get("via") or (known.via if known else []))
    left = {str(message.get("audience")) for message in sent if message.get("delivered")}
    return sheet(
        request,
        "words.html",
        incident=record,
        drill=banner_of(record, board),
        board=board,
        audiences=list(audiences),
        chosen=chosen,
        wrong=wrong,
        text=text if text is not None else (str(wrong["text"]) if wrong else ""),
        previewed=bool(text),
        leaves=leaves(
            via,
            subject,
            text or "",
            purpose="correction" if wrong else "update",
            named=any("status_page" in audiences[name].via for name in left if name in audiences),
        ),
        to=[names.person(ref) if "@" not in ref else ref for ref in known.to] if known else [],
        second=outward or wrong is not None,
        held=bool(board and board.hold_outward and outward),
        last=next(
            (message for message in sent if message.get("audience") == chosen and message.get("delivered")), None
        ),
    )


def _subject(record: IncidentRecord, board: Board | None, correction: bool) -> str:
    """As the incident writes it: `walker/messages.py`, `update` and `correct`."""
    subject = f"{board.severity if board else record.severity} {board.title if board else record.title}"
    return f"Correction: {subject}" if correction else subject


async def _audiences(parts: Parts, record: IncidentRecord) -> dict[str, Audience]:
    """Those of the pinned plan; where it is not stored yet, the catalog's of today."""
    plan = await parts.records.plans.get(record.plan_digest) if record.plan_digest else None
    if plan is None:
        return dict(parts.playbooks.catalog.audiences)
    return {name: Audience.model_validate(given) for name, given in (plan.get("audiences") or {}).items()}
