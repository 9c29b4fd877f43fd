"""Deadlines and meetings in business hours, holidays included."""

from __future__ import annotations

from temporalio import activity

from activities.chain import first_that_works, noted
from activities.contacts import mail_addresses
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.calendars import NeverOpen, OpenHours, contract_due
from mayday.domain.durations import Duration
from mayday.domain.effects import DEADLINE, Deadline, DeadlineRequest, Unreached
from mayday.domain.errors import NobodyReached, Refused
from mayday.domain.ports import Meeting
from mayday.domain.review.slots import meeting_slot
from mayday.domain.review.wire import MEETING_SLOT, SEND_INVITE, InviteReceipt, InviteRequest, Slot, SlotRequest

#: hours of contracts that never close
ALWAYS = "24x7"


class CalendarActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name=DEADLINE)
    async def deadline(self, request: DeadlineRequest) -> Deadline:
        """When a contract's or a wait's clock runs out, counted in the calendar's open hours."""
        with reported():
            hours = ALWAYS if request.hours == ALWAYS else self._hours(request.hours)
            try:
                due_at = contract_due(
                    hours,  # type: ignore[arg-type]
                    request.start_at, Duration.parse(request.duration), request.rested_from, request.rested_to,
                )  # fmt: skip
            except (NeverOpen, ValueError) as error:
                raise Refused(str(error)) from error
        return Deadline(due_at=due_at)

    @activity.defn(name=MEETING_SLOT)
    async def meeting_slot(self, request: SlotRequest) -> Slot:
        """The latest sensible time for a review meeting by the rule, or the first after it, marked late."""
        with reported():
            hours = self._hours(request.calendar)
            try:
                return meeting_slot(hours, request)
            except (NeverOpen, ValueError) as error:
                raise Refused(str(error)) from error

    @activity.defn(name=SEND_INVITE)
    async def send_invite(self, request: InviteRequest) -> InviteReceipt:
        """Invite (or cancel) by mail, with the iCalendar file. Fails when nobody could be invited."""
        with reported():
            addresses, missing = mail_addresses(self._given.catalog.current(), request.attendees)
            receipt = InviteReceipt(
                unreached=[Unreached(target=name, channel="email", reason="no mail address") for name in missing]
            )
            if not addresses:
                raise NobodyReached("no attendee has a mail address", retryable=False)
            meeting = Meeting(
                effect_key=f"{request.effect_key}/invite", incident=request.incident, method=request.method,
                uid=request.uid, sequence=request.sequence, stamped_at=request.stamped_at, starts_at=request.starts_at,
                ends_at=request.ends_at, summary=request.summary, description=request.description, url=request.url,
                attendees=addresses,
            )  # fmt: skip
            calendars = self._given.ports_for(request.incident).calendars
            sent = await first_that_works(
                calendars, lambda each: each.invite(meeting), port="calendar", passed=receipt.unreached
            )
            receipt.sent.append(sent)
            receipt.unreached += noted(sent)
        return receipt

    def _hours(self, name: str) -> OpenHours:
        calendar = self._given.catalog.current().calendars.get(name)
        if calendar is None:
            raise Refused(f"the catalog has no calendar {name}")
        return self._given.open_hours(calendar)
