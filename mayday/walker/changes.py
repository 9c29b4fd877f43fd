"""A change that was not approved is told so in its own record at the ticket desk: rejected, lapsed or withdrawn.

An approval is written there when the change is carried out (`change.execute`); nothing is carried out that was not
approved, so this is an effect of the gate itself. A change that no desk knows by that name has no record to write into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.domain.effects import NOTE_CHANGE, ActionRequest, EffectResult
from mayday.language.expressions import ExpressionError, parse_template
from mayday.language.runbook import Step
from mayday.walker.state import Flight, Gate

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

NOT_APPROVED = ("rejected", "lapsed", "withdrawn")


def named_in(w: Walker, step: Step, path: str) -> str | None:
    """The change that a gate is about, with today's values; None where it names none."""
    if not w.start.tells_changes or step.subject is None or not step.subject.change:
        return None
    try:
        return parse_template(step.subject.change).render(w.scope(path)).strip() or None
    except ExpressionError:
        return None


def tell(w: Walker, gate: Gate) -> None:
    """Have it written into the change's record, where the gate did not approve it."""
    if gate.change is None or gate.outcome not in NOT_APPROVED:
        return
    inputs = {"change": gate.change, "text": _words(w, gate)}
    w.ask(
        NOTE_CHANGE,
        f"change:{gate.path}",
        lambda key: ActionRequest(effect_key=key, incident=w.card(), action=NOTE_CHANGE, inputs=inputs),
        owner=f"change:{gate.path}",
        effect_class="notify",
        summary=f"tell {gate.change} that it is {gate.outcome}",
    )


def told(w: Walker, path: str, flight: Flight, result: EffectResult) -> None:
    """Say that it stands in the record, or why it does not."""
    change = flight.request.payload["inputs"]["change"]
    if result.failure is not None:
        reason = f"{change} was not told: {result.failure.message}"
        w.entry("action_failed", "system", path, action=NOTE_CHANGE, reason=reason)
    elif result.value.get("outputs", {}).get("noted"):
        unreached = result.value.get("unreached") or None
        w.entry("action_finished", "system", path, action=NOTE_CHANGE, outputs={"change": change}, unreached=unreached)


def _words(w: Walker, gate: Gate) -> str:
    """The decision as the change's readers and auditors need it."""
    lines = [
        f"Not approved in the major incident {w.state.id}: {w.start.base_url}/incidents/{w.state.id}",
        f"Decision {gate.ref}, {gate.outcome}: {gate.reason or '-'}",
    ]
    if gate.ballots:
        votes = (f"{person} {ballot.choice} ({ballot.reason or '-'})" for person, ballot in gate.ballots.items())
        lines.append(f"Votes: {', '.join(votes)}")
    if gate.digest:
        lines.append(f"What was asked for: sha256 {gate.digest}")
    return "\n".join(lines)
