"""`do`: run a catalog action. Facts that it returns (bridge, ticket, channel) become facts of the incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.effects import ActionReceipt, ActionRequest, EffectFailure, EffectResult
from mayday.language.actions import INTERNAL
from mayday.language.expressions import render_value
from mayday.language.runbook import Step
from mayday.walker import approvals, blocks, failing, irrevocable, standing
from mayday.walker.state import Flight, StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume(w: Walker, step: Step, state: StepState) -> None:
    if state.effect is not None or (state.retry_at is not None and not w.wake(state.retry_at)):
        blocks.waiting(w, state, f"{step.do} under way")
        return
    action = step.do or ""
    inputs: dict[str, Any] = dict(render_value(step.with_ or {}, w.scope(state.path)))  # type: ignore[call-overload]
    if action in INTERNAL:
        wrong = standing.unfit(action, inputs) if w.start.edition >= 3 else None
        if wrong is not None:
            failing.fail(w, state, EffectFailure(code="invalid", message=wrong))
            return
        standing.carry_out(w, action, inputs, state.path)
        blocks.finish(w, state, "done", dict(inputs))
        return
    spec = w.plan.actions.get(action)
    irreversible = spec is not None and spec.effect == "irreversible"
    approval = approvals.holding(w, state.path) if irreversible else None
    if irreversible and approval is None:
        if not approvals.reopened(w, state.path):
            failing.fail(w, state, EffectFailure(code="no_approval", message=f"{action} needs an approval that holds"))
        return
    state.attempt += 1
    state.retry_at = None
    timeout = spec.timeout.seconds if spec and spec.timeout else 120
    if step.timeout is not None:
        timeout = step.timeout.seconds
    state.effect = w.ask(
        action,
        state.path,
        lambda key: ActionRequest(
            effect_key=key,
            incident=w.card(),
            action=action,
            inputs=inputs,
            approval=approval.ref if approval else None,
            approval_digest=approval.digest if approval else None,
        ),
        owner=f"do:{state.path}",
        effect_class=spec.effect if spec else "reversible",
        timeout_s=timeout,
        summary=f"{action} ({state.path})",
        data={"attempt": state.attempt},
    )
    w.entry("action_started", "system", state.path, action=action, inputs=_shown(inputs), attempt=state.attempt)


def _shown(inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs for the timeline: long texts cut, header values left out (they may hold secrets)."""
    shown: dict[str, Any] = {}
    for name, value in inputs.items():
        if name == "headers" and isinstance(value, dict):
            shown[name] = sorted(value)
        else:
            shown[name] = value[:500] if isinstance(value, str) else value
    return shown


def answered(w: Walker, path: str, flight: Flight, result: EffectResult) -> None:
    state = w.state.steps.get(path)
    if state is None:
        return
    step = w.step(path)
    mine = state.effect == flight.request.key  # else it was given up on, or began anew, while this was under way
    late = None if mine and not state.over else True
    if mine:
        state.effect = None
    if result.failure is None:
        receipt = ActionReceipt.model_validate(result.value)
        outputs = receipt.outputs
        learn(w, step, outputs)
        w.entry(
            "action_finished",
            "system",
            path,
            action=step.do,
            outputs=outputs,
            unreached=[f"{gap.target}: {gap.reason}" for gap in receipt.unreached] or None,
            after_phase=late,
        )
        if mine and not state.over and state.place is None:
            blocks.finish(w, state, "done", outputs)
        irrevocable.tell_carried_out(w, step, outputs)
        return
    action = w.plan.actions.get(step.do or "")
    irreversible = action is not None and action.effect == "irreversible"
    if not mine or state.over or state.place is not None:
        w.entry("action_failed", "system", path, action=step.do, reason=result.failure.message, after_phase=True)
        return
    retry = step.retry
    if retry is not None and not irreversible and state.attempt < retry.attempts:
        pause = min(retry.backoff.seconds * 2 ** (state.attempt - 1), retry.max_backoff.seconds)
        state.retry_at = w.after(pause)
        w.entry(
            "action_failed",
            "system",
            path,
            action=step.do,
            reason=result.failure.message,
            attempt=state.attempt,
            again_at=state.retry_at,
        )
        return
    failing.fail(w, state, result.failure)


def completed(w: Walker, state: StepState, kind: str, result: dict[str, Any]) -> None:
    """A person did it by hand, or found out whether it happened."""
    step = w.step(state.path)
    if kind == "find_out" and result.get("happened") == "not_done":
        state.place = None
        w.entry(
            "step_failed", "system", state.path, verb="do", action=step.do, code="not_done", reason="it did not happen"
        )
        blocks.finish(w, state, "failed", dict(result))
        return
    learn(w, step, result)
    blocks.finish(w, state, "done", dict(result))


def learn(w: Walker, step: Step, outputs: dict[str, Any]) -> None:
    """What the incident knows from now on. A management bridge is no bridge that responders are called to."""
    state, action = w.state, step.do
    if action == "bridge.open" and outputs.get("url"):
        if (step.with_ or {}).get("kind") == "management":
            return
        state.bridge_url, state.bridge_phone = str(outputs["url"]), outputs.get("phone")
    elif action == "itsm.open_major_incident" and outputs.get("number"):
        state.ticket = str(outputs["number"])
    elif action == "chat.open_channel" and outputs.get("channel"):
        state.chat_channel = str(outputs["channel"])
    elif action == "itsm.open_problem" and outputs.get("number"):
        state.problem = str(outputs["number"])
