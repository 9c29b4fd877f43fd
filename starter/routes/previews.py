"""A message as it will leave, before it leaves."""

from __future__ import annotations

from fastapi import APIRouter

from starter.access import Acting
from starter.asked import AskedRoute
from starter.bodies import PreviewBody
from starter.drafts import MessagePreview, draft_of
from starter.parts import Here
from starter.previews import audiences_of, board_of, shown
from starter.problems import Problem

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/incidents/{incident}", tags=["decisions"], route_class=AskedRoute)


@router.post("/previews")
async def preview(body: PreviewBody, incident: str, principal: Acting, parts: Here) -> MessagePreview:
    """What a message will be on each of its channels, made by what sends it: subject, words, facts and the body that
    goes over the wire; whom it reaches, and whom not. Sends nothing."""
    record = await parts.directory.find(incident)
    board = await board_of(parts, record)
    audiences = await audiences_of(parts, record)
    if body.audience is not None and body.audience not in audiences:
        known = ", ".join(audiences)
        raise Problem(422, "invalid", f"audience: {body.audience!r} is not one of this incident's: {known}")
    draft = draft_of(
        board, audience=body.audience or "", text=body.text, corrects=body.corrects, task=body.task or ""
    )  # fmt: skip
    if draft is None:
        missing = f"message {body.corrects} that has left" if body.corrects else f"review {body.task} that waits"
        raise Problem(404, "not_found", f"there is no {missing}")
    return (await shown(parts, record, board, draft)).made
