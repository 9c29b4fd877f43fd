"""An ended incident goes on: same id, same sequence, same chain, from the state that its last run left.

Within 24 hours of the end, and not after cancelled, rejected or merged (LANGUAGE.md, small rules). The review that had
begun is withdrawn first and hands the chain's head back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from mayday.domain.commands import Answer, Reopen
from mayday.domain.incident import StartInput
from mayday.domain.review.commands import Withdraw
from mayday.records.incidents import IncidentRecord
from mayday.signing import Signer
from starter.access import OWNER
from starter.gateway import CommandRefused, Gateway, NotAccepted, RunView
from starter.minting import OCCURRENCE_KEPT, command_id

__all__ = ["REOPENED_FROM", "Reopening"]

log = structlog.get_logger(__name__)

REOPENED_FROM = frozenset({"resolved", "closed"})
MAY_REOPEN = ("incident_commander", "deputy")


class Reopening:
    """Starts ended incidents again."""

    def __init__(self, gateway: Gateway, signer: Signer, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._signer = signer
        self._now = clock

    async def carried_over(
        self, view: RunView, workflow_id: str, reason: str, *, actor: str = "system", by: str | None = None
    ) -> StartInput | None:
        """The start input from which an ended run goes on; None when it does not. `by` is the person who asks, who
        has to be commander or deputy of what was left: `CommandRefused` otherwise."""
        if view.running or view.closed_at is None or self._now() - view.closed_at > OCCURRENCE_KEPT:
            return None
        outcome = await self._gateway.outcome(workflow_id, view.run_id)
        if outcome is None or outcome.status not in REOPENED_FROM:
            return None
        if by is not None and not _may_reopen(outcome.state, by):
            raise CommandRefused("not_yours", "an incident is reopened by its commander or deputy")
        start = await self._gateway.began_with(workflow_id, view.run_id)
        if start is None:
            return None
        state = dict(outcome.state)
        await self._take_chain_back(outcome.id or start.id, state, actor, reason)
        fresh: dict[str, Any] = {"state": state, "events": [], "reopened_by": None, "reopen_reason": None}
        if start.decision_keys:  # those of its day may be retired
            fresh["decision_keys"] = await self._signer.pinned() or start.decision_keys
        return start.model_copy(update=fresh)

    async def by_person(self, record: IncidentRecord, command: Reopen) -> Answer:
        """Reopen for a person. Raises `CommandRefused` with the reason, `NotAccepted`, `TemporalSilent`."""
        view = await self._gateway.describe(record.workflow_id)
        envelope = await self._signer.for_incident(record.id, command)
        if view is None:
            raise CommandRefused("closed", "it ended more than 24 hours ago: declare a new incident")
        if view.incident_id not in (None, record.id):
            raise CommandRefused("closed", f"{view.incident_id} of the same cause came after it: that one goes on")
        if view.running:
            return await self._gateway.command(record.workflow_id, envelope, view.chain)
        start = await self.carried_over(view, record.workflow_id, command.reason, actor=command.actor, by=command.actor)
        if start is None:
            raise CommandRefused("closed", f"it ended as {record.status}, or more than 24 hours ago: declare a new one")
        start.reopened_by, start.reopen_reason = command.actor, command.reason
        started = await self._gateway.start(start, again=True)
        if not started.opened:  # an alert was faster: the incident is open, which is what was asked for
            return await self._gateway.command(record.workflow_id, envelope)
        seq: int = (start.state or {}).get("seq", 0)
        return Answer(entry=seq + 1, detail={"status": "investigating"})

    async def _take_chain_back(self, incident: str, state: dict[str, Any], actor: str, reason: str) -> None:
        """The review appended to the chain since the run ended: go on behind its last entry."""
        now = self._now()
        withdraw = Withdraw(
            id=command_id("reopening", f"{incident} {state.get('seq')}"), actor=actor, received_at=now, reason=reason
        )
        try:
            answer = await self._gateway.withdraw_review(incident, await self._signer.for_review(incident, withdraw))
        except (CommandRefused, NotAccepted) as error:
            log.warning("review_not_withdrawn", incident=incident, reason=str(error))
            return
        if answer is None:
            return
        if isinstance(answer.detail.get("next_seq"), int) and answer.detail.get("head"):
            state["seq"], state["head"] = answer.detail["next_seq"] - 1, answer.detail["head"]
        state["review_carried"] = answer.detail.get("carried")


def _may_reopen(state: dict[str, Any], person: str) -> bool:
    roles: dict[str, Any] = state.get("roles") or {}
    holders = {(roles.get(name) or {}).get("person") for name in MAY_REOPEN}
    return person == OWNER or person in holders
