"""The end: finals leave, background work is cancelled, handlers drain, `finally` runs, the review starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.language.runbook import all_steps
from mayday.walker import (
    alerts,
    blocks,
    cadences,
    candidates,
    engagements,
    failing,
    gates,
    handing_over,
    handlers,
    irrevocable,
    merging,
    phases,
    reviews,
    tasks,
)

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: ends without phases behind them: no finals to a public that never heard of it
QUIET = ("rejected", "merged")


def resume(w: Walker) -> None:
    """The stages of the end, one after the other, each only when the one before it is over."""
    state = w.state
    if state.status in ("rejected",) and state.ending is None:
        state.walked = True
    if state.ending is None:
        if not state.walked:
            return
        if state.status not in ("resolved", "cancelled", "rejected", "merged", "closed"):
            phases.ask_to_resolve(w)
            return
        state.ending = "finals"
        alerts.flush_summary(w)
        if w.start.edition >= 3:
            irrevocable.tell_under_way(w)
        candidates.never_confirmed(w)
        if state.status not in QUIET:
            cadences.finals(w, state.status)
        else:
            for cadence in state.cadences.values():
                if not cadence.stopped:
                    cadences.stop(w, cadence, f"incident {state.status}")
        _cancel_rest(w)
        w.touch()
    if state.ending == "finals" and reviews.finals_over(w):
        state.ending = "drain"
        w.touch()
    if state.ending == "drain":
        if state.status == "rejected":  # it was no incident: what it would have set going never begins
            state.handler_runs = []
        _drain_handlers(w)
        if all(run.over for run in state.handler_runs) and not _acting(w):
            state.ending = "finally"
            _cancel_rest(w)  # what handlers began meanwhile
            w.touch()
    if state.ending == "finally":
        closing = w.plan.runbook.finally_ if state.status not in QUIET else []
        if blocks.run(w, closing) != "running" and not _beside(w):
            state.ending = "last"
            if state.status != "merged" or not w.start.merges_cross:  # else they are told when the survivor ends
                merging.tell_absorbed(w)
    if state.ending == "last":
        _cancel_rest(w)
        engagements.end_all(w, f"incident {state.status}")
        _withdraw_unreviewed(w)
    if state.ending == "last" and not state.flights and (state.status != "merged" or state.survivor_ended):
        _finish(w)


def _beside(w: Walker) -> bool:
    """Whether a background step of `finally` goes on: what the author wrote for the end is part of it."""
    return any(path in w.state.steps and not w.state.steps[path].over for path in w.state.background)


def _silence(w: Walker) -> None:
    """Nothing rings for an incident that is over (zombie pages: Grafana OnCall #3111)."""
    for page in [*w.state.ringing, *(page for page in w.state.seen if page not in w.state.ringing)]:
        w.stop_page(page, f"incident {w.state.status}")


def _cancel_rest(w: Walker) -> None:
    _silence(w)
    unknown = irrevocable.unknown(w)
    for path in [*w.state.background, *w.state.ad_hoc_order]:
        state = w.state.steps.get(path)
        if state is not None and path not in unknown:
            failing.cancel(w, state, f"incident {w.state.status}")
    for task in list(w.state.tasks.values()):
        if (
            task.done_at is None
            and task.id not in unknown
            and task.kind != "confirm"
            and not task.id.startswith("review:final:")
        ):
            tasks.close(w, task.id, f"incident {w.state.status}")


def _withdraw_unreviewed(w: Walker) -> None:
    """Ratifications and spoken votes that wait go to the review; where there will be none, they end here."""
    if w.state.status == "resolved":
        return
    for gate in list(w.state.gates.values()):
        if gate.outcome is None:
            gates.settle(w, gate, "withdrawn", f"incident {w.state.status}")
    for task in list(w.state.tasks.values()):
        if task.done_at is None:
            tasks.close(w, task.id, f"incident {w.state.status}")


def _drain_handlers(w: Walker) -> None:
    """Handlers finish what they do; one that waits for people or for time is over, and nothing after it begins."""
    for run in w.state.handler_runs:
        if run.undecided:  # nobody has said what it depends on, and now nobody will
            run.over = True
            w.touch()
        if run.over or not handlers.begun(w, run):
            continue
        steps = w.definitions.handlers()[run.index].steps
        mine = {step.id for step in all_steps(steps)}
        if not any(flight.request.step.rpartition(".")[2] in mine for flight in w.state.flights.values()):
            failing.cancel_list(w, steps, f"incident {w.state.status}")
            run.over = True
            w.touch()


def _acting(w: Walker) -> bool:
    """Whether a dispatched action is still awaited, or somebody finds out whether it happened: it is never left behind
    unrecorded."""
    return any(flight.owner.startswith("do:") for flight in w.state.flights.values()) or bool(irrevocable.unknown(w))


def _finish(w: Walker) -> None:
    """The incident's run is over; from here on only the review appends to the chain, so it gets the chain's head."""
    reviewed = w.state.status == "resolved"
    if reviewed:
        w.entry("review_started", "system", "review", owner=handing_over.review_owner(w))
    seconds = int((w.now - w.state.opened_at).total_seconds())
    w.entry("finished", "system", None, status=w.state.status, seconds=seconds, entries=w.state.seq + 1)
    w.state.finished = True
    if reviewed:
        handing_over.start_review(w)
