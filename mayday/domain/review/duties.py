"""The duties of a review, in the order in which they act. A new duty is a file and a line here."""

from __future__ import annotations

from mayday.domain.review.closing import ClosingDuty, EndDuty
from mayday.domain.review.duty import Duty
from mayday.domain.review.findings import FindingsDuty
from mayday.domain.review.followups import FollowUpsDuty
from mayday.domain.review.meeting import MeetingDuty
from mayday.domain.review.ownership import OwnershipDuty
from mayday.domain.review.problem import ProblemDuty
from mayday.domain.review.releases import ReleasesDuty
from mayday.domain.review.reporting import ReportDuty
from mayday.domain.review.sending import SendingDuty
from mayday.domain.review.vendors import VendorsDuty

DUTIES: tuple[type[Duty], ...] = (
    OwnershipDuty,
    MeetingDuty,
    ReportDuty,
    SendingDuty,
    ProblemDuty,
    ReleasesDuty,
    FindingsDuty,
    VendorsDuty,
    FollowUpsDuty,
    ClosingDuty,
    EndDuty,
)
