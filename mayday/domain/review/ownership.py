"""The owner of the review: named when the call ends, has to accept, and is climbed past when silent.

The offer goes to the runbook's `owner`, then to the deputy, the commander, the service's owner and the managers: one
business day each (the calendar's activity says when that is over; 24 hours where it cannot). Who was asked before may
still accept. When all were asked, all are reminded at the interval of the follow-up actions.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mayday.domain.effects import DEADLINE, Deadline, DeadlineRequest, EffectRequest, EffectResult
from mayday.domain.review.commands import AcceptOwnership, ReassignOwner
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, moment, ref
from mayday.domain.review.owed import Obligation
from mayday.domain.review.pace import elapsed
from mayday.domain.review.state import Ownership

ACCEPT_WITHIN = "1 business day"
ACCEPT_WITHIN_ELAPSED = timedelta(hours=24)


class OwnershipDuty(Duty):
    name = "owner"
    commands = ("accept_ownership", "reassign_owner")

    def begin(self) -> None:
        given = self.given
        refs = [given.owner, given.deputy, given.commander, *given.service_owners, *given.managers]
        self.state.ownership = Ownership(
            owner=given.owner, chain=list(dict.fromkeys(ref(item) for item in refs if item))
        )
        meeting = self.case.rules.meeting
        within = meeting.for_severity(given.severity) if meeting else None
        self.case.log(
            "review_opened",
            SYSTEM,
            "review",
            owner=given.owner,
            resolved_at=given.resolved_at,
            within=str(within) if within else None,
            finals=[item.id for item in given.finals],
            findings=[item.id for item in given.findings],
            vendor_rcas=[item.vendor for item in given.vendor_rcas],
        )
        self._offer(0)

    def wakes(self) -> list[datetime]:
        at = self.state.ownership.climb_at
        return [at] if at is not None and self._wanted() else []

    def act(self) -> None:
        own = self.state.ownership
        if self._wanted() and own.climb_at is not None and own.climb_at <= self.now:
            self._offer(own.level + 1)

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        """The end of the business day; the elapsed one stays where the calendar does not know."""
        latest = f"review:owner:level#{self.state.counters['review:owner:level']}"
        if result.failure is None and self._wanted() and request.key == latest:
            self.state.ownership.climb_at = Deadline.model_validate(result.value).due_at
            self.state.revision += 1  # the ledger shows it

    def ledger(self) -> list[Obligation]:
        own = self.state.ownership
        if not self._wanted():
            return []
        return [
            Obligation.model_validate(
                {
                    "id": "owner",
                    "kind": "ownership",
                    "for": own.offered,
                    "due_at": own.climb_at,
                    "text": "Accept the ownership of the review",
                }
            )
        ]

    def hands(self) -> dict[str, list[str]]:
        offered = self.state.ownership.accepted_at is None
        return {"accept_ownership": self._asked() if offered else [], "reassign_owner": self.while_open}

    def check_accept_ownership(self, command: AcceptOwnership) -> None:
        own = self.state.ownership
        if own.accepted_at is not None and own.owner == command.actor:
            raise RefusedCommand("not_open", "the review is yours already")
        if own.accepted_at is not None:
            raise RefusedCommand("not_open", f"{self.case.name(own.owner)} owns the review")
        if command.actor not in self._asked():
            raise RefusedCommand("not_yours", f"the review was offered to {self._names(own.offered)}")

    def apply_accept_ownership(self, command: AcceptOwnership) -> dict[str, Any]:
        self.case.accepted(command.actor, by_acting=False)
        return {"owner": command.actor}

    def check_reassign_owner(self, command: ReassignOwner) -> None:
        self.case.need_open()
        self.case.need_steward(command.actor)
        if self.given.people and command.person not in self.given.people:
            raise RefusedCommand("unknown", f"there is no person {command.person}")
        if command.person == self.state.ownership.owner:
            raise RefusedCommand("invalid", f"{self.case.name(command.person)} is the owner already")

    def apply_reassign_owner(self, command: ReassignOwner) -> dict[str, Any]:
        own, before = self.state.ownership, self.state.ownership.owner
        self.case.log(
            "review_owner_reassigned",
            command.actor,
            "review:owner",
            previous=before,
            to=command.person,
            reason=command.reason,
        )
        own.owner, own.accepted_at, own.offered, own.rounds = command.person, None, [], 0
        own.chain = list(dict.fromkeys([ref(command.person), *self.case.superiors()]))
        if command.actor == command.person:
            self.case.accepted(command.actor, by_acting=False)
        else:
            self._offer(0)
        return {"owner": command.person}

    def _wanted(self) -> bool:
        return self.state.ownership.accepted_at is None and self.state.status != "closed"

    def _asked(self) -> list[str]:
        return [person for item in self.state.ownership.offered for person in self.case.persons(item)]

    def _names(self, refs: list[str]) -> str:
        return ", ".join(self.case.name(item) for item in refs) or "nobody"

    def _offer(self, level: int) -> None:
        own = self.state.ownership
        if level < len(own.chain):
            own.level = level
            target = own.chain[level]
            own.offered = list(dict.fromkeys([*own.offered, target]))
            told = [target]
            own.climb_at = self.now + ACCEPT_WITHIN_ELAPSED
            rule = self.case.rules.meeting
            self.case.ask(
                self,
                DEADLINE,
                DeadlineRequest(
                    effect_key="", start_at=self.now, duration=ACCEPT_WITHIN, hours=rule.calendar if rule else "default"
                ),
                item="level",
                effect_class="read",
                summary="end of the next business day",
            )
        else:
            own.rounds += 1
            told = own.offered
            own.climb_at = self.now + elapsed(self.case.rules.actions.remind_every)
        if not told:
            return
        self.case.log(
            "review_owner_offered",
            SYSTEM,
            "review:owner",
            to=told,
            level=level + 1 if level < len(own.chain) else None,
            round=own.rounds + 1,
            instead_of=own.owner if level and level < len(own.chain) else None,
        )
        card = self.given.card
        silent = f" {self.case.name(own.owner)} has not accepted it." if level else ""
        self.case.notify(
            self,
            told,
            f"Please accept the ownership of the review of {card.severity} {card.title} (resolved "
            f"{moment(self.given.resolved_at)}).{silent}{self._link()}",
        )

    def _link(self) -> str:
        return f" {self.given.base_url}/reviews/{self.given.incident_id}" if self.given.base_url else ""
