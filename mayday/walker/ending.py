"""The end: finals leave, background work is cancelled, handlers drain, `finally` runs, the review starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.effects import EffectResult, Wire
from mayday.walker import alerts, blocks, cadences, failing, merging, people, phases, reviews, tasks
from mayday.walker.state import Flight

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

START_REVIEW = "review.start"
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
        if state.status not in QUIET:
            cadences.finals(w, state.status)
        else:
            for cadence in state.cadences.values():
                if not cadence.stopped:
                    cadences.stop(w, cadence, f"incident {state.status}")
        w.touch()
    if state.ending == "finals" and reviews.finals_over(w):
        _cancel_rest(w)
        state.ending = "drain"
        w.touch()
    if state.ending == "drain" and all(run.over for run in state.handler_runs) and not _acting(w):
        state.ending = "finally"
        w.touch()
    if state.ending == "finally":
        closing = w.plan.runbook.finally_ if state.status not in QUIET else []
        if blocks.run(w, closing) != "running":
            state.ending = "review"
            _start_review(w)
            merging.tell_absorbed(w)
    if state.ending == "review" and not state.flights and (state.status != "merged" or state.survivor_ended):
        _finish(w)


def _cancel_rest(w: Walker) -> None:
    for path in [*w.state.background, *w.state.ad_hoc_order]:
        state = w.state.steps.get(path)
        if state is not None:
            failing.cancel(w, state, f"incident {w.state.status}")
    for run in w.state.handler_runs:
        if not run.over:
            failing.cancel_list(w, w.definitions.handlers()[run.index].steps, f"incident {w.state.status}")
    for task in list(w.state.tasks.values()):
        if task.done_at is None and task.kind not in ("confirm",):
            tasks.close(w, task.id, f"incident {w.state.status}")
    for role in w.state.roles.values():
        if role.offer is not None:
            role.offer = None
            w.stop_page(f"role:{role.role}", f"incident {w.state.status}")


def _acting(w: Walker) -> bool:
    """Whether a dispatched action is still awaited: it is never left behind unrecorded."""
    return any(flight.owner.startswith("do:") for flight in w.state.flights.values())


class _ReviewStart(Wire):
    effect_key: str
    incident: dict[str, Any]
    review: dict[str, Any]


def _start_review(w: Walker) -> None:
    """A resolved incident is reviewed by a workflow of its own, which inherits what is still owed."""
    state, spec = w.state, w.plan.runbook.review
    w.touch()
    if state.status != "resolved":
        return
    owner = people.people_of(w, spec.owner)[:1] if spec else []
    body = {
        "incident_id": state.id,
        "workflow_id": w.start.workflow_id,
        "spec": spec.model_dump(mode="json", by_alias=True, exclude_none=True) if spec else None,
        "severity": state.severity,
        "title": state.title,
        "service": state.service,
        "services": state.services,
        "owner": owner[0] if owner else people.holder(w, people.COMMANDER),
        "deputy": people.own_holder(w, people.DEPUTY),
        "commander": people.own_holder(w, people.COMMANDER),
        "responders": state.responders,
        "service_owner": w.plan.services[state.service].owner if state.service in w.plan.services else None,
        "opened_at": state.opened_at,
        "resolved_at": state.resolved_at,
        "impact_started_at": state.impact_started_at,
        "impact_ended_at": state.impact_ended_at,
        "ticket": state.ticket,
        "problem": state.problem,
        "drill": w.start.drill,
        "finals": [
            final.model_dump(mode="json", exclude={"due_at", "state"})
            for final in state.finals
            if final.state == "left_to_review"
        ],
        "unratified": [
            {"decision": gate.ratifies, "question": gate.question, "due_at": gate.due_at, "voters": gate.seats}
            for gate in state.gates.values()
            if gate.ratifies and gate.outcome is None
        ],
        "unconfirmed_votes": [
            {"decision": gate.path, "voter": ballot.person, "choice": ballot.choice}
            for gate in state.gates.values()
            for ballot in gate.ballots.values()
            if not ballot.confirmed
        ],
        "vendors": [
            {
                "vendor": case.vendor,
                "case": case.case,
                "step": case.path,
                "breached": [clock.name for clock in (case.response, case.resolve) if clock and clock.breached_at],
            }
            for case in state.engagements.values()
        ],
        "people": {person: known.name for person, known in w.plan.people.items()},
        "clock_offset_s": w.start.clock_offset_s,
        "base_url": w.start.base_url,
    }
    w.ask(
        START_REVIEW,
        "review",
        lambda key: _ReviewStart(
            effect_key=key, incident=w.card().model_dump(mode="json", exclude_none=True), review=body
        ),
        owner="review:",
        effect_class="reversible",
        summary="start the review",
    )


def review_started(w: Walker, name: str, flight: Flight, result: EffectResult) -> None:
    if result.failure is None:
        w.entry("review_started", "system", "review", owner=flight.request.payload["review"].get("owner"))
    else:
        w.entry("review_failed", "system", "review", reason=result.failure.message)


def _finish(w: Walker) -> None:
    """The incident's run is over; from here on only the review appends to the chain."""
    w.state.finished = True
    seconds = int((w.now - w.state.opened_at).total_seconds())
    w.entry("finished", "system", None, status=w.state.status, seconds=seconds, entries=w.state.seq + 1)
