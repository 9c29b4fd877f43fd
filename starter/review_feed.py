"""What happens in a review, told to everybody who looks at its page: one poll a review, however many look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mayday.domain.review import ReviewBoard
from mayday.records.incidents import IncidentRecord
from starter.feed import Feed
from starter.report_desk import Written, report_of
from starter.review_desk import board_of

__all__ = ["ReviewFeed", "ReviewLook"]

OPEN_EVERY, ENDED_EVERY = 1.0, 5.0
"""Seconds between two looks: a review takes weeks."""


@dataclass(frozen=True)
class ReviewLook:
    """A review at a moment, with its report and the versions that there are, oldest first."""

    record: IncidentRecord
    board: ReviewBoard
    written: Written
    versions: list[tuple[int, datetime]]


@dataclass
class ReviewFeed(Feed[ReviewLook]):
    """One review. `version` rises when its board has changed, or its report was drafted again."""

    incident: str = ""

    async def _look(self) -> float:
        parts, before = self.parts, self.seen
        record = await parts.directory.find(self.incident)
        board = await board_of(parts, record)
        versions = await parts.records.reviews.versions(record.id)
        if before is None or before.board != board or before.versions != versions or before.record.seq != record.seq:
            self._saw(ReviewLook(record, board, await report_of(parts, record, board, None), versions))
        return ENDED_EVERY if board.finished else OPEN_EVERY
