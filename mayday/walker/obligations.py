"""What the runbook owes beyond the incident's end, worked out as it ends (docs/adr/0142).

What cannot be told is owed, and from the opening on: a duty that is met too early, or for nothing, hurts nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mayday.domain.review.owed import PlannedObligation
from mayday.domain.review.pace import elapsed
from mayday.language.expressions import ExpressionError, evaluate_condition, is_template, parse_template
from mayday.language.runbook import ObligationSpec
from mayday.walker import people

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


DONE = ("done", "decided", "acknowledged", "replied")


def owed_beyond(w: Walker, owner: str | None) -> list[PlannedObligation]:
    """The obligations of `review`, each with its owner: the first of whom it names, else the review's `owner`."""
    spec = w.plan.runbook.review
    listed = [one.id for one in spec.obligations] if spec else []
    found: list[PlannedObligation] = []
    for one in spec.obligations if spec else []:
        after = one.after.removesuffix(".done")
        waits = after in listed
        if (waits and after not in [before.id for before in found]) or not _is_owed(w, one):
            continue  # what follows from something that is not owed is not owed either
        begins = None if waits else _begins(w, one.after)
        found.append(
            PlannedObligation(
                id=one.id,
                text=_filled_in(w, one.text),
                owner=next((person for person in (*people.people_of(w, one.to)[:1], owner) if person), one.to),
                within=one.within,
                after=after if waits else None,
                due_at=begins + elapsed(one.within) if begins is not None else None,
                every=one.remind_every,
            )
        )
    return found


def _is_owed(w: Walker, one: ObligationSpec) -> bool:
    try:
        return one.when is None or evaluate_condition(one.when, w.scope())
    except ExpressionError:
        return True


def _filled_in(w: Walker, text: str) -> str:
    try:
        return parse_template(text).render(w.scope())
    except ExpressionError:
        return text


def _begins(w: Walker, after: str) -> datetime:
    """When its time begins; with the opening where the moment never came, or where nobody has said it."""
    if after == "resolved":
        return w.state.resolved_at or w.now
    if is_template(after):
        try:
            return _moment(parse_template(after).value(w.scope())) or w.state.opened_at
        except ExpressionError:
            return w.state.opened_at
    return max(_ends_of(w, after.removesuffix(".done")), default=w.state.opened_at)


def _ends_of(w: Walker, step: str) -> list[datetime]:
    """When a step was done, once for each round of a loop that it stands in."""
    states = [state for path, state in w.state.steps.items() if path.rpartition(".")[2] == step]
    return [state.ended_at for state in states if state.status in DONE and state.ended_at is not None]


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    except ValueError:
        return None
    return found if isinstance(found, datetime) and found.tzinfo is not None else None
