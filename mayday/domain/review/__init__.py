"""The review of an incident: owner, meeting, report, problem record, follow-ups; chased for weeks."""

from __future__ import annotations

from mayday.domain.review.case import ReviewCase
from mayday.domain.review.commands import REVIEW_COMMAND, ReviewCommand, ReviewEnvelope
from mayday.domain.review.owed import Finding, PendingFinal, VendorRca
from mayday.domain.review.reporting import PEOPLE_SECTIONS
from mayday.domain.review.wire import ReviewBoard, ReviewInput

__all__ = [
    "PEOPLE_SECTIONS",
    "REVIEW_COMMAND",
    "Finding",
    "PendingFinal",
    "ReviewBoard",
    "ReviewCase",
    "ReviewCommand",
    "ReviewEnvelope",
    "ReviewInput",
    "VendorRca",
]
