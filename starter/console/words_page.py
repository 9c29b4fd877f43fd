"""Words that go out: written here, previewed as they will leave, then sent; the correction of what was sent; and what
waits for a reader, as it will leave once it is released."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from mayday.domain.incident import Board, Pending
from starter.console.drill_banner import banner_of
from starter.console.forms import texts
from starter.console.names import Names
from starter.console.rights import Rights
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute, Visitor
from starter.drafts import draft_of
from starter.parts import Here, Parts
from starter.previews import audiences_of, board_of, sent_in, shown
from starter.problems import Problem

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
    review: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """An update to an audience, the correction of a message, or what a reader is asked to release."""
    return await _page(request, visitor, parts, incident, audience, correct, review, None)


@router.post("/incidents/{incident}/words", response_class=HTMLResponse)
async def preview(incident: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """What it will look like. Nothing leaves from here: the preview has the button that sends."""
    form = await texts(request)
    number = form.get("correct", "")
    correct = int(number) if number.isdecimal() and len(number) < 10 else None
    return await _page(
        request, visitor, parts, incident, form.get("audience", ""), correct, form.get("review", ""),
        form.get("text", "").strip(),
    )  # fmt: skip


async def _page(
    request: Request,
    visitor: Visitor,
    parts: Parts,
    incident: str,
    audience: str,
    correct: int | None,
    review: str,
    text: str | None,
) -> HTMLResponse:
    if not visitor.acts:
        raise Problem(403, "forbidden", f"{visitor.name} may only look (viewer)")
    record = await parts.directory.find(incident)
    board = await board_of(parts, record)
    sent = sent_in(board)
    wrong = next((message for message in sent if message.get("n") == correct and message.get("delivered")), None)
    if correct is not None and wrong is None:
        raise Problem(404, "not_found", f"there is no message {correct} that could still be corrected here")
    waiting = _waiting(board, review)
    audiences = await audiences_of(parts, record)
    chosen = audience if audience in audiences else next(iter(audiences), "")
    draft = draft_of(board, audience=chosen, text=text or "", corrects=correct, task=review)
    if draft is None:
        raise Problem(404, "not_found", "nobody has to read this message any more: it was released, or withdrawn")
    chosen = draft.audience
    names = Names(parts.playbooks.catalog)
    made = await shown(parts, record, board, draft) if text or waiting else None
    return sheet(
        request,
        "words.html",
        incident=record,
        drill=banner_of(record, board),
        board=board,
        audiences=list(audiences),
        chosen=chosen,
        wrong=wrong,
        review=waiting,
        may_release=_may_release(board, waiting, visitor, names),
        author=names.person(str(waiting.detail["author"])) if waiting and waiting.detail.get("author") else None,
        readers=[names.person(ref) for ref in waiting.for_] if waiting else [],
        text=text if text is not None else draft.text if waiting else str(wrong["text"]) if wrong else "",
        preview=made.made if made else None,
        reached=made.whom if made else {},
        gaps=made.gaps if made else {},
        last=next(
            (message for message in sent if message.get("audience") == chosen and message.get("delivered")), None
        ),
    )


def _waiting(board: Board, review: str) -> Pending | None:
    return next((item for item in board.pending if review and item.id == review and item.kind == "review"), None)


def _may_release(board: Board, waiting: Pending | None, visitor: Visitor, names: Names) -> bool:
    return waiting is not None and Rights.of(board.may, visitor, names).may(f"complete:{waiting.id}")
