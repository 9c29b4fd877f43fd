"""The board: what a page, a query or a brief shows of an incident at this moment."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mayday.domain.incident import Board, RoleHolder
from mayday.domain.timeline import timestamp
from mayday.walker import authority, drills, people
from mayday.walker.scope import priority

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def board(w: Walker, now: datetime) -> Board:
    state, phases = w.state, w.plan.runbook.phases
    upcoming = [cadence.due_at for cadence in state.cadences.values() if not cadence.stopped and not cadence.paused]
    meta = w.plan.runbook.metadata
    return Board(
        id=state.id,
        workflow_id=w.start.workflow_id,
        title=state.title,
        summary=state.summary,
        severity=state.severity,
        priority=priority(w),
        status=state.status,
        service=state.service,
        services=state.services,
        drill=w.start.drill,
        opened_at=state.opened_at,
        phase=phases[state.phase].id if 0 <= state.phase < len(phases) else None,
        runbook=f"{meta.name}@{meta.version}",
        plan_digest=w.start.plan_digest,
        roles=[
            RoleHolder(
                role=role.role,
                person=role.person,
                offered_to=role.offer.people or role.offer.targets if role.offer else [],
                since=role.since,
            )
            for role in state.roles.values()
        ],
        pending=list(w.pending),
        customers_affected=state.customers_affected,
        bridge=w.bridge()[0],
        ticket=state.ticket,
        channel=state.chat_channel,
        alerts=state.alerts.seen,
        leaderless=people.own_holder(w, people.COMMANDER) is None
        and state.status not in ("candidate", "rejected", "merged"),
        hold_outward=state.hold_outward,
        next_update_at=min(upcoming, default=None),
        sent=[
            {
                "n": s.n,
                "audience": s.audience,
                "purpose": s.purpose,
                "at": timestamp(s.at),
                "by": s.by,
                "subject": s.subject,
                "text": s.text,
                "via": s.via or [],
                "to": s.to,
                "held": s.held,
                "delivered": s.delivered,
            }
            for s in state.sent[-20:]
        ],
        drill_paused_at=state.drill_paused_at,
        injects=drills.coming(w),
        merged_into=state.merged_into,
        may=authority.authority(w),
        finished=state.finished,
        seq=state.seq,
        head=state.head,
    )
