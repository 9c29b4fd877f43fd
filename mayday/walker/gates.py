"""Decision gates: opening, calling the voters, reminders, escalation, lapse and outcome.

No answer is never a yes: a gate that nobody answered lapses, one that is left is withdrawn, and neither approves.
Who may vote and what the votes mean stands in ballots.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.domain.effects import RESOLVE, EffectResult, ResolveRequest, Roster
from mayday.domain.incident import Pending
from mayday.walker import ballots, changes, deadlines, ladders, people, registry, tasks
from mayday.walker.state import Flight, Gate

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def open_gate(w: Walker, gate: Gate) -> None:
    """Open a gate: schedules among the voters are resolved first, then everybody is called."""
    w.state.gates[gate.path] = gate
    schedules = [ref for ref in gate.sources if ref.startswith("schedule.")]
    if schedules and not gate.resolved:
        w.ask(
            RESOLVE,
            gate.path,
            lambda key: ResolveRequest(
                effect_key=key,
                targets=schedules,
                fallback={ref: w.on_call(ref) or people.people_of(w, ref) for ref in schedules},
            ),
            owner=f"roster:{gate.path}",
            effect_class="read",
            summary=f"who votes on {gate.path}",
        )
        return
    make_ready(w, gate)


def roster_known(w: Walker, path: str, flight: Flight, result: EffectResult) -> None:
    gate = w.state.gates.get(path)
    if gate is None or gate.ready or gate.outcome is not None:
        return
    if result.failure is None:
        gate.resolved = Roster.model_validate(result.value).people
    else:
        gate.resolved = dict(flight.request.payload.get("fallback", {}))
    make_ready(w, gate)


def make_ready(w: Walker, gate: Gate) -> None:
    gate.ready = True
    ballots.seat(w, gate)
    w.entry(
        "gate_opened",
        "system",
        gate.path,
        decision=gate.path,
        question=gate.question,
        voters=gate.seats,
        approvals=gate.approvals,
        required=ballots.required(gate) or None,
        stands_in=gate.stands_in or None,
        excluded=gate.excluded or None,
        due_at=gate.due_at,
        digest=gate.digest or None,
        then=gate.then,
        requester=gate.requester,
        ratifies=gate.ratifies,
    )
    call_voters(w, gate, gate.seats)
    gate.answer_at = w.after(gate.answer_within_s) if gate.delegates else None
    gate.remind_at = w.after(gate.remind_every_s) if gate.remind_every_s else None
    if len(gate.seats) < gate.approvals and gate.escalate:
        escalate(w, gate, "fewer eligible voters than approvals")
    ballots.opened(w, gate)


def call_voters(w: Walker, gate: Gate, voters: list[str], words: str = "") -> None:
    """Page voters; the gate's page never rings for somebody who has voted."""
    waiting = [person for person in voters if person not in gate.ballots]
    if not waiting:
        return
    gate.pages += 1
    w.page(
        gate.path,
        [f"person.{person}" for person in waiting],
        f"{words}{w.state.title}: {gate.question}",
        owner=f"vote:{gate.path}",
        purpose="vote",
        via=gate.via or None,
        choices=gate.options,
    )


def ask_again(w: Walker, gate: Gate, words: str) -> None:
    """A question that came from another incident, or back from it: whoever has not answered is called from here."""
    if gate.ready:
        call_voters(w, gate, ballots.silent(w, gate), words)
    else:  # who votes was being found out where it comes from
        open_gate(w, gate)


def called(w: Walker, path: str, flight: Flight, result: EffectResult) -> None:
    """Voters were paged; one whom no channel reached is an entry, and the reminder tries again."""
    ladders.answered(w, path, flight, result)


def resume(w: Walker) -> None:
    for gate in list(w.state.gates.values()):
        if gate.outcome is None and gate.ready:
            _resume_open(w, gate)


def _resume_open(w: Walker, gate: Gate) -> None:
    due = w.due(gate.due_at)
    if gate.answer_at is not None and not gate.delegates_paged and w.expired(gate.answer_at):
        gate.delegates_paged = True
        _page_delegates(w, gate)
    if (
        gate.remind_at is not None
        and (gate.due_at is None or gate.remind_at < gate.due_at)
        and w.expired(gate.remind_at)
    ):
        gate.remind_at = w.after(gate.remind_every_s or 300)
        w.entry("gate_reminded", "system", gate.path, decision=gate.path, waiting=ballots.silent(w, gate))
        call_voters(w, gate, ballots.silent(w, gate), "Reminder: ")
    if gate.due_at is not None and w.expired(gate.due_at):
        if gate.escalate and not gate.escalated:
            escalate(w, gate, "no decision in time")
        else:
            lapse(w, gate)
        return
    ask = {
        "id": gate.path,
        "kind": "decision",
        "for": ballots.silent(w, gate),
        "text": gate.question,
        "due_at": due,
        "then": f"escalates to {gate.escalate}" if gate.escalate and not gate.escalated else gate.then,
        "detail": {
            "approvals": gate.approvals,
            "votes": {person: ballot.choice for person, ballot in gate.ballots.items()},
            "voters": gate.seats,
            "options": gate.options,
            "digest": gate.digest,
        },
    }
    w.pend(Pending.model_validate(ask))


def _page_delegates(w: Walker, gate: Gate) -> None:
    """A voter who has not answered within `answer_within`: the delegate is asked."""
    delegates = [
        delegate
        for person in ballots.silent(w, gate)
        if (delegate := people.delegate_of(w, person, gate.path))
        and delegate not in gate.seats
        and delegate not in gate.excluded
    ]
    if delegates:
        w.entry("gate_delegated", "system", gate.path, decision=gate.path, to=people.unique(delegates))
        call_voters(w, gate, people.unique(delegates), "As delegate: ")


def escalate(w: Walker, gate: Gate, reason: str) -> None:
    """The person named by `escalate` becomes a voter and is paged; the gate gets its extension."""
    gate.escalated = True
    added = [person for person in people.people_of(w, gate.escalate or "") if person not in gate.excluded]
    gate.seats = people.unique([*gate.seats, *added])
    if gate.due_at is not None and gate.extend_s:
        gate.due_at = max(w.due(gate.due_at) or w.now, w.now) if reason != "no decision in time" else w.now
        gate.due_at = gate.due_at + (w.after(gate.extend_s) - w.now)
    w.entry(
        "gate_escalated",
        "system",
        gate.path,
        decision=gate.path,
        to=gate.escalate,
        people=added,
        reason=reason,
        due_at=gate.due_at,
    )
    call_voters(w, gate, added, "Escalated to you: ")
    if gate.due_at is not None and not gate.extend_s and reason == "no decision in time":
        lapse(w, gate)


def lapse(w: Walker, gate: Gate) -> None:
    """Nobody answered in time: what the author wrote, and the record says it was no decision of people."""
    settle(w, gate, gate.then, "no decision in time")


def settle(w: Walker, gate: Gate, outcome: str, reason: str | None, by: str = "system") -> None:
    """The outcome exists: votes are closed, pages stop, the branch can run."""
    if gate.outcome is not None:
        return
    gate.outcome, gate.outcome_at, gate.reason = outcome, w.now, reason
    for task in list(w.state.tasks.values()):
        if task.owner == f"witness:{gate.path}":
            tasks.close(w, task.id, "the decision is over")
    w.entry(
        "gate_decided",
        by,
        gate.path,
        decision=gate.path,
        outcome=outcome,
        reason=reason,
        ref=gate.ref,
        ratifies=gate.ratifies,
        votes={person: ballot.choice for person, ballot in gate.ballots.items()},
        digest=gate.digest or None,
        after_s=int((w.now - gate.opened_at).total_seconds()),
    )
    if gate.pages:
        w.stop_page(gate.path, f"decided: {outcome}")
    changes.tell(w, gate)
    registry.emit(w, "decision.decided", {"decision": gate.path, "outcome": outcome})
    if gate.ratifies and outcome != "approved":
        w.entry(
            "finding",
            "system",
            gate.ratifies,
            finding="unapproved",
            decision=gate.ratifies,
            reason=f"ratification {outcome}",
        )


def reopen(w: Walker, gate: Gate, digest: str) -> None:
    """What would be executed has changed: the approval is void and the question is asked again."""
    length = (gate.due_at - gate.opened_at) if gate.due_at else None
    if length is not None and w.start.gives_time_back:  # it was moved
        length -= deadlines.lost_between(w, gate.opened_at, gate.outcome_at or w.now)
    gate.ballots, gate.outcome, gate.outcome_at, gate.reason, gate.digest = {}, None, None, None, digest
    gate.opened_at, gate.due_at = w.now, w.now + length if length else None
    gate.change = changes.named_in(w, w.step(gate.path), gate.path)
    gate.escalated, gate.delegates_paged, gate.ready = False, False, True
    gate.broken_by = {}
    w.entry("gate_reopened", "system", gate.path, decision=gate.path, digest=digest, due_at=gate.due_at)
    call_voters(w, gate, gate.seats, "Changed since you approved it: ")
    gate.answer_at = w.after(gate.answer_within_s) if gate.delegates else None
    gate.remind_at = w.after(gate.remind_every_s) if gate.remind_every_s else None


def ratify(w: Walker, gate: Gate) -> None:
    """After break-glass: the people who should have decided say afterwards whether it was right."""
    open_gate(
        w,
        Gate(
            path=f"ratify:{gate.path}",
            question=f"Ratify afterwards: {gate.question}",
            opened_at=w.now,
            ready=False,
            sources=gate.sources,
            resolved=gate.resolved,
            approvals=gate.approvals,
            required=gate.required,
            veto=gate.veto,
            excluded={**gate.excluded, **dict.fromkeys(gate.broken_by, "broke the glass")},
            delegates=gate.delegates,
            via=gate.via,
            answer_within_s=gate.answer_within_s,
            requester=gate.requester,
            implementer=gate.implementer,
            due_at=w.after(gate.ratify_within_s or 86_400),
            then="lapsed",
            digest=gate.digest,
            ref=f"{gate.ref}-R",
            ratifies=gate.path,
            remind_every_s=86_400,
        ),
    )
