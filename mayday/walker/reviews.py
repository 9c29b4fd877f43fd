"""Reviews: a person reads a message before it leaves. Nagged at half the time, climbing at three quarters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mayday.domain.plain_words import spoken
from mayday.language.expressions import ExpressionError
from mayday.language.runbook import ReviewBy
from mayday.walker import cadences, messages, people, tasks, updates
from mayday.walker.state import CadenceReview, CadenceState, Final, StepState, TaskState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


#: how long a final waits for its second reader when the cadence has no review of its own
FINAL_S = 300


def task_id(name: str) -> str:
    return f"review:{name}"


def open_for_cadence(w: Walker, state: CadenceState, rule: ReviewBy) -> None:
    """The draft, as it would leave, is shown to its reviewer `within` before the tick."""
    cadence = w.plan.runbook.cadences[state.name]
    try:
        subject, draft = messages.render(
            w, cadence.send, None, next_update_at=state.due_at + timedelta(seconds=state.every_s), update=None
        )
    except ExpressionError as error:
        subject, draft = "", f"(cannot be written: {error})"
    left = (state.due_at - w.now) / 4
    state.review = CadenceReview(opened_at=w.now, nag_at=w.now + 2 * left, deputy_at=w.now + 3 * left)
    task = tasks.open_task(
        w,
        task_id(state.name),
        "review",
        f"Read and release the update to {state.audience}",
        to=rule.by,
        fields=updates.RELEASE_FIELDS,
        owner=f"review:cadence:{state.name}",
        detail={"draft": draft, "subject": subject, "audience": state.audience},
    )
    task.due_at = None
    task.detail["leaves_at"] = state.due_at.isoformat()


def nag(w: Walker, state: CadenceState, rule: ReviewBy) -> None:
    """Half the time gone: the reviewer hears again. Three quarters: the deputy is paged."""
    review = state.review
    if review is None or review.released_by is not None:
        return
    name = task_id(state.name)
    if review.nag_at is not None and w.wake(review.nag_at):
        review.nag_at = None
        targets = people.targets_of(w, rule.by)
        w.entry("review_nagged", "system", name, cadence=state.name, to=rule.by)
        if targets:
            w.page(
                name,
                targets,
                f"{w.state.title}: the update to {spoken(state.audience)} still waits for you",
                owner="notice:",
                purpose="nag",
                urgent=False,
            )
    if review.deputy_at is not None and w.wake(review.deputy_at):
        review.deputy_at = None
        targets = people.role_targets(w, people.DEPUTY)
        w.entry("review_climbed", "system", name, cadence=state.name, to="role.deputy")
        if targets:
            w.page(
                name,
                targets,
                f"{w.state.title}: nobody has read the update to {spoken(state.audience)}",
                owner="notice:",
                purpose="nag",
            )


def move(w: Walker, state: CadenceState) -> None:
    """The interval changed: an open review moves along with its tick."""
    if state.review is not None and state.review.released_by is None:
        close_for_cadence(w, state, "the interval changed")
        state.review = None


def close_for_cadence(w: Walker, state: CadenceState, reason: str) -> None:
    tasks.close(w, task_id(state.name), reason)
    state.review = None


def open_for_step(w: Walker, state: StepState, rule: ReviewBy, subject: str, text: str, audience: str) -> None:
    tasks.open_task(
        w,
        task_id(state.path),
        "review",
        f"Read and release the message to {audience}",
        to=rule.by,
        fields=updates.RELEASE_FIELDS,
        owner=f"review:step:{state.path}",
        detail={"draft": text, "subject": subject, "audience": audience},
    )


def released(w: Walker, name: str, task: TaskState, by: str) -> None:
    """The reviewer has read it: it leaves on the tick (a cadence) or at once (a step)."""
    kind, _, target = name.partition(":")
    text = task.result.get("text")
    said_no = task.result.get("release", True) is False
    if kind == "cadence":
        state = w.state.cadences.get(target)
        if state is not None and state.review is not None and not said_no:
            state.review.released_by = by
            state.review.text = str(text) if text else None
        return
    step = w.state.steps.get(target)
    if step is None or step.over:
        return
    if said_no:
        from mayday.walker import blocks

        w.entry("message_dropped", by, target, audience=task.detail["audience"], reason="the reader did not release it")
        blocks.finish(w, step, "skipped")
        return
    sent = messages.send(
        w,
        str(task.detail["audience"]),
        str(task.detail["subject"]),
        str(text or task.detail["draft"]),
        step=target,
        purpose="notice",
        by=by,
    )
    step.place = None
    step.effect = messages.owner_of(sent)
    if sent.held:
        from mayday.walker import blocks

        blocks.finish(w, step, "done", {"n": sent.n, "held": sent.held})


def final_waits(w: Walker, state: CadenceState, template: str) -> None:
    """A final to an outside audience waits `within` for a second person; see `resume_finals` for what then happens."""
    try:
        subject, text = messages.render_template(w, template, None, audience=state.audience, next_update_at=None)
    except ExpressionError as error:
        messages.refuse(w, f"cadence:{state.name}", state.audience, error)
        return
    rule = w.plan.runbook.cadences[state.name].review
    final = Final(
        cadence=state.name,
        audience=state.audience,
        template=template,
        subject=subject,
        text=text,
        due_at=w.after(rule.within.seconds if rule else FINAL_S),
    )
    w.state.finals.append(final)
    tasks.open_task(
        w,
        f"review:final:{state.name}",
        "review",
        f"Release the last word to {state.audience}: {text}",
        to=people.second_reader(w, rule.by if rule else "role.comms_lead", w.state.resolved_by),
        fields=updates.RELEASE_FIELDS,
        owner=f"final:{state.name}",
        by_not=[w.state.resolved_by] if w.state.resolved_by else [],
    )


def final_released(w: Walker, name: str, task: TaskState, by: str) -> None:
    for final in w.state.finals:
        if final.cadence == name and final.state == "waiting" and task.result.get("release", True) is not False:
            final.state = "released"
            text = str(task.result.get("text") or final.text)
            messages.send(w, final.audience, final.subject, text, step=f"cadence:{name}", purpose="final", by=by)


def finals_over(w: Walker) -> bool:
    """Whether no final waits any more. After `within` the holding line leaves and the review keeps the final."""
    over = True
    for final in w.state.finals:
        if final.state != "waiting":
            continue
        if not w.expired(final.due_at):
            over = False
            continue
        final.state = "left_to_review"
        tasks.close(w, f"review:final:{final.cadence}", "the review keeps it")
        w.entry("final_kept", "system", f"cadence:{final.cadence}", audience=final.audience, template=final.template)
        cadences.send_holding(w, w.state.cadences[final.cadence])
    return over
