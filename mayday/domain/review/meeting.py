"""The review meeting: a slot by the rule of the severity, an invitation by mail that follows every change.

The UID of the invitation is one per incident for ever, SEQUENCE rises with each change, so that every calendar
replaces what it had (RFC 5545, 3.8.4.7 and 3.8.7.4). Business days and holidays are the calendar activity's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.review.commands import RescheduleMeeting
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, moment
from mayday.domain.review.owed import Obligation
from mayday.domain.review.pace import elapsed
from mayday.domain.review.rules import MeetingRule
from mayday.domain.review.wire import MEETING_SLOT, SEND_INVITE, InviteRequest, ReviewMeeting, Slot, SlotRequest


class MeetingDuty(Duty):
    name = "meeting"
    commands = ("reschedule_meeting",)

    def begin(self) -> None:
        carried = self.case.carried.meeting
        if carried is not None:
            self.state.meeting = carried.model_copy(update={"cancelled": True})
        rule = self.case.rules.meeting
        within = rule.for_severity(self.given.severity) if rule else None
        if rule is None or within is None:
            return
        self.case.ask(
            self,
            MEETING_SLOT,
            SlotRequest(
                effect_key="",
                after_at=self.given.resolved_at,
                not_before_at=self.now,
                within=str(within),
                duration=str(rule.duration),
                calendar=rule.calendar,
            ),
            item="slot",
            effect_class="read",
            summary=f"a time for the review within {within}",
        )

    @property
    def waits_for_slot(self) -> bool:
        return any(item.step == "review:meeting:slot" for item in self.state.asked)

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        if request.step == "review:meeting:slot":
            self._slot(result)
        elif request.kind == SEND_INVITE:
            self._invited(request, result)

    def ledger(self) -> list[Obligation]:
        meeting, state = self.state.meeting, self.state
        if state.status in ("reviewed", "closed"):
            return []
        if meeting is None or meeting.cancelled:
            text = "Schedule the review meeting by hand: the calendar gave no time"
            return [self._owed(text, None)] if state.unscheduled else []
        return [self._owed("Hold the review meeting", meeting.ends_at)]

    def hands(self) -> dict[str, list[str]]:
        return {"reschedule_meeting": self.while_open}

    def check_reschedule_meeting(self, command: RescheduleMeeting) -> None:
        self.case.need_open()
        self.case.need_steward(command.actor)
        if command.starts_at.tzinfo is None:
            raise RefusedCommand("invalid", "the time needs a zone, for example 2026-05-05T10:00:00Z")
        if command.starts_at <= self.now:
            raise RefusedCommand("invalid", f"{moment(command.starts_at)} is in the past")
        meeting = self.state.meeting
        if meeting is not None and not meeting.cancelled and meeting.starts_at == command.starts_at:
            raise RefusedCommand("invalid", f"the meeting is at {moment(command.starts_at)} already")

    def apply_reschedule_meeting(self, command: RescheduleMeeting) -> dict[str, Any]:
        before = self.state.meeting
        rule = self.case.rules.meeting or MeetingRule()
        ends_at = command.starts_at + elapsed(rule.duration)
        deadline_at = before.deadline_at if before else None
        self.state.meeting = meeting = ReviewMeeting(
            starts_at=command.starts_at,
            ends_at=ends_at,
            deadline_at=deadline_at,
            late=deadline_at is not None and command.starts_at > deadline_at,
            uid=self._uid(),
            sequence=before.sequence + 1 if before else 0,
            attendees=self._attendees(),
        )
        self.case.log(
            "review_meeting_moved",
            command.actor,
            "review:meeting",
            previous=before.starts_at if before else None,
            starts_at=meeting.starts_at,
            ends_at=ends_at,
            late=meeting.late,
            reason=command.reason,
            sequence=meeting.sequence,
        )
        self._invite()
        return {"starts_at": meeting.starts_at, "ends_at": ends_at, "late": meeting.late, "sequence": meeting.sequence}

    def cancel(self) -> None:
        """Take the invitation back; nothing to do where none went out or the meeting is over."""
        meeting = self.state.meeting
        if meeting is not None and not meeting.cancelled and meeting.ends_at > self.now:
            meeting.sequence += 1
            meeting.cancelled = True
            self._invite(method="CANCEL")

    def _slot(self, result: EffectResult) -> None:
        if self.state.meeting is not None and not self.state.meeting.cancelled:
            return  # somebody set a time meanwhile
        if result.failure is not None:
            self.state.unscheduled = True
            self.case.log("review_meeting_unscheduled", SYSTEM, "review:meeting", reason=result.failure.message)
            self.case.notify(
                self,
                self.case.owner(),
                f"Please schedule the review of {self.given.card.title} by hand: {result.failure.message}",
            )
            return
        slot = Slot.model_validate(result.value)
        before = self.state.meeting
        self.state.meeting = meeting = ReviewMeeting(
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            deadline_at=slot.deadline_at,
            late=slot.late,
            uid=self._uid(),
            sequence=before.sequence + 1 if before else 0,
            attendees=self._attendees(),
        )
        self.case.log(
            "review_meeting_scheduled",
            SYSTEM,
            "review:meeting",
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            deadline_at=slot.deadline_at,
            late=slot.late,
            tz=slot.tz,
            attendees=meeting.attendees,
            sequence=meeting.sequence,
        )
        self._invite()

    def _invite(self, method: str = "REQUEST") -> None:
        meeting, card = self.state.meeting, self.given.card
        if meeting is None or not meeting.attendees:
            return
        url = f"{self.given.base_url}/reviews/{self.given.incident_id}" if self.given.base_url else ""
        payload = InviteRequest.model_validate(
            {
                "effect_key": "",
                "incident": card,
                "method": method,
                "uid": meeting.uid,
                "sequence": meeting.sequence,
                "stamped_at": self.now,
                "starts_at": meeting.starts_at,
                "ends_at": meeting.ends_at,
                "summary": f"Review: {card.severity} {card.title}",
                "attendees": meeting.attendees,
                "url": url,
                "description": f"Post-incident review of {card.severity} {card.title} ({card.service}).\n"
                f"Opened {moment(self.given.opened_at)}, resolved {moment(self.given.resolved_at)}.\n"
                f"Ticket: {card.ticket or '-'}\nOwner: {self.case.name(self.state.ownership.owner)}",
            }
        )
        self.case.ask(self, SEND_INVITE, payload, item="invite", summary=f"{method.lower()} #{meeting.sequence}")

    def _invited(self, request: EffectRequest, result: EffectResult) -> None:
        sequence, people = request.payload["sequence"], request.payload["attendees"]
        unreached = [str(item.get("target")) for item in result.value.get("unreached", [])]
        if result.failure is not None or (unreached and not result.value.get("sent")):
            reason = result.failure.message if result.failure else "no attendee could be reached"
            self.case.log("review_invite_failed", SYSTEM, "review:meeting", sequence=sequence, to=people, reason=reason)
            starts = moment(self.state.meeting.starts_at) if self.state.meeting else "-"
            self.case.notify(
                self, self.case.owner(), f"The invitation to the review on {starts} could not be sent: {reason}"
            )
            return
        self.case.log(
            "review_invited",
            SYSTEM,
            "review:meeting",
            sequence=sequence,
            method=request.payload["method"],
            to=[person for person in people if person not in unreached],
            unreached=unreached,
        )

    def _attendees(self) -> list[str]:
        """Person ids, the owner with them, each once."""
        refs = [*(self.given.attendees or self.given.responders), *self.case.owner()]
        return list(dict.fromkeys(person for item in refs for person in self.case.persons(item)))

    def _uid(self) -> str:
        return f"{self.given.incident_id}-review@mayday"

    def _owed(self, text: str, due_at: datetime | None) -> Obligation:
        return Obligation.model_validate(
            {"id": "meeting", "kind": "meeting", "for": self.case.owner(), "text": text, "due_at": due_at}
        )
