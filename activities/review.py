"""What a review keeps: its board in the records."""

from __future__ import annotations

from temporalio import activity

from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.review.wire import SAVE, SaveReview


class ReviewActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name=SAVE)
    async def save(self, request: SaveReview) -> dict[str, int]:
        """Keep the board; an older revision than the stored one changes nothing."""
        with reported():
            await self._given.reviews.save(request.board)
        return {"revision": request.board.revision}
