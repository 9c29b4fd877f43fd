"""`send`: a message from a template to an audience, perhaps read by a person first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.language.expressions import ExpressionError
from mayday.language.runbook import Step
from mayday.walker import blocks, messages, reviews, tasks
from mayday.walker.state import StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume(w: Walker, step: Step, state: StepState) -> None:
    message = step.send
    if message is None:
        return
    if state.effect is not None:
        return
    audience = messages.audience_name(message.to)
    if state.place == "review":
        rule = message.review
        if rule is not None and w.expired(state.next_round_at):
            _unread(w, step, state, rule.on_timeout)
        return
    try:
        subject, text = messages.render(w, message, state.path)
    except ExpressionError as error:
        messages.refuse(w, state.path, audience, error)
        state.place = "manual"
        tasks.open_task(
            w,
            state.path,
            "manual",
            f"The message to {audience} cannot be written: {error}. Send an update by hand.",
            to="role.comms_lead",
            owner=f"step:{state.path}",
            tell=False,
        )
        return
    if message.review is not None:
        state.place, state.next_round_at = "review", w.after(message.review.within.seconds)
        reviews.open_for_step(w, state, message.review, subject, text, audience)
        return
    _leave(w, step, state, subject, text, "notice")


def _leave(w: Walker, step: Step, state: StepState, subject: str, text: str, purpose: str) -> None:
    message = step.send
    if message is None:
        return
    sent = messages.send(
        w,
        messages.audience_name(message.to),
        subject,
        text,
        step=state.path,
        purpose=purpose,
        via=list(message.via) if message.via else None,
    )
    state.effect = messages.owner_of(sent)
    if sent.held:
        blocks.finish(w, state, "done", {"n": sent.n, "held": sent.held})


def _unread(w: Walker, step: Step, state: StepState, on_timeout: str) -> None:
    """The reviewer did not come: the author's choice."""
    message = step.send
    if message is None:
        return
    tasks.close(w, reviews.task_id(state.path), "nobody read it in time")
    audience = messages.audience_name(message.to)
    w.entry("update_missed", "system", state.path, audience=audience, then=on_timeout)
    state.place = None
    if on_timeout == "skip":
        blocks.finish(w, state, "skipped")
    elif on_timeout == "send":
        subject, text = messages.render(w, message, state.path)
        _leave(w, step, state, subject, text, "notice")
    else:
        subject, text = messages.render_template(
            w, messages.holding_template(w, audience), state.path, audience=audience
        )
        _leave(w, step, state, subject, text, "holding")
