"""Who sits at a gate, who may vote for a seat, and what the votes add up to.

One person counts once, whatever roles, groups or delegations name them. A delegate answers for a silent principal; an
excluded person can be nobody's delegate (LANGUAGE.md "Gate").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Delegate, Refusal, Vote
from mayday.language.runbook import Step
from mayday.walker import deadlines, gates, people, registry, tasks
from mayday.walker.state import Ballot, Gate

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

DAY_S = 86_400


def seat(w: Walker, gate: Gate) -> None:
    """Resolve the sources to people, less those excluded."""
    named: list[str] = []
    for ref in gate.sources:
        named += gate.resolved.get(ref) or ([] if ref.startswith("schedule.") else people.people_of(w, ref))
    gate.seats = [person for person in people.unique(named) if person not in gate.excluded]
    if w.start.edition >= 3:
        gate.stands_in = _stand_ins(w, gate)
        gate.seats = people.unique([*gate.seats, *gate.stands_in.values()])


def _stand_ins(w: Walker, gate: Gate) -> dict[str, str]:
    """Delegates who sit from the beginning, because whom the author requires asked for it or would carry it out."""
    found = {person: people.delegate_of(w, person, gate.path) for person in gate.required if person in gate.excluded}
    if not gate.delegates:
        return {}
    return {person: delegate for person, delegate in found.items() if delegate and delegate not in gate.excluded}


def required_by(w: Walker, step: Step) -> list[str]:
    """Whose yes a gate requires, as its roles are held now."""
    refs = step.voters.required if step.voters else []
    return [person for ref in refs for person in people.people_of(w, ref)]


def required(gate: Gate) -> list[str]:
    """Whose yes it takes, as things stand: a required voter's, or their stand-in's."""
    return [gate.stands_in.get(person, person) for person in gate.required]


def opened(w: Walker, gate: Gate) -> None:
    """What can be approved by nobody is not waited for, unless the glass may be broken, or a role may change hands."""
    waits = gate.break_by or any(ref.startswith("role.") for ref in gate.sources)
    if w.start.edition >= 3 and gate.outcome is None and not waits:
        tally(w, gate)


def reseat(w: Walker, role: str) -> None:
    """A handover: gates that name the role are resolved again, and it is logged."""
    for gate in w.state.gates.values():
        if gate.outcome is None and f"role.{role}" in gate.sources:
            before = list(gate.seats)
            if w.start.edition >= 3:
                gate.required = required_by(w, w.step(gate.ratifies or gate.path))
            seat(w, gate)
            if gate.seats != before:
                w.entry("gate_reseated", "system", gate.path, decision=gate.path, voters=gate.seats, was=before)
                gates.call_voters(w, gate, [person for person in gate.seats if person not in before])


def silent(w: Walker, gate: Gate) -> list[str]:
    """Seats without an answer."""
    filled = filled_seats(w, gate)
    return [person for person in gate.seats if person not in filled]


def filled_seats(w: Walker, gate: Gate) -> dict[str, Ballot]:
    """Which ballot fills which seat: one's own first, then a delegate's, each person once."""
    counted = {person: ballot for person, ballot in gate.ballots.items() if ballot.witnessed}
    filled = {person: counted[person] for person in gate.seats if person in counted}
    used = set(filled)
    if gate.delegates:
        for person in gate.seats:
            delegate = people.delegate_of(w, person, gate.path)
            if person not in filled and delegate in counted and delegate not in used and delegate is not None:
                filled[person] = counted[delegate]
                used.add(delegate)
    return filled


def tally(w: Walker, gate: Gate) -> None:
    """Settle the gate as soon as the votes decide it."""
    filled = filled_seats(w, gate)
    if gate.options:
        _tally_options(w, gate, filled)
        return
    yes = [person for person, ballot in filled.items() if ballot.choice == "approve"]
    no = [ballot for ballot in filled.values() if ballot.choice == "reject"]
    undecided = len(gate.seats) - len(filled)
    if gate.veto and no:
        gates.settle(w, gate, "rejected", _last_reason(gate, "reject"))
    elif len(yes) >= gate.approvals and all(_approves(w, gate, filled, person) for person in required(gate)):
        gates.settle(w, gate, "approved", _last_reason(gate, "approve"))
    elif len(yes) + undecided < gate.approvals or any(
        person in filled and filled[person].choice in ("reject", "abstain") for person in required(gate)
    ):
        reason = _last_reason(gate, "reject") or _last_reason(gate, "abstain") or _out_of_reach(w, gate)
        gates.settle(w, gate, "rejected", reason)
    elif w.start.edition >= 3 and not set(required(gate)) <= set(gate.seats):
        gates.settle(w, gate, "rejected", _out_of_reach(w, gate))


def _approves(w: Walker, gate: Gate, filled: dict[str, Ballot], person: str) -> bool:
    return person in filled and filled[person].choice == "approve"


def _out_of_reach(w: Walker, gate: Gate) -> str | None:
    """Why nobody's votes could have approved it."""
    if w.start.edition < 3:
        return None
    missing = [person for person in required(gate) if person not in gate.seats]
    if missing:
        names = " and ".join(people.name_of(w, person) for person in missing)
        return f"it takes the yes of {names}, who may not vote here"
    if len(gate.seats) < gate.approvals:
        return f"{len(gate.seats) or 'nobody'} may vote, {gate.approvals} have to approve"
    return None


def _tally_options(w: Walker, gate: Gate, filled: dict[str, Ballot]) -> None:
    counts = {option: sum(1 for ballot in filled.values() if ballot.choice == option) for option in gate.options}
    undecided = len(gate.seats) - len(filled)
    for option, count in counts.items():
        if count >= gate.approvals:
            gates.settle(w, gate, option, _last_reason(gate, option))
            return
    if max(counts.values(), default=0) + undecided < gate.approvals:
        gates.settle(w, gate, gate.then, "no option can be reached")


def _last_reason(gate: Gate, choice: str) -> str | None:
    given = [ballot for ballot in gate.ballots.values() if ballot.choice == choice and ballot.reason]
    return max(given, key=lambda ballot: ballot.at).reason if given else None


# votes ----------------------------------------------------------------------------------------------------------


def refusal(w: Walker, vote: Vote) -> Refusal | None:
    gate = w.state.gates.get(vote.decision)
    if gate is None:
        return _not_open(w, vote.decision)
    voter = vote.on_behalf_of or vote.actor
    if vote.choice == "break_glass":
        return _break_refusal(w, gate, vote)
    if gate.outcome is not None:
        return Refusal(code="closed", reason=f"{gate.path} is decided: {gate.outcome}")
    if not gate.ready:
        return Refusal(code="not_open", reason=f"{gate.path} is not open yet")
    due = w.due(gate.due_at)
    if due is not None and vote.received_at > due and w.now >= due:
        return Refusal(code="closed", reason=f"{gate.path} was open until {due:%H:%M:%S}")
    if voter in gate.excluded:
        return Refusal(code="excluded", reason=f"{voter} may not vote on {gate.path}: {gate.excluded[voter]}")
    if voter not in voters(w, gate):
        return Refusal(
            code="not_a_voter",
            reason=f"{voter} is no voter of {gate.path}; it asks {', '.join(gate.seats) or 'nobody'}",
        )
    choices = gate.options or ["approve", "reject"]
    if vote.choice not in (*choices, "abstain"):
        return Refusal(
            code="invalid", reason=f"choice: {vote.choice!r} is not one of {', '.join((*choices, 'abstain'))}"
        )
    if vote.on_behalf_of is not None:
        return _verbal_refusal(w, gate, vote)
    return None


def _not_open(w: Walker, decision: str) -> Refusal:
    name = decision.rpartition(".")[2].removeprefix("ratify:")
    if w.definitions.known(name) and w.definitions.step(name).decide is not None:
        state = w.state.steps.get(decision)
        if state is not None and state.over:
            return Refusal(code="closed", reason=f"{decision} was {state.status}")
        return Refusal(code="not_open", reason=f"{decision} has not been opened yet")
    return Refusal(code="unknown", reason=f"there is no decision {decision}")


def voters(w: Walker, gate: Gate) -> list[str]:
    """Who may vote: those who were asked, and where it takes delegates whoever answers for one of them."""
    delegates = [people.delegate_of(w, seat, gate.path) for seat in gate.seats] if gate.delegates else []
    return people.unique([*gate.seats, *filter(None, delegates)])


def _verbal_refusal(w: Walker, gate: Gate, vote: Vote) -> Refusal | None:
    """A spoken vote: recorder and witness are two people, neither the requester nor the voter."""
    if not gate.verbal:
        return Refusal(code="invalid", reason=f"{gate.path} takes no verbal votes")
    if vote.heard_by is None or vote.heard_by not in w.plan.people:
        return Refusal(code="invalid", reason="heard_by: a second person who heard it is needed")
    if vote.heard_by == vote.actor or vote.on_behalf_of in (vote.actor, vote.heard_by):
        return Refusal(code="invalid", reason="recorder, witness and voter have to be three people")
    for person, part in ((vote.actor, "record"), (vote.heard_by, "witness")):
        if person == gate.requester or not people.known(w, person):
            return Refusal(
                code="excluded", reason=f"{person} may not {part} a vote on {gate.path}: asked for it, or no person"
            )
    return None


def cast(w: Walker, vote: Vote) -> dict[str, Any]:
    gate = w.state.gates[vote.decision]
    people.respond(w, vote.actor)
    if vote.choice == "break_glass":
        return _break_glass(w, gate, vote)
    voter = vote.on_behalf_of or vote.actor
    spoken = vote.on_behalf_of is not None
    for task in (_confirmation(gate, voter), _witness(gate, voter)):
        tasks.close(w, task, f"{voter} voted anew")
    gate.ballots[voter] = Ballot(
        person=voter,
        choice=vote.choice,
        reason=vote.reason,
        at=w.now,
        recorded_by=vote.actor if spoken else None,
        heard_by=vote.heard_by,
        witnessed=not spoken,
        confirmed=not spoken,
    )
    w.entry(
        "voted",
        vote.actor,
        gate.path,
        decision=gate.path,
        choice=vote.choice,
        reason=vote.reason or None,
        digest=gate.digest or None,
        on_behalf_of=vote.on_behalf_of,
        heard_by=vote.heard_by,
        channel=vote.channel,
        after_s=deadlines.answered_after_s(w, vote.received_at, gate.opened_at),
    )
    if spoken:
        _ask_witness(w, gate, voter, vote)
    tally(w, gate)
    return {"decision": gate.path, "choice": vote.choice, "outcome": gate.outcome}


def _confirmation(gate: Gate, voter: str) -> str:
    return f"confirm:{gate.path}:{voter}"


def _witness(gate: Gate, voter: str) -> str:
    return f"confirm:{gate.path}:{voter}:witness"


def _ask_witness(w: Walker, gate: Gate, voter: str, vote: Vote) -> None:
    """The vote counts when the witness confirms it; the voter confirms within 24 h, or it is an exception."""
    fields = {"heard": {"type": "boolean", "required": True}}
    words = f"{people.name_of(w, voter)} said {vote.choice} to: {gate.question}"
    tasks.open_task(
        w,
        _witness(gate, voter),
        "confirm",
        f"Confirm that you heard it: {words}",
        to=f"person.{vote.heard_by}",
        fields=fields,
        owner=f"witness:{gate.path}",
        detail={"voter": voter},
        urgent=True,
    )
    tasks.open_task(
        w,
        _confirmation(gate, voter),
        "confirm",
        f"Confirm your spoken vote: {words}",
        to=f"person.{voter}",
        fields={"confirmed": {"type": "boolean", "required": True}},
        due_s=DAY_S,
        owner=f"spoken:{gate.path}",
        detail={"voter": voter},
    )


def witness_answered(w: Walker, path: str, voter: str, heard: bool, by: str) -> None:
    gate = w.state.gates.get(path)
    ballot = gate.ballots.get(voter) if gate else None
    if gate is None or ballot is None:
        return
    if heard:
        ballot.witnessed = True
        w.entry("vote_witnessed", by, path, decision=path, voter=voter, choice=ballot.choice)
        if gate.outcome is None:
            tally(w, gate)
    else:
        del gate.ballots[voter]
        w.entry("vote_withdrawn", by, path, decision=path, voter=voter, reason="the witness did not hear it")


def voter_answered(w: Walker, path: str, voter: str, confirmed: bool, by: str) -> None:
    gate = w.state.gates.get(path)
    ballot = gate.ballots.get(voter) if gate else None
    if ballot is not None:
        ballot.confirmed = confirmed
    if confirmed:
        w.entry("vote_confirmed", by, path, decision=path, voter=voter)
        return
    w.entry("finding", by, path, finding="verbal_vote_denied", decision=path, voter=voter)
    if gate is not None and ballot is not None and gate.outcome is None:
        del gate.ballots[voter]
        tasks.close(w, _witness(gate, voter), f"{voter} did not say it")
        w.entry("vote_withdrawn", by, path, decision=path, voter=voter, reason="the voter did not say it")


# break-glass and delegation -------------------------------------------------------------------------------------


def _break_refusal(w: Walker, gate: Gate, vote: Vote) -> Refusal | None:
    if not gate.break_by:
        return Refusal(code="invalid", reason=f"{gate.path} has no break-glass")
    if not gate.ready:
        return Refusal(code="not_open", reason=f"{gate.path} opens as soon as its voters are known")
    if gate.outcome not in (None, "lapsed"):
        return Refusal(code="closed", reason=f"{gate.path} is decided: {gate.outcome}")
    if vote.actor not in (*gate.break_by, *gate.break_second):
        return Refusal(code="not_a_voter", reason=f"{vote.actor} may not break the glass of {gate.path}")
    if not vote.reason.strip():
        return Refusal(code="invalid", reason="reason: breaking the glass needs one")
    return None


def _break_glass(w: Walker, gate: Gate, vote: Vote) -> dict[str, Any]:
    """Two named people, one of `by` and one of `second`: the approved branch runs, and is ratified or not later."""
    gate.broken_by[vote.actor] = vote.reason
    w.entry("glass_touched", vote.actor, gate.path, decision=gate.path, reason=vote.reason, channel=vote.channel)
    first = [person for person in gate.broken_by if person in gate.break_by]
    second = [person for person in gate.broken_by if person in gate.break_second]
    if any(one != other for one in first for other in second):
        gate.outcome = None
        gates.settle(w, gate, "unapproved_emergency", vote.reason, vote.actor)
        gates.ratify(w, gate)
        registry.gate_over(w, gate.path)
    elif w.start.edition >= 3:
        _call_second(w, gate, vote)
    return {"decision": gate.path, "choice": vote.choice, "outcome": gate.outcome}


def _call_second(w: Walker, gate: Gate, vote: Vote) -> None:
    """One of two has done it, and nobody should have to look for the other: whoever can be that one is called."""
    able = [
        *(gate.break_second if vote.actor in gate.break_by else []),
        *(gate.break_by if vote.actor in gate.break_second else []),
    ]
    wanted = [person for person in people.unique(able) if person not in gate.broken_by]
    if wanted:
        gate.pages += 1
        w.page(
            gate.path,
            [f"person.{person}" for person in wanted],
            f"{w.state.title}: {people.name_of(w, vote.actor)} breaks the glass ({vote.reason}). It takes you as well,"
            f" or nothing happens: {gate.question}",
            owner=f"vote:{gate.path}",
            purpose="notice",
            via=gate.via or None,
        )


def delegation_refusal(w: Walker, command: Delegate) -> Refusal | None:
    if not people.known(w, command.actor):
        return Refusal(code="not_yours", reason="only a person delegates")
    if not people.known(w, command.to) or command.to == command.actor:
        return Refusal(code="unknown", reason=f"to: {command.to!r} is no other person of the catalog")
    if command.decision is None:
        return None
    gate = w.state.gates.get(command.decision)
    if gate is None:
        return _not_open(w, command.decision)
    if gate.outcome is not None:
        return Refusal(code="closed", reason=f"{gate.path} is decided: {gate.outcome}")
    if command.actor not in gate.seats:
        return Refusal(code="not_a_voter", reason=f"{command.actor} is no voter of {gate.path}")
    if command.to in gate.excluded:
        return Refusal(code="excluded", reason=f"{command.to} may not vote on {gate.path}: {gate.excluded[command.to]}")
    if not gate.delegates:
        return Refusal(code="invalid", reason=f"{gate.path} takes no delegates")
    return None


def delegate(w: Walker, command: Delegate) -> dict[str, Any]:
    key = f"{command.actor}/{command.decision}" if command.decision else command.actor
    w.state.delegations[key] = command.to
    w.entry(
        "delegated", command.actor, command.decision, to=command.to, decision=command.decision, channel=command.channel
    )
    for gate in w.state.gates.values():
        if (
            gate.outcome is None
            and gate.delegates
            and command.actor in gate.seats
            and command.decision in (None, gate.path)
        ):
            gates.call_voters(w, gate, [command.to], f"{people.name_of(w, command.actor)} delegates to you: ")
    return {"to": command.to}
