"""What the runbook owes beyond the incident's end: each becomes a follow-up action of its own, when its time begins.

Nobody has to think of it in the night, and no reminder stops because the incident is over. One that is owed after
another begins when that is done; where that was dropped, with a reason, it is not owed any more.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mayday.domain.durations import Duration
from mayday.domain.review.duty import SYSTEM
from mayday.domain.review.owed import FollowUp, Obligation, PlannedObligation
from mayday.domain.review.pace import elapsed

if TYPE_CHECKING:
    from mayday.domain.review.followups import FollowUpsDuty

REMINDERS_WITHIN = 4
"""How often its owner is reminded before it is due, where nothing else is said."""


class PlannedObligations:
    """The obligations of the runbook as follow-up actions of `duty`."""

    def __init__(self, duty: FollowUpsDuty) -> None:
        self._duty = duty
        self._given = duty.given.obligations

    def begin(self) -> None:
        """Owe what is not owed yet: a review that a reopening withdrew had begun some, and their time ran on."""
        for planned in self._given:
            if self._action(planned.id) is not None:
                continue
            before = self._action(planned.after) if planned.after else None
            if planned.due_at is not None:
                self._owe(planned, planned.due_at)
            elif before is not None and before.state == "done" and before.ended_at is not None:
                self._owe(planned, before.ended_at + elapsed(planned.within))

    def follow(self, done: FollowUp) -> None:
        """What is owed after an action that is done now."""
        for planned in self._given:
            if done.obligation is not None and planned.after == done.obligation and self._action(planned.id) is None:
                self._owe(planned, self._duty.now + elapsed(planned.within))

    def ledger(self) -> list[Obligation]:
        """Those whose time has not begun."""
        found = []
        for planned in self._given:
            before = self._first_open(planned)
            if self._action(planned.id) is None and before is not None:
                text = f"{planned.text} ({planned.within.in_words()} after {before.id} is done)"
                found.append(
                    Obligation.model_validate(
                        {"id": planned.id, "kind": "action", "for": [planned.owner], "text": text}
                    )
                )
        return found

    def _first_open(self, planned: PlannedObligation) -> FollowUp | None:
        """The action that it waits for, however many others come between."""
        known = {one.id: one for one in self._given}
        while planned.after is not None:
            before = self._action(planned.after)
            if before is not None:
                return before if before.state == "open" else None
            if planned.after not in known:
                return None
            planned = known[planned.after]
        return None

    def _owe(self, planned: PlannedObligation, due_at: datetime) -> None:
        rhythm = min(elapsed(self._duty.case.rules.actions.remind_every), elapsed(planned.within) / REMINDERS_WITHIN)
        every = planned.every or Duration(seconds=max(1, int(rhythm.total_seconds())))
        self._duty.add(
            title=planned.text, owner=planned.owner, priority="high", due_at=due_at, added_by=SYSTEM,
            obligation=planned.id, every=every,
        )  # fmt: skip

    def _action(self, obligation: str | None) -> FollowUp | None:
        return next((item for item in self._duty.state.actions if obligation and item.obligation == obligation), None)
