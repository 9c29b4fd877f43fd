"""The report: drafted 24 hours before the meeting (at once where the meeting is sooner), then written by people.

A draft is rendered from the stored timeline by an activity; this duty says when, and keeps what people write, section
by section. Each draft and each later edit is a new version of the whole report. A section is edited against the
version that its writer has seen, so that nobody overwrites a colleague unknowingly.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.plain_words import spoken
from mayday.domain.review.commands import EditReport
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, moment
from mayday.domain.review.meeting import MeetingDuty
from mayday.domain.review.owed import Obligation
from mayday.domain.review.pace import elapsed
from mayday.domain.review.wire import DRAFT_REPORT, DraftRequest, WrittenSection
from mayday.domain.review.writers import need_writer, writing

#: sections that only people can write, with what belongs there
PEOPLE_SECTIONS: dict[str, str] = {
    "summary": "What happened, in a few sentences that an executive understands.",
    "impact": "Who was affected, how, for how long; what it cost.",
    "root_cause": "What is known about the cause. The full analysis belongs to problem management.",
    "contributing_factors": "What made it possible, worse or longer. No names.",
    "lessons": "What went well, what went badly, where luck helped.",
}
LONGEST_SECTION = 20_000
#: a draft that fails is tried again after an hour, then after two, four, ... and at last daily
RETRY_AFTER, RETRY_AT_MOST = timedelta(hours=1), timedelta(days=1)


class ReportDuty(Duty):
    name = "report"
    commands = ("edit_report",)

    def begin(self) -> None:
        self.state.report.version = self.case.carried.report_version
        self.state.report.sections = dict(self.case.carried.sections)

    def wakes(self) -> list[datetime]:
        at = self.state.report.due_at
        return [at] if at is not None and not self.drafting else []

    def act(self) -> None:
        report = self.state.report
        if self.drafting:
            return
        if report.drafted_at is None:
            if report.due_at is None or not report.stale:
                report.due_at = self._first_due()
            if report.due_at is not None and report.due_at <= self.now:
                self._draft()
        elif report.stale and (report.due_at is None or report.due_at <= self.now):
            self._draft()

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        report = self.state.report
        if result.failure is not None:
            self.case.log("review_draft_failed", SYSTEM, "review:report", reason=result.failure.message)
            report.failures += 1
            report.stale, report.due_at = (
                True,
                self.now + min(RETRY_AFTER * 2 ** min(report.failures - 1, 5), RETRY_AT_MOST),
            )
            return
        first, version = report.drafted_at is None, request.payload["version"]
        report.drafted_at, report.due_at, report.failures = self.now, None, 0
        if first:
            self.case.log(
                "review_drafted",
                SYSTEM,
                "review:report",
                version=version,
                digest=result.value.get("digest", ""),
                entries=result.value.get("entries", 0),
            )
            meeting = self.state.meeting
            when = f" before the meeting at {moment(meeting.starts_at)}" if meeting and not meeting.cancelled else ""
            self.case.notify(
                self,
                self.case.owner(),
                f"The draft report of {self.given.card.title} is ready. Please write what "
                f"only people know{when}: {spoken(', '.join(self.unwritten()))}",
                nag=False,
            )

    def ledger(self) -> list[Obligation]:
        if self.state.status in ("reviewed", "closed") or not self.unwritten():
            return []
        meeting = self.state.meeting
        return [
            Obligation.model_validate(
                {
                    "id": "report",
                    "kind": "report",
                    "for": self.case.owner(),
                    "text": f"Write: {spoken(', '.join(self.unwritten()))}",
                    "due_at": meeting.starts_at if meeting and not meeting.cancelled else None,
                }
            )
        ]

    def unwritten(self) -> list[str]:
        return [name for name in PEOPLE_SECTIONS if name not in self.state.report.sections]

    def hands(self) -> dict[str, list[str]]:
        return {"edit_report": []} if self.state.status == "closed" else writing(self.case, "edit_report")

    def check_edit_report(self, command: EditReport) -> None:
        self.case.need_open()
        need_writer(self.case, command.actor, "the report is")
        if command.section not in PEOPLE_SECTIONS:
            raise RefusedCommand(
                "unknown", f"there is no section {command.section}: people write {', '.join(PEOPLE_SECTIONS)}"
            )
        if not command.text.strip():
            raise RefusedCommand("invalid", "the text is empty")
        if len(command.text) > LONGEST_SECTION:
            raise RefusedCommand("invalid", f"the text is longer than {LONGEST_SECTION} characters")
        known = self.state.report.sections.get(command.section)
        if command.version != (known.version if known else 0):
            by = (
                f": {self.case.name(known.author)} wrote version {known.version} at {moment(known.at)}" if known else ""
            )
            raise RefusedCommand("invalid", f"your text is based on version {command.version} of {command.section}{by}")

    def apply_edit_report(self, command: EditReport) -> dict[str, Any]:
        report, version = self.state.report, command.version + 1
        report.sections[command.section] = WrittenSection(
            text=command.text, version=version, author=command.actor, at=self.now
        )
        self.case.log(
            "review_edited",
            command.actor,
            "review:report",
            section=command.section,
            version=version,
            length=len(command.text),
            digest=hashlib.sha256(command.text.encode()).hexdigest(),
        )
        report.stale = True
        return {"section": command.section, "version": version}

    @property
    def drafting(self) -> bool:
        return any(item.kind == DRAFT_REPORT for item in self.state.asked)

    def _first_due(self) -> datetime | None:
        duty = self.case.duty(MeetingDuty)
        meeting = self.state.meeting
        if meeting is not None and not meeting.cancelled:
            return max(self.given.resolved_at, meeting.starts_at - elapsed(self.case.rules.draft_before))
        return None if duty.waits_for_slot else self.now

    def _draft(self) -> None:
        report = self.state.report
        report.version += 1
        report.stale = False
        report.due_at = None
        self.case.ask(
            self,
            DRAFT_REPORT,
            DraftRequest(
                effect_key="",
                incident=self.given.card,
                version=report.version,
                drafted_at=self.now,
                up_to_seq=self.state.next_seq - 1,
                sections=report.sections,
                board=self.case.board().model_dump(mode="json", by_alias=True, exclude={"sections", "ledger", "may"}),
            ),
            effect_class="reversible",
            summary=f"report version {report.version}",
        )
