"""What a review keeps in the records: its board, and the drafts of its report."""

from __future__ import annotations

import hashlib

from temporalio import activity

from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.errors import Broken
from mayday.domain.report import draft, render
from mayday.domain.review.wire import DRAFT_REPORT, SAVE, DraftReceipt, DraftRequest, ReviewBoard, SaveReview


class ReviewActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name=SAVE)
    async def save(self, request: SaveReview) -> dict[str, int]:
        """Keep the board; an older revision than the stored one changes nothing."""
        with reported():
            await self._given.reviews.save(request.board)
        return {"revision": request.board.revision}

    @activity.defn(name=DRAFT_REPORT)
    async def draft_report(self, request: DraftRequest) -> DraftReceipt:
        """Draft a version of the report from the stored timeline, and keep it. Never from a part of it."""
        with reported():
            entries = await self._given.reviews.entries(request.incident.id, request.up_to_seq)
            stored = entries[-1].seq if entries else 0
            if stored < request.up_to_seq:  # the incident's last flush is still on its way
                raise Broken(f"the store has the timeline up to entry {stored} of {request.up_to_seq}")
            opened = next((entry for entry in entries if entry.kind == "opened"), None)
            report = draft(
                entries,
                plan=await self._given.reviews.plan(str(opened.data.get("plan"))) if opened else None,
                incident_id=request.incident.id,
                review=ReviewBoard.model_validate(request.board) if request.board else None,
                written=request.sections,
                version=request.version,
                drafted_at=request.drafted_at,
            )
            text = render(report)
            digest = hashlib.sha256(text.encode()).hexdigest()
            await self._given.reviews.put_report(request.incident.id, request.version, text, digest, request.drafted_at)
        return DraftReceipt(version=request.version, digest=digest, entries=len(entries))
