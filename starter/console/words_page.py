"""Words that go out: written here, previewed as they will leave, then sent; and the correction of what was sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from starter.console.drill_banner import banner_of
from starter.console.forms import texts
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute, Visitor
from starter.parts import Here, Parts
from starter.previews import audiences_of, preview_of, sent_in
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
    sent = sent_in(board)
    wrong = next((message for message in sent if message.get("n") == correct), None)
    if correct is not None and wrong is None:
        raise Problem(404, "not_found", f"there is no message {correct} that could still be corrected here")
    audiences = await audiences_of(parts, record)
    chosen = str(wrong["audience"]) if wrong else audience if audience in audiences else next(iter(audiences), "")
    shown = await preview_of(parts, record, board, chosen, text or "", corrects=correct if wrong else None)
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
        leaves=shown.leaves,
        to=shown.to,
        second=shown.second,
        held=shown.held,
        last=next(
            (message for message in sent if message.get("audience") == chosen and message.get("delivered")), None
        ),
    )
