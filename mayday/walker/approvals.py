"""An approval approves a thing: the digest of a gate's subject, and whether it holds before an irreversible act."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mayday.domain.timeline import plain
from mayday.language.expressions import ExpressionError, parse_expression, parse_template
from mayday.language.runbook import Step, all_steps
from mayday.walker import gates
from mayday.walker.state import Gate

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

GRANTING = ("approved", "unapproved_emergency")


def digest_of(w: Walker, step: Step, path: str) -> str:
    """sha256 of subject and approved branch as planned, with today's values of every name they use.

    Left out: the gate's own decision and results inside the branch (they do not exist at opening), and the clock.
    """
    branch = (step.outcomes or {}).get("approved", [])
    planned = [inner.model_dump(mode="json", by_alias=True, exclude_none=True) for inner in branch]
    subject = step.subject.model_dump(mode="json", exclude_none=True) if step.subject else {}
    own = {f"steps.{inner.id}" for inner in all_steps(branch)} | {f"decisions.{step.id}", "now"}
    scope = w.scope(path)
    values: dict[str, Any] = {}
    for name in sorted(set(_names([subject, planned]))):
        if name in own or any(name.startswith(f"{left_out}.") for left_out in own):
            continue
        try:
            values[name] = plain(parse_expression(name).evaluate(scope))
        except ExpressionError:
            values[name] = None
    body = json.dumps(
        {"subject": subject, "branch": planned, "values": values}, sort_keys=True, separators=(",", ":"), default=str
    )
    return hashlib.sha256(body.encode()).hexdigest()


def _names(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _names(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner, key)
    elif isinstance(value, str):
        try:
            if key in ("when", "until", "in"):
                yield from parse_expression(value).names()
            elif "{{" in value or "{%" in value:
                yield from parse_template(value).names()
        except ExpressionError:
            return


def holding(w: Walker, path: str) -> Gate | None:
    """The gate whose approval covers the step at `path` and still holds; void ones are opened again."""
    for gate, step in _enclosing(w, path):
        if gate.outcome not in GRANTING:
            continue
        now = digest_of(w, step, gate.path)
        if now == gate.digest:
            return gate
        w.entry("approval_void", "system", gate.path, decision=gate.path, was=gate.digest, now=now)
        gates.reopen(w, gate, now)
    return None


def reopened(w: Walker, path: str) -> bool:
    """Whether an enclosing gate is open (again), so that the action waits for it instead of failing."""
    return any(gate.outcome is None for gate, _ in _enclosing(w, path))


def _enclosing(w: Walker, path: str) -> Iterator[tuple[Gate, Step]]:
    child = path
    while (parent := w.definitions.parent(child)) is not None:
        gate = w.state.gates.get(parent)
        if gate is not None:
            yield gate, w.step(parent)
        child = parent
