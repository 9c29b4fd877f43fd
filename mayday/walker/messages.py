"""Messages to audiences: rendering, what may leave, what waits, what was sent; corrections with a second reader.

Outside audiences (`review: required`) wait for the confirmation of an auto-declared incident, and for the end of
`hold outward`. A template with an unset value refuses the send and asks a person (LANGUAGE.md "Talking").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import HoldOutward, Refusal
from mayday.domain.effects import SEND, EffectFailure, EffectResult, SendReceipt, SendRequest
from mayday.domain.errors import HELD_BACK
from mayday.language.catalog import Audience
from mayday.language.expressions import ExpressionError, parse_template
from mayday.language.runbook import Message
from mayday.walker import people, tasks
from mayday.walker.state import CadenceState, Flight, Sent

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


#: messages kept in the state for corrections and the board
KEPT_MESSAGES = 100


def audience_name(ref: str) -> str:
    return ref.removeprefix("audience.")


def outward(w: Walker, audience: str) -> bool:
    """Whether an audience stands outside the house: what reaches it is reviewed, and can be held."""
    known = w.plan.audiences.get(audience)
    return known is not None and (known.review == "required" or known.visibility == "public")


def render(w: Walker, message: Message, path: str | None, **extra: Any) -> tuple[str, str]:
    """Subject and text of a message; `ExpressionError` where a value is unset."""
    scope = w.scope(path, audience=audience_name(message.to), **extra)
    if message.text is not None:
        subject = message.subject or "{{ incident.severity }} {{ incident.title }}"
        return parse_template(subject).render(scope), parse_template(message.text).render(scope)
    return render_template(w, message.template or "", path, audience=audience_name(message.to), **extra)


def render_template(w: Walker, name: str, path: str | None, **extra: Any) -> tuple[str, str]:
    """Subject and text of a named template."""
    template = w.plan.templates[name]
    scope = w.scope(path, **{"next_update_at": None, "update": None, **extra})
    subject = parse_template(template.subject or "{{ incident.severity }} {{ incident.title }}").render(scope)
    return subject, parse_template(template.text).render(scope)


def holding_template(w: Walker, audience: str) -> str:
    """The pre-approved holding line of an audience, else the common one."""
    own = f"{audience}_holding"
    return own if own in w.plan.templates else "holding_line"


def send(
    w: Walker,
    audience: str,
    subject: str,
    text: str,
    *,
    step: str,
    purpose: Any,
    via: list[str] | None = None,
    by: str = "system",
    to: list[str] | None = None,
    key: str | None = None,
) -> Sent:
    """Send now, or hold what may not leave yet. `key`: the effect of which this is the rest."""
    sent = Sent(
        n=w.state.counters.get("sent", 0) + 1, audience=audience, subject=subject, text=text, purpose=purpose,
        step=step, at=w.now, by=by, via=via, to=to or [], key=key,
    )  # fmt: skip
    w.state.counters["sent"] = sent.n
    w.state.sent.append(sent)
    _forget_old(w)
    sent.held = _why_held(w, audience, purpose)
    if sent.held:
        w.entry("message_held", by, step, n=sent.n, audience=audience, purpose=purpose, reason=sent.held, text=text)
        return sent
    _dispatch(w, sent)
    return sent


def owner_of(sent: Sent) -> str:
    """Who gets the receipt of a message."""
    return f"message:{sent.n}"


def heard(w: Walker, audience: str) -> bool:
    """Whether anything has left, or is leaving, for an audience."""
    if audience in w.state.told:
        return True
    return any(sent.audience == audience and not sent.held and not sent.dropped for sent in w.state.sent)


def find(w: Walker, n: int) -> Sent | None:
    """The n-th message, unless it is so old that only the timeline knows it."""
    return next((sent for sent in w.state.sent if sent.n == n), None)


def _forget_old(w: Walker) -> None:
    """The timeline keeps every text; the state only what may still be held, corrected or shown."""
    old = len(w.state.sent) - KEPT_MESSAGES
    if old > 0:
        w.state.sent = [sent for i, sent in enumerate(w.state.sent) if i >= old or sent.held or not sent.delivered]


def _why_held(w: Walker, audience: str, purpose: str) -> str | None:
    if not outward(w, audience):
        return None
    if w.state.hold_outward:
        return "outward messages are held"
    confirmation = w.state.confirmation
    if confirmation is not None and confirmation.open:
        return "the declaration is not confirmed yet"
    return None


def _is_address(ref: str) -> bool:
    """A mail address, or a channel of the house's own: `#status`."""
    return "@" in ref or ref.startswith("#")


def _dispatch(w: Walker, sent: Sent) -> None:
    known = w.plan.audiences.get(sent.audience) or Audience(via=["email"], to=[sent.audience])
    sent.held, sent.at = None, w.now
    if not sent.to:
        sent.to = [item for ref in known.to for item in ([ref] if _is_address(ref) else people.targets_of(w, ref))]
    w.ask(
        SEND,
        sent.step,
        lambda key: SendRequest(
            effect_key=sent.key or key,
            incident=w.card(),
            audience=sent.audience,
            to=sent.to,
            via=list(sent.via or known.via),
            subject=sent.subject,
            text=sent.text,
            purpose=sent.purpose,
            outward=outward(w, sent.audience),
        ),
        owner=owner_of(sent),
        effect_class="notify",
        summary=f"{sent.purpose} to {sent.audience}",
        purpose=sent.purpose,
    )


def answered(w: Walker, number: str, flight: Flight, result: EffectResult) -> None:
    """A message left, or did not: then the step that sent it fails, or its cadence asks a person."""
    sent = find(w, int(number))
    if sent is None:
        return
    failure = result.failure
    if failure is not None and failure.code == HELD_BACK:
        _held_back(w, sent, flight)
        return
    if failure is None:
        receipt = SendReceipt.model_validate(result.value)
        sent.delivered = True
        if sent.audience not in w.state.told:
            w.state.told.append(sent.audience)
        w.entry(
            "message_sent",
            sent.by,
            sent.step,
            n=sent.n,
            audience=sent.audience,
            purpose=sent.purpose,
            subject=sent.subject,
            text=sent.text,
            via=[each.channel for each in receipt.sent],
            unreached=[f"{gap.channel or gap.target}: {gap.reason}" for gap in receipt.unreached] or None,
        )
        if receipt.held:  # the rest of its channels get it with what else is held
            send(
                w, sent.audience, sent.subject, sent.text, step=sent.step, purpose=sent.purpose, via=receipt.held,
                by=sent.by, to=sent.to, key=str(flight.request.payload["effect_key"]),
            )  # fmt: skip
    else:
        w.entry(
            "send_failed", "system", sent.step, n=sent.n, audience=sent.audience, purpose=sent.purpose,
            reason=failure.message,
        )  # fmt: skip
    _tell_step(w, sent, failure)


def _held_back(w: Walker, sent: Sent, flight: Flight) -> None:
    """It was under way when outward messages were held, and was stopped: it waits with those that came after it. A
    try before, of a worker that died, may have reached a channel: it leaves under the same key."""
    from mayday.walker import blocks

    sent.key = str(flight.request.payload["effect_key"])
    sent.held = _why_held(w, sent.audience, sent.purpose)
    if sent.held is None:  # released meanwhile
        _dispatch(w, sent)
        return
    w.entry(
        "message_held", sent.by, sent.step, n=sent.n, audience=sent.audience, purpose=sent.purpose, reason=sent.held,
        text=sent.text,
    )  # fmt: skip
    state = w.state.steps.get(sent.step)
    if state is not None and state.effect == owner_of(sent) and not state.over:
        blocks.finish(w, state, "done", {"n": sent.n, "held": sent.held})


def _tell_step(w: Walker, sent: Sent, failure: EffectFailure | None) -> None:
    from mayday.walker import blocks, failing  # they send messages through verbs

    state = w.state.steps.get(sent.step)
    if state is not None and state.effect == owner_of(sent) and not state.over:
        if failure is None:
            blocks.finish(w, state, "done", {"n": sent.n, "text": sent.text})
        else:
            failing.fail(w, state, failure)
    elif failure is not None:
        task = f"send_failed:{sent.audience}"
        if task not in w.state.tasks or w.state.tasks[task].done_at is not None:
            tasks.open_task(
                w,
                task,
                "manual",
                f"Messages to {sent.audience} do not leave ({failure.message}): tell them by hand",
                to="role.comms_lead",
                owner="none:",
            )


def refuse(w: Walker, step: str, audience: str, error: ExpressionError) -> None:
    """A template that cannot be filled sends nothing and asks a person."""
    w.entry("send_refused", "system", step, audience=audience, reason=str(error))
    task = f"template:{step}"
    if task not in w.state.tasks or w.state.tasks[task].done_at is not None:
        tasks.open_task(
            w,
            task,
            "manual",
            f"The message to {audience} cannot be written: {error}. Set the value, or send an update by hand.",
            to="role.comms_lead",
            owner="none:",
        )


def release_held(w: Walker, reason: str, by: str) -> None:
    """What was held may leave: per audience the newest, older ones would be stale news."""
    newest: dict[str, Sent] = {}
    for sent in w.state.sent:
        if sent.held and _why_held(w, sent.audience, sent.purpose) is None:
            if sent.audience in newest:
                _drop(w, newest[sent.audience], "a newer message leaves instead")
            newest[sent.audience] = sent
    for sent in newest.values():
        w.entry("message_released", by, sent.step, n=sent.n, audience=sent.audience, reason=reason)
        _dispatch(w, sent)


def _drop(w: Walker, sent: Sent, reason: str) -> None:
    sent.held, sent.dropped = None, True
    w.entry("message_dropped", "system", sent.step, n=sent.n, audience=sent.audience, reason=reason)


def drop_held(w: Walker, reason: str, *, keep: str | None = None) -> None:
    """Held messages that will not leave any more, but for one purpose (`first_post`: pre-approved)."""
    for sent in w.state.sent:
        if sent.held and sent.purpose != keep:
            _drop(w, sent, reason)


# commands -------------------------------------------------------------------------------------------------------


def holders(w: Walker) -> list[str]:
    """Who may hold outward messages back, and let them go."""
    return people.unique([*people.leaders(w), *filter(None, [people.holder(w, "comms_lead")])])


def hold_refusal(w: Walker, command: HoldOutward) -> Refusal | None:
    if command.actor not in holders(w):
        return Refusal(code="not_yours", reason="commander, deputy or comms lead hold outward messages")
    if w.state.hold_outward == command.on:
        return Refusal(code="closed", reason=f"outward messages are {'held' if command.on else 'not held'} already")
    return None


def hold(w: Walker, command: HoldOutward) -> dict[str, Any]:
    w.state.hold_outward = command.on
    w.entry("outward_held" if command.on else "outward_released", command.actor, None, reason=command.reason)
    if not command.on:
        release_held(w, command.reason, command.actor)
    return {"on": command.on}


def sent_recently(w: Walker, cadence: CadenceState, within_s: int) -> bool:
    return cadence.last_manual_at is not None and (w.now - cadence.last_manual_at).total_seconds() <= within_s
