"""Ad-hoc steps: any step of the language added to a running incident, under the same checks, gates and authority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mayday.domain.commands import AddStep, Refusal
from mayday.language.expressions import ExpressionError, parse_expression, parse_template
from mayday.language.runbook import VERBS, Step, all_steps
from mayday.walker import blocks, people

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

AUTHORITIES = {"change.execute": "emergency_change", "dr.invoke": "disaster_recovery"}


def parse(w: Walker, command: AddStep) -> Step:
    """The step with an id of its own where the person gave none; `ValidationError` when it is no step."""
    body = dict(command.step)
    if "id" not in body:
        verb = next((verb for verb in VERBS if verb in body), "step")
        number = 1
        while w.definitions.known(f"{verb}_{number}"):
            number += 1
        body["id"] = f"{verb}_{number}"
    return Step.model_validate(body)


def refusal(w: Walker, command: AddStep) -> Refusal | None:
    if not people.leads(w, command.actor):
        return Refusal(code="not_yours", reason="steps are added by commander or deputy")
    try:
        step = parse(w, command)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "step"
        return Refusal(code="invalid", reason=f"step.{place}: {first['msg'].removeprefix('Value error, ')}")
    for inner in all_steps([step]):
        problem = _problem(w, step, inner)
        if problem:
            return Refusal(code="invalid", reason=f"step {inner.id}: {problem}")
    return None


def _problem(w: Walker, root: Step, step: Step) -> str | None:
    if w.definitions.known(step.id) or step.id in w.state.steps:
        return "this id is taken"
    for ref in _refs(step):
        if not _exists(w, ref):
            return f"{ref} names nobody in the catalog"
    if step.page is not None and w.definitions.policy(step.page) is None and not _exists(w, step.page):
        return f"page: {step.page} is no policy, person, role, group or schedule"
    if step.engage is not None and step.engage.removeprefix("vendor.") not in w.plan.vendors:
        return f"engage: {step.engage} is not among the vendors of the plan ({', '.join(w.plan.vendors) or 'none'})"
    if step.send is not None and step.send.to.removeprefix("audience.") not in w.plan.audiences:
        return f"send.to: {step.send.to} is no audience"
    if step.send is not None and step.send.template is not None and step.send.template not in w.plan.templates:
        return f"send.template: {step.send.template} does not exist"
    if step.do is not None:
        action = w.plan.actions.get(step.do)
        if action is None:
            return f"do: {step.do} is not in the action catalog"
        if action.effect == "irreversible" and step not in _approved_steps(root):
            return f"{step.do} cannot be undone: it has to stand in the approved outcome of a decide"
    if step.wait is not None and (step.wait.until or step.wait.event) and step.timeout is None:
        return "a wait for an expression or event needs a timeout"
    if step.call is not None and step.call not in w.plan.calls:
        return f"call: {step.call} is not part of the plan"
    if step.decide is not None:
        return _gate_problem(w, step) or _text_problem(step)
    return _text_problem(step)


def _approved_steps(root: Step) -> list[Step]:
    return [
        inner
        for gate in all_steps([root])
        if gate.decide
        for inner in all_steps((gate.outcomes or {}).get("approved", []))
    ]


def _gate_problem(w: Walker, step: Step) -> str | None:
    if step.voters is None:
        return "decide: voters are missing"
    if step.timeout is None:
        return "decide: a timeout is missing; no gate waits for ever"
    authority = AUTHORITIES.get(step.subject.action) if step.subject else None
    allowed = w.plan.authorities.get(authority, {}).get(w.state.severity) if authority else None
    if allowed is None:
        return None
    may = {person for ref in allowed for person in people.people_of(w, ref)}
    escalate = getattr(step.on_timeout, "escalate", None)
    for ref in [*step.voters.from_, *([escalate] if escalate else [])]:
        for person in people.people_of(w, ref):
            if person not in may:
                return f"decide: {person} has no authority for {step.subject.action if step.subject else ''}"
    return None


def _text_problem(step: Step) -> str | None:
    try:
        for text in (step.when, step.wait.until if step.wait else None):
            if text:
                parse_expression(text)
        for text in (
            step.message,
            step.log,
            step.decide,
            step.ask.question if step.ask else None,
            step.task.text if step.task else None,
        ):
            if text:
                parse_template(text)
    except ExpressionError as error:
        return str(error)
    return None


def _refs(step: Step) -> list[str]:
    found: list[str | None] = []
    for form in (step.ask, step.task):
        if form is not None:
            found.append(form.to)
    if step.voters is not None:
        found += [*step.voters.from_, *step.voters.required]
    if step.manual is not None:
        found.append(step.manual.to)
    return [ref for ref in found if ref]


def _exists(w: Walker, ref: str) -> bool:
    kind, _, name = ref.partition(".")
    plan = w.plan
    known: dict[str, Any] = {"person": plan.people, "group": plan.groups, "schedule": plan.schedules}
    if kind == "role":
        return True
    return name in known[kind] if kind in known and name else kind in plan.people


def add(w: Walker, command: AddStep) -> dict[str, Any]:
    """Take the step into the incident and begin it at once, beside the walk."""
    step = parse(w, command)
    w.state.ad_hoc[step.id] = step.model_dump(mode="json", by_alias=True, exclude_none=True)
    w.state.ad_hoc_order.append(step.id)
    people.respond(w, command.actor)
    w.entry(
        "step_added", command.actor, step.id, verb=step.verb, step_body=w.state.ad_hoc[step.id], channel=command.channel
    )
    state = blocks.begin(w, step, step.id)
    if state is not None:
        state.ad_hoc_by = command.actor
    return {"step": step.id}
