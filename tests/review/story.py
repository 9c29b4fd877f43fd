"""A review told in virtual time: people act, weeks pass, and whatever the case asks for is done at once by doubles.

After every step the case is thrown away and built again from its serialised state, so each story also shows that
nothing lives outside it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mayday.domain.calendars import BusinessCalendar, deadline
from mayday.domain.commands import Answer
from mayday.domain.durations import Duration
from mayday.domain.effects import (
    DEADLINE,
    PAGE,
    SEND,
    VENDOR_CONTACT,
    EffectFailure,
    EffectRequest,
    EffectResult,
    IncidentCard,
)
from mayday.domain.review import REVIEW_COMMAND, ReviewCase, ReviewInput
from mayday.domain.review.slots import meeting_slot
from mayday.domain.review.wire import DRAFT_REPORT, MEETING_SLOT, OPEN_PROBLEM, SEND_INVITE, SEND_REPORT, SlotRequest
from mayday.domain.review_kinds import REVIEW_KINDS
from mayday.domain.timeline import GENESIS, Entry, first_broken
from mayday.providers.holiday_calendar import open_hours

LONDON = BusinessCalendar(hours="Mon-Fri 09:00-17:30", tz="Europe/London", holidays="GB")
SPEC: dict[str, Any] = {
    "owner": "role.incident_commander",
    "meeting": {"within": {"SEV1": "3 days", "SEV2": "5 business days"}, "duration": "30m", "calendar": "default"},
    "draft_before": "24h",
    "problem_record": True,
    "actions": {"remind_every": "7d", "due": {"high": "4w", "normal": "8w"}},
}
PEOPLE = {
    "ana": "Ana Ruiz",
    "dee": "Dee Park",
    "lee": "Lee Wong",
    "li": "Li Chen",
    "dana": "Dana Fox",
    "raj": "Raj Rao",
    "chris": "Chris Wong",
    "sam": "Sam Hill",
    "kim": "Kim Roe",
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def given(**changes: Any) -> ReviewInput:
    """A SEV1 of Tuesday 3 March 2026, resolved at noon; commander Ana, deputy Dee, service owner Raj."""
    values: dict[str, Any] = {
        "incident_id": "INC-1",
        "card": IncidentCard(
            id="INC-1",
            title="Payments down",
            severity=changes.get("severity", "SEV1"),
            status="resolved",
            service="payments",
            ticket="MI-1",
        ),
        "severity": "SEV1",
        "spec": SPEC,
        "owner": "ana",
        "commander": "ana",
        "deputy": "dee",
        "service_owners": ["schedule.payments_primary"],
        "members": {"schedule.payments_primary": ["raj"]},
        "responders": ["ana", "dee", "lee"],
        "people": PEOPLE,
        "opened_at": utc("2026-03-03T08:00"),
        "resolved_at": utc("2026-03-03T12:00"),
        "head": GENESIS,
        "next_seq": 1,
    }
    return ReviewInput.model_validate({**values, **changes})


class Story:
    """Feeds a case. `done` are the effects carried out, `told` the notices as (time, people, text)."""

    def __init__(
        self, start: ReviewInput, doubles: dict[str, Callable[[EffectRequest], EffectResult]] | None = None
    ) -> None:
        self.given = start
        self.now = start.resolved_at
        self.case = ReviewCase(start, self.now)
        self.done: list[EffectRequest] = []
        self.told: list[tuple[datetime, list[str], str]] = []
        self.doubles = doubles or {}
        self.commands = 0
        self.kept: dict[int, Entry] = {}
        self._settle()

    # -- what happens

    def until(self, at: str | datetime) -> Story:
        """Let time pass, waking the case when it wants to be."""
        end = at if isinstance(at, datetime) else utc(at)
        while not self.case.finished:
            wake = self.case.next_wake
            if wake is None or wake > end:
                break
            self.now = max(self.now, wake)
            before = wake
            self._settle()
            assert self.case.next_wake != before, f"nothing follows from {before}"
        self.now = max(self.now, end)
        self._settle()
        assert first_broken(self.entries, self.given.head, self.given.next_seq) is None
        return self

    def after(self, **length: float) -> Story:
        return self.until(self.now + timedelta(**length))

    def do(self, kind: str, by: str, *, signalled: bool = False, **fields: Any) -> Answer:
        self.commands += 1
        command = REVIEW_COMMAND.validate_python(
            {"kind": kind, "id": f"c{self.commands}", "actor": by, "received_at": self.now, **fields}
        )
        answer = self.case.deliver(command, self.now, signalled=signalled)
        self._settle()
        return answer

    def applied(self, kind: str, by: str, **fields: Any) -> dict[str, Any]:
        answer = self.do(kind, by, **fields)
        assert answer.state == "applied", answer.refusal
        return answer.detail

    def refused(self, kind: str, by: str, **fields: Any) -> tuple[str, str]:
        before = self.case.state.next_seq
        answer = self.do(kind, by, **fields)
        assert answer.refusal is not None, f"{kind} by {by} was applied"
        assert self.case.state.next_seq == before, "a refused update leaves no entry"
        return answer.refusal.code, answer.refusal.reason

    # -- what is seen

    @property
    def entries(self) -> list[Entry]:
        return [self.kept[seq] for seq in sorted(self.kept)]

    def of(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def effects(self, kind: str) -> list[EffectRequest]:
        return [request for request in self.done if request.kind == kind]

    def told_after(self, at: str | datetime) -> list[tuple[datetime, list[str], str]]:
        since = at if isinstance(at, datetime) else utc(at)
        return [line for line in self.told if line[0] >= since]

    def owed(self) -> list[str]:
        return [item.id for item in self.case.ledger()]

    # -- the engine

    def _settle(self) -> None:
        self.case.advance(self.now)
        self._rebuild()
        while requests := self.case.take_effects():
            self._rebuild()
            for request in requests:
                self.done.append(request)
                self.case.effect_finished(request.key, self._carry_out(request), self.now)
                self._rebuild()

    def _rebuild(self) -> None:
        for entry in self.case.unflushed():
            self.kept[entry.seq] = entry
            listed = (
                REVIEW_KINDS[entry.kind][1].replace("?", "").split(", ")
                if entry.kind in REVIEW_KINDS
                else list(entry.data)
            )
            assert set(entry.data) <= set(listed), f"{entry.kind} holds more than its list says"
        if self.kept:
            self.case.flushed(max(self.kept))
        self.case = ReviewCase(ReviewInput.model_validate_json(self.case.next_input().model_dump_json()), self.now)

    def _carry_out(self, request: EffectRequest) -> EffectResult:
        if request.kind in self.doubles:
            return self.doubles[request.kind](request)
        payload = request.payload
        if request.kind == PAGE:
            self.told.append((self.now, payload["targets"], payload["text"]))
            return value(paged=[{"person": "x", "target": target, "channel": "email"} for target in payload["targets"]])
        if request.kind == MEETING_SLOT:
            return EffectResult(
                value=meeting_slot(open_hours(LONDON), SlotRequest.model_validate(payload)).model_dump(mode="json")
            )
        if request.kind == DEADLINE:
            due_at = deadline(
                open_hours(LONDON), datetime.fromisoformat(payload["start_at"]), Duration.parse(payload["duration"])
            )
            return value(due_at=due_at.isoformat())
        if request.kind == SEND_INVITE:
            return value(sent=[{"channel": "email", "ref": f"{payload['uid']}#{payload['sequence']}"}])
        if request.kind == DRAFT_REPORT:
            return value(version=payload["version"], digest="d" * 64, entries=payload["up_to_seq"])
        if request.kind == OPEN_PROBLEM:
            return value(outputs={"number": "PRB-7", "url": "https://desk.example/PRB-7"})
        if request.kind in (SEND, SEND_REPORT):
            return value(sent=[{"channel": via} for via in payload["via"]])
        if request.kind == VENDOR_CONTACT:
            return value(contacted=[{"channel": "email"}])
        raise AssertionError(f"nobody expected {request.kind}")


def value(**fields: Any) -> EffectResult:
    return EffectResult(value=fields)


def failure(code: str = "broken", message: str = "answered 500", *, ambiguous: bool = False) -> EffectResult:
    return EffectResult(failure=EffectFailure(code=code, message=message, ambiguous=ambiguous))


FORM = {
    "category": "network",
    "cause_code": "vendor",
    "caused_by_change": False,
    "detected_by": "monitoring",
    "impact_started_at": utc("2026-03-03T07:50"),
    "impact_ended_at": utc("2026-03-03T11:40"),
}
