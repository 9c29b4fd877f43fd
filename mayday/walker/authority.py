"""Who may, said beforehand: the same lists that the rules of the commands hold a sender against.

A page shows a button to whom it would not be refused, and to the others who it is for. The lists are made by the rules'
own functions, so nothing is said twice; whether a command counts is still its rule's to decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.walker import (
    ballots,
    candidates,
    command_rules,
    declining,
    ladders,
    messages,
    people,
    roles,
    succession,
    tasks,
)
from mayday.walker.state import Gate

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: what commander and deputy decide, and the machine's administrator
LEADERS = ("status", "severity", "add_step", "merge", "override", "role")

#: what else a kind is sent for, and shown as a thing of its own
PARTS = {"vote": ("vote_for", "break_glass")}


def authority(w: Walker) -> dict[str, list[str]]:
    """Actors by command: a kind, or `kind:what` where it is about one thing. Nobody: it is not taken as things are.

    A kind that is not in it is for everybody whom the door lets in.
    """
    leaders = people.leaders(w)
    found = {
        **dict.fromkeys(LEADERS, leaders),
        "hold_outward": messages.holders(w),
        "reopen": leaders if w.state.status == "resolved" and w.state.ending is not None else [],
        "candidate": candidates.deciders(w) if w.state.status == "candidate" else [],
    }
    for name, role in w.state.roles.items():
        if role.person is not None:
            found[f"role:{name}"] = succession.givers(w, name)
        if role.offer is not None:
            found[f"accept:{name}"] = roles.takers(w, role)
            found[f"decline:role:{name}"] = declining.decliners(w, role)
    for ladder in w.state.ladders.values():
        if ladder.acked_by is not None:
            found[f"ack:{ladder.path}"] = [ladder.acked_by]  # who has arrived says so
            found[f"decline:{ladder.path}"] = []
        elif not ladder.closed:
            found[f"ack:{ladder.path}"] = ladders.answerers(w, ladder)
            found[f"decline:{ladder.path}"] = declining.decliners(w, ladder)
    for gate in w.state.gates.values():
        found |= _at_a_gate(w, gate)
    for task in w.state.tasks.values():
        if task.done_at is None:
            found[f"complete:{task.id}"] = tasks.answerers(w, task)
            found[f"accept:{task.id}"] = [one for one in tasks.takers(w, task) if one != people.OWNER]
    shut = [kind for kind in command_rules.RULES if command_rules.not_now(w, kind) is not None]
    shut += [part for kind, parts in PARTS.items() if kind in shut for part in parts]
    open_now = {what: actors for what, actors in found.items() if what.partition(":")[0] not in shut}
    return open_now | {kind: [] for kind in shut}


def _at_a_gate(w: Walker, gate: Gate) -> dict[str, list[str]]:
    """Voting, breaking the glass, and taking down what was said; `vote_for` is absent where anybody may write it."""
    found: dict[str, list[str]] = {}
    if gate.ready and gate.outcome is None:
        found[f"vote:{gate.path}"] = [one for one in ballots.voters(w, gate) if one not in gate.excluded]
        if not gate.verbal:
            found[f"vote_for:{gate.path}"] = []
    if gate.ready and gate.break_by and gate.outcome in (None, "lapsed"):
        found[f"break_glass:{gate.path}"] = people.unique([*gate.break_by, *gate.break_second])
    return found
