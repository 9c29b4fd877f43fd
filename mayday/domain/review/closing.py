"""From draft to closed, and the end: nothing is closed while its form is empty, and nothing ends while somebody owes.

States: draft -> in review -> reviewed -> closed [PagerDuty post-mortem process]; one step back is allowed until
closed. `closed` also closes the incident. Follow-up actions may be open at `closed`; the review lives until they are
done. The owner is reminded of what closing needs a day after the meeting, then weekly, then with the deputy.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.plain_words import spoken
from mayday.domain.review.commands import Close, FillClosingForm, ReviewNote, SetState, Withdraw
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, moment
from mayday.domain.review.meeting import MeetingDuty
from mayday.domain.review.owed import Obligation
from mayday.domain.review.pace import elapsed
from mayday.domain.review.sending import SendingDuty
from mayday.domain.review.state import ReviewCarried
from mayday.domain.review.wire import ClosingForm
from mayday.domain.review.writers import need_teller

ORDER = ("draft", "in_review", "reviewed", "closed")
WORDS = {"draft": "draft", "in_review": "in review", "reviewed": "reviewed", "closed": "closed"}
AFTER_MEETING = timedelta(hours=24)
LONGEST_ANSWER, LONGEST_WORKAROUND = 200, 2000
NOTHING_MISSING = "somebody to close it"


class ClosingDuty(Duty):
    name = "closing"
    commands = ("set_state", "closing_form", "close", "note")

    def begin(self) -> None:
        form = self.case.carried.form.model_copy()
        form.impact_started_at = form.impact_started_at or self.given.impact_started_at
        form.impact_ended_at = self.given.impact_ended_at or form.impact_ended_at
        form.workaround = form.workaround or self.given.workaround
        self.state.form = form

    def wakes(self) -> list[datetime]:
        return [] if self.state.status == "closed" else [self._next_reminder()]

    def act(self) -> None:
        if self.state.status == "closed" or self._next_reminder() > self.now:
            return
        chasing = self.state.chasing
        chasing.reminders += 1
        chasing.next_at = self.now + elapsed(self.case.rules.actions.remind_every)
        above = self.case.superiors()[: max(0, chasing.reminders - 1)]
        told = self.case.notify(
            self,
            [*self.case.owner(), *above],
            f"The review of {self.given.card.title} is {WORDS[self.state.status]}. {self._asked()}.",
        )
        self.case.log(
            "review_reminded",
            SYSTEM,
            "review:closing",
            to=told,
            state=self.state.status,
            needs=self.needs(),
            times=chasing.reminders,
        )

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        """Only notices, which the case looks after."""

    def needs(self) -> list[str]:
        """What stands between the review and `closed`, in words."""
        found = []
        if self.state.status != "reviewed":
            found.append(f"the state reviewed (it is {WORDS[self.state.status]})")
        if missing := self.state.form.missing():
            found.append(f"the closing form ({', '.join(missing)})")
        found += [
            f"a second person for the final message to {item.audience}" for item in self.state.finals if item.open
        ]
        return found or [NOTHING_MISSING]

    def ledger(self) -> list[Obligation]:
        if self.state.status == "closed":
            return []
        return [
            Obligation.model_validate(
                {
                    "id": "closing",
                    "kind": "closing",
                    "for": self.case.owner(),
                    "due_at": self._next_reminder(),
                    "text": self._asked(),
                }
            )
        ]

    def _missing(self) -> str:
        """What still stands in the way, as people say it; empty when nothing does."""
        lacking = self.state.form.missing()
        form = f"the closing form ({', '.join(spoken(name) for name in lacking)})"
        words = [form if lacking and need.startswith("the closing form") else need for need in self.needs()]
        return "" if words == [NOTHING_MISSING] else "; ".join(words)

    def _asked(self) -> str:
        missing = self._missing()
        return (
            f"Close the review, which still lacks {missing}"
            if missing
            else "Close the review: nothing is missing any more"
        )

    def hands(self) -> dict[str, list[str]]:
        return {"set_state": self.while_open, "closing_form": self.while_open, "close": self.while_open}

    # -- commands

    def check_set_state(self, command: SetState) -> None:
        if command.state == "closed":
            self.check_close(command)
            return
        self.case.need_open()
        self.case.need_steward(command.actor)
        here, there = ORDER.index(self.state.status), ORDER.index(command.state)
        if abs(there - here) != 1:
            raise RefusedCommand(
                "invalid",
                f"the review is {WORDS[self.state.status]}: next is "
                f"{WORDS[ORDER[here + 1]]}" + (f", back is {WORDS[ORDER[here - 1]]}" if here else ""),
            )

    def apply_set_state(self, command: SetState) -> dict[str, Any]:
        if command.state == "closed":
            return self.apply_close(command)
        before = self.state.status
        self.state.status = command.state
        self.case.log("review_state", command.actor, "review", previous=before, to=command.state)
        if command.state == "reviewed":
            self.case.duty(SendingDuty).want()
        return {"state": command.state}

    def check_closing_form(self, command: FillClosingForm) -> None:
        self.case.need_open()
        self.case.need_steward(command.actor)
        given = command.model_dump(include=set(ClosingForm.model_fields), exclude_none=True)
        if not given:
            raise RefusedCommand("invalid", f"the form has {', '.join(ClosingForm.model_fields)}")
        for name in ("category", "cause_code", "change", "detected_by"):
            text = getattr(command, name)
            if text is not None and not (0 < len(text.strip()) <= LONGEST_ANSWER):
                raise RefusedCommand("invalid", f"{name} is empty or longer than {LONGEST_ANSWER} characters")
        if command.workaround is not None and not (0 < len(command.workaround.strip()) <= LONGEST_WORKAROUND):
            raise RefusedCommand("invalid", f"workaround is empty or longer than {LONGEST_WORKAROUND} characters")
        form = self._filled(command)
        for name in ("impact_started_at", "impact_ended_at"):
            at = getattr(form, name)
            if at is not None and at.tzinfo is None:
                raise RefusedCommand("invalid", f"{name} needs a zone, for example 2026-05-05T10:00:00Z")
            if at is not None and at > self.now:
                raise RefusedCommand("invalid", f"{name} {moment(at)} is in the future")
        if form.impact_started_at and form.impact_ended_at and form.impact_ended_at < form.impact_started_at:
            raise RefusedCommand("invalid", "the impact ended before it started")

    def apply_closing_form(self, command: FillClosingForm) -> dict[str, Any]:
        self.state.form = self._filled(command)
        missing = self.state.form.missing()
        self.case.log(
            "closing_form",
            command.actor,
            "review:closing",
            **self.state.form.model_dump(exclude_none=True),
            missing=missing,
        )
        return {"missing": missing}

    def check_close(self, command: Close | SetState) -> None:
        self.case.need_open()
        self.case.need_steward(command.actor)
        if self.state.status != "reviewed" or self.state.form.missing() or any(item.open for item in self.state.finals):
            raise RefusedCommand("invalid", f"closing still needs {self._missing()}")

    def apply_close(self, command: Close | SetState) -> dict[str, Any]:
        before = self.state.status
        self.state.status, self.state.closed_at = "closed", self.now
        open_actions = [item.id for item in self.state.actions if item.state == "open"]
        open_findings = [item.id for item in self.state.findings if item.open]
        self.case.log(
            "review_state",
            command.actor,
            "review",
            previous=before,
            to="closed",
            open_actions=open_actions,
            open_findings=open_findings,
        )
        self.case.log(
            "status_changed",
            command.actor,
            None,
            status="closed",
            before=self.given.card.status,
            reason="the review is closed",
        )
        self.case.given.card.status = "closed"
        self.state.report.stale = self.state.report.drafted_at is not None
        self.case.duty(SendingDuty).want()
        return {"state": "closed", "open_actions": open_actions, "open_findings": open_findings}

    def check_note(self, command: ReviewNote) -> None:
        need_teller(self.case, command.actor)
        if not command.text.strip():
            raise RefusedCommand("invalid", "text: a note needs words")
        if command.occurred_at is not None and (command.occurred_at.tzinfo is None or command.occurred_at > self.now):
            raise RefusedCommand("invalid", "occurred_at: a time with a zone that has been")

    def apply_note(self, command: ReviewNote) -> dict[str, Any]:
        self.case.log(
            "noted",
            command.actor,
            None,
            words=command.text,
            occurred_at=command.occurred_at,
            channel=command.channel,
        )
        return {}

    def _filled(self, command: FillClosingForm) -> ClosingForm:
        given = command.model_dump(include=set(ClosingForm.model_fields), exclude_none=True)
        return self.state.form.model_copy(
            update={key: value.strip() if isinstance(value, str) else value for key, value in given.items()}
        )

    def _next_reminder(self) -> datetime:
        if self.state.chasing.next_at is not None:
            return self.state.chasing.next_at
        meeting = self.state.meeting
        if meeting is not None and not meeting.cancelled:
            return meeting.ends_at + AFTER_MEETING
        return self.given.resolved_at + elapsed(self.case.rules.actions.remind_every)


class EndDuty(Duty):
    """The run ends when all that was owed is done, or when the incident was reopened."""

    name = "end"
    commands = ("withdraw",)

    def act(self) -> None:
        if self.state.status == "closed" and self.case.idle and not self.case.ledger():
            self.case.log("review_finished", SYSTEM, "review", actions=len(self.state.actions))
            self.state.finished = True

    def check_withdraw(self, command: Withdraw) -> None:
        """Always allowed: who may reopen an incident is the incident's rule."""

    def apply_withdraw(self, command: Withdraw) -> dict[str, Any]:
        state = self.state
        self.case.log("review_withdrawn", command.actor, "review", reason=command.reason, state=state.status)
        self.case.duty(MeetingDuty).cancel()
        state.status, state.finished = "withdrawn", True
        carried = ReviewCarried(
            meeting=state.meeting,
            problem=state.problem,
            form=state.form,
            sections=state.report.sections,
            report_version=state.report.version,
            revision=state.revision,
            counters=state.counters,
            actions=state.actions,
        )
        return {"head": state.head, "next_seq": state.next_seq, "carried": carried.model_dump(mode="json")}
