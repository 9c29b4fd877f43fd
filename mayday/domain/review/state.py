"""Everything a review remembers: plain data, so that continue-as-new is writing it down and reading it back."""

from __future__ import annotations

from datetime import datetime

from mayday.domain.commands import Answer
from mayday.domain.effects import EffectRequest, Wire
from mayday.domain.review.owed import Finding, FollowUp, PendingFinal, VendorRca
from mayday.domain.review.wire import ClosingForm, ReviewMeeting, ReviewStatus, SentReport, WrittenSection
from mayday.domain.timeline import Entry


class Ownership(Wire):
    """Who owns the review. `chain` are the refs that are asked one after the other, `level` the one asked last."""

    owner: str | None = None
    accepted_at: datetime | None = None
    chain: list[str] = []
    level: int = 0
    offered: list[str] = []
    climb_at: datetime | None = None
    rounds: int = 0


class Report(Wire):
    """`version` counts drafts and edits. `due_at` is when the first draft is made."""

    version: int = 0
    due_at: datetime | None = None
    drafted_at: datetime | None = None
    stale: bool = False
    failures: int = 0
    #: it goes to its readers as soon as it is drafted; `sent_words` says which words they were sent last
    wanted: bool = False
    sent_words: str = ""
    sections: dict[str, WrittenSection] = {}


class Problem(Wire):
    number: str | None = None
    url: str | None = None
    failed: str | None = None


class Chasing(Wire):
    """The reminders of what closing still needs."""

    next_at: datetime | None = None
    reminders: int = 0


class ReviewState(Wire):
    """Wire model: a newer worker reads the state of an older one."""

    begun: bool = False
    now: datetime
    status: ReviewStatus = "draft"
    closed_at: datetime | None = None
    finished: bool = False
    ownership: Ownership = Ownership()
    meeting: ReviewMeeting | None = None
    #: the calendar gave no time: somebody has to
    unscheduled: bool = False
    report: Report = Report()
    sent_reports: list[SentReport] = []
    problem: Problem = Problem()
    form: ClosingForm = ClosingForm()
    actions: list[FollowUp] = []
    actions_added: int = 0
    finals: list[PendingFinal] = []
    findings: list[Finding] = []
    vendor_rcas: list[VendorRca] = []
    chasing: Chasing = Chasing()
    counters: dict[str, int] = {}
    #: effects that were asked for and are not finished, oldest first; `taken` were handed to the engine
    asked: list[EffectRequest] = []
    taken: list[str] = []
    answers: dict[str, Answer] = {}
    entries: list[Entry] = []
    head: str
    next_seq: int
    flushed_seq: int = 0
    #: rises with everything that the board shows
    revision: int = 0


class ReviewCarried(Wire):
    """What a review that was withdrawn by a reopening leaves to the next one of the same incident."""

    meeting: ReviewMeeting | None = None
    problem: Problem = Problem()
    form: ClosingForm = ClosingForm()
    sections: dict[str, WrittenSection] = {}
    report_version: int = 0
    revision: int = 0
    #: how often each effect was asked for: keys go on, or providers would take new effects for the old ones
    counters: dict[str, int] = {}
    actions: list[FollowUp] = []
