"""Cadences: fixed-rate communication. On the tick the message leaves, reviewed or as the holding line.

Late ticks merge into one; a recent manual update counts as the tick; a missed review is an entry and climbs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mayday.domain.durations import Duration
from mayday.domain.incident import ENDED, Pending
from mayday.domain.plain_words import spoken
from mayday.language.expressions import ExpressionError
from mayday.language.runbook import Cadence
from mayday.walker import conditions, messages, people, reviews, tasks
from mayday.walker.state import CadenceState, Pace

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def start(w: Walker, moment: str) -> None:
    """Start the cadences that begin at `opened`, `PHASE.entered` or `PHASE.done`."""
    for name, cadence in w.plan.runbook.cadences.items():
        if cadence.start == moment and (name not in w.state.cadences or w.state.cadences[name].stopped):
            over = f"incident {w.state.status}" if w.state.status in ENDED else None
            if over is None and conditions.of_cadence(w, name, cadence.until):
                over = f"{cadence.until} holds"
            if over is not None:
                w.entry("cadence_skipped", "system", f"cadence:{name}", cadence=name, reason=over)
            else:
                begin(w, name, cadence)


def begin(w: Walker, name: str, cadence: Cadence, *, every_s: int | None = None, set_by_hand: bool = False) -> None:
    """Start it, at the runbook's pace unless another one is given."""
    audience = messages.audience_name(cadence.send.to)
    reason: str | None = None
    if every_s is None and w.start.edition >= 3:
        every_s, set_by_hand, reason = _pace_before(w, name, audience)
    every_s = every_s or cadence.every.seconds
    state = CadenceState(
        name=name,
        audience=audience,
        every_s=every_s,
        set_by_hand=set_by_hand,
        started_at=w.now,
        anchor_at=w.now,
        due_at=w.after(every_s),
    )
    w.state.cadences[name] = state
    w.entry(
        "cadence_started",
        "system",
        f"cadence:{name}",
        cadence=name,
        audience=audience,
        every_s=every_s,
        next_at=state.due_at,
        reason=reason,
    )
    known = w.plan.audiences.get(audience)
    if known is not None and known.review == "required":
        _first_post(w, state)


def _pace_before(w: Walker, name: str, audience: str) -> tuple[int | None, bool, str | None]:
    """What was said about a cadence before it began: by a step, else by another severity than the runbook began with.

    The interval in seconds (None: the runbook's own), whether it was set by hand, and why.
    """
    step = w.state.paces.get(name)
    if step is not None:
        return step.every_s, True, f"step {step.step}"
    policy = w.plan.severities.get(w.state.severity)
    every = policy.updates.get(audience) if policy and w.state.severity != w.start.severity else None
    return (every.seconds, False, f"severity {w.state.severity}") if every is not None else (None, False, None)


def set_before(w: Walker, name: str, every_s: int, step: str) -> None:
    """An interval for a cadence that has not begun: it begins at that."""
    w.state.paces[name] = Pace(every_s=every_s, step=step)


def _first_post(w: Walker, state: CadenceState) -> None:
    """An audience with required review hears a pre-approved fixed text at the start, once an incident."""
    if any(sent.purpose == "first_post" and sent.audience == state.audience for sent in w.state.sent):
        return
    name = f"{state.audience}_first_post" if f"{state.audience}_first_post" in w.plan.templates else "first_post"
    if name not in w.plan.templates:
        return
    _send_template(w, state, name, "first_post")


def _send_template(w: Walker, state: CadenceState, template: str, purpose: str, update: str | None = None) -> bool:
    step = f"cadence:{state.name}"
    try:
        subject, text = messages.render_template(
            w,
            template,
            None,
            audience=state.audience,
            update=update,
            next_update_at=None if purpose == "final" or state.stopped else state.due_at,
        )
    except ExpressionError as error:
        messages.refuse(w, step, state.audience, error)
        return False
    cadence = w.plan.runbook.cadences[state.name]
    messages.send(
        w,
        state.audience,
        subject,
        text,
        step=step,
        purpose=purpose,
        via=list(cadence.send.via) if cadence.send.via else None,
    )
    state.last_sent_at = w.now
    return True


def resume(w: Walker) -> None:
    for state in w.state.cadences.values():
        if not state.stopped:
            _resume(w, state)


def _resume(w: Walker, state: CadenceState) -> None:
    cadence = w.plan.runbook.cadences[state.name]
    if w.state.status not in ENDED and conditions.of_cadence(w, state.name, cadence.until):
        stop(w, state, f"{cadence.until} holds")
        return
    if w.state.status in ENDED or state.paused:
        return
    review = cadence.review or cadence.send.review
    opens_at = state.due_at - timedelta(seconds=review.within.seconds) if review else None
    if review and opens_at is not None and state.review is None and w.now < state.due_at and w.wake(opens_at):
        reviews.open_for_cadence(w, state, review)
    if state.review is not None and review is not None:
        reviews.nag(w, state, review)
    if w.wake(state.due_at):
        _tick(w, state, cadence)
    else:
        then = f"{state.audience} update" + (" (review open)" if state.review else "")
        w.pend(
            Pending.model_validate(
                {
                    "id": f"cadence:{state.name}",
                    "kind": "cadence",
                    "for": people.people_of(w, review.by) if review else [],
                    "due_at": state.due_at,
                    "text": then,
                    "then": "leaves reviewed, or as the holding line" if review else "leaves",
                }
            )
        )


def _tick(w: Walker, state: CadenceState, cadence: Cadence) -> None:
    """One message, however many ticks were missed; the next tick keeps the rate."""
    missed = int((w.now - state.due_at).total_seconds()) // state.every_s
    state.ticks += 1 + missed
    state.due_at = state.due_at + timedelta(seconds=state.every_s * (1 + missed))
    step = f"cadence:{state.name}"
    if missed:
        w.entry("ticks_merged", "system", step, cadence=state.name, missed=missed)
    review, state.review = state.review, None
    within = cadence.skip_if_sent_within
    if within is not None and messages.sent_recently(w, state, within.seconds):
        w.entry(
            "tick_skipped", "system", step, cadence=state.name, reason="a manual update was sent", next_at=state.due_at
        )
        reviews.close_for_cadence(w, state, "a manual update was sent")
        if w.start.edition >= 3:
            state.holding_in_row = 0
            w.silence(step, "a manual update was sent")
        return
    rule = cadence.review or cadence.send.review
    if rule is None:
        _send_now(w, state, cadence, None)
    elif review is not None and review.released_by is not None:
        state.holding_in_row = 0
        if w.start.edition >= 3:
            w.silence(step, "the update is written")
        _send_now(w, state, cadence, review.text)
    else:
        reviews.close_for_cadence(w, state, "the tick has come")
        _unreviewed(w, state, cadence, rule.on_timeout)


def _send_now(w: Walker, state: CadenceState, cadence: Cadence, update: str | None) -> None:
    message = cadence.send
    if message.template is not None:
        _send_template(w, state, message.template, "update", update)
        return
    try:
        subject, text = messages.render(w, message, None, next_update_at=state.due_at, update=update)
    except ExpressionError as error:
        messages.refuse(w, f"cadence:{state.name}", state.audience, error)
        return
    messages.send(
        w,
        state.audience,
        subject,
        update or text,
        step=f"cadence:{state.name}",
        purpose="update",
        via=list(message.via) if message.via else None,
    )
    state.last_sent_at = w.now


def _unreviewed(w: Walker, state: CadenceState, cadence: Cadence, on_timeout: str) -> None:
    """Nobody reviewed in time: a miss, and what the author chose."""
    w.entry(
        "update_missed", "system", f"cadence:{state.name}", cadence=state.name, audience=state.audience, then=on_timeout
    )
    if on_timeout == "send":
        _send_now(w, state, cadence, None)
    elif on_timeout == "send_holding_line":
        _holding(w, state)


def _holding(w: Walker, state: CadenceState) -> None:
    """The holding line; the second in a row tells the commander."""
    state.holding_in_row += 1
    _send_template(w, state, messages.holding_template(w, state.audience), "holding")
    if state.holding_in_row == 2:
        w.entry("holding_twice", "system", f"cadence:{state.name}", cadence=state.name, audience=state.audience)
        targets = people.targets_of(w, "role.incident_commander")
        if targets:
            w.page(
                f"cadence:{state.name}",
                targets,
                f"{w.state.title}: two holding lines in a row to {spoken(state.audience)}; nobody writes the update",
                owner="notice:",
                purpose="nag",
            )


def begin_again(w: Walker, state: CadenceState) -> None:
    """After a reopening: at the pace that it had, which is the severity's, or one that somebody set."""
    cadence = w.plan.runbook.cadences[state.name]
    if w.start.edition < 1:
        begin(w, state.name, cadence)
        return
    every_s = state.every_s
    if not state.set_by_hand and state.severity != w.state.severity:
        every_s = _severitys_pace(w, state).seconds
    begin(w, state.name, cadence, every_s=every_s, set_by_hand=state.set_by_hand)


def _severitys_pace(w: Walker, state: CadenceState) -> Duration:
    policy = w.plan.severities.get(w.state.severity)
    every = policy.updates.get(state.audience) if policy else None
    return every or w.plan.runbook.cadences[state.name].every


def stop(w: Walker, state: CadenceState, reason: str) -> None:
    state.stopped, state.severity = True, w.state.severity
    reviews.close_for_cadence(w, state, reason)
    w.silence(f"cadence:{state.name}", reason)
    tasks.close(w, conditions.task_of(f"cadence:{state.name}"), reason)
    w.entry("cadence_stopped", "system", f"cadence:{state.name}", cadence=state.name, reason=reason)


def set_every(
    w: Walker, state: CadenceState, every_s: int, *, by_hand: bool, by: str = "system", reason: str | None = None
) -> None:
    """A new interval, anchored at the last message sent; an open review moves along."""
    if by_hand:
        state.set_by_hand = True
    if state.every_s == every_s:
        w.touch()
        return
    before = state.every_s
    state.every_s = every_s
    state.anchor_at = state.last_sent_at or state.started_at
    promised, state.due_at = state.due_at, max(state.anchor_at + timedelta(seconds=every_s), w.now)
    if w.start.edition >= 3 and state.due_at < promised:
        state.due_at = min(promised, max(state.due_at, _readable_at(w, state, promised)))
    w.entry(
        "cadence_changed",
        by,
        f"cadence:{state.name}",
        cadence=state.name,
        every_s=every_s,
        before_s=before,
        next_at=state.due_at,
        reason=reason,
    )
    if w.start.edition < 3 or state.due_at != promised:
        reviews.move(w, state)


def _readable_at(w: Walker, state: CadenceState, promised: datetime) -> datetime:
    """From when on the next message may leave read: who reads it keeps the time that the review promises. Hurried, it
    would be a holding line, and a miss of somebody who was never asked."""
    cadence = w.plan.runbook.cadences[state.name]
    rule = cadence.review or cadence.send.review
    if rule is None or (state.review is not None and state.review.released_by is not None):
        return w.now
    return promised if state.review is not None else w.after(rule.within.seconds)


def severity_changed(w: Walker) -> None:
    """The new severity's intervals apply, unless somebody set one by hand. One that promises an audience nothing leaves
    it to the runbook, not to the severity before."""
    policy = w.plan.severities.get(w.state.severity)
    for state in w.state.cadences.values():
        every = policy.updates.get(state.audience) if policy else None
        if every is None and w.start.later_rules:
            every = w.plan.runbook.cadences[state.name].every
        if every is not None and not state.set_by_hand and not state.stopped:
            set_every(w, state, every.seconds, by_hand=False, reason=f"severity {w.state.severity}")


def pause(w: Walker, state: CadenceState, on: bool, by: str, reason: str) -> None:
    state.paused = on
    w.entry(
        "cadence_paused" if on else "cadence_resumed", by, f"cadence:{state.name}", cadence=state.name, reason=reason
    )
    if on:
        reviews.close_for_cadence(w, state, "paused")
    else:
        missed = (
            max(0, int((w.now - state.due_at).total_seconds()) // state.every_s + 1) if w.now >= state.due_at else 0
        )
        state.due_at = state.due_at + timedelta(seconds=state.every_s * missed)


def finals(w: Walker, status: str) -> None:
    """The last word of each cadence: at once and unreviewed, but to an outside audience the holding line first.

    To an audience with required review the final stays a task of the review until a second person releases it.
    """
    for state in w.state.cadences.values():
        cadence = w.plan.runbook.cadences[state.name]
        template = cadence.final.get(status)  # type: ignore[call-overload]
        if not state.stopped:
            stop(w, state, f"incident {status}")
        if template is None:
            continue
        if messages.outward(w, state.audience) and not messages.heard(w, state.audience):
            w.entry(
                "message_dropped",
                "system",
                f"cadence:{state.name}",
                audience=state.audience,
                reason="they never heard of it, so they need no last word",
            )
            continue
        known = w.plan.audiences.get(state.audience)
        if known is not None and known.review == "required":
            reviews.final_waits(w, state, template)
        else:
            _send_template(w, state, template, "final")


def send_holding(w: Walker, state: CadenceState) -> None:
    _send_template(w, state, messages.holding_template(w, state.audience), "holding")
