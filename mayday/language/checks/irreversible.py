"""Level 5: what cannot be taken back is approved as a thing, tried once, and looked at afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mayday.language.checks.layout import Layout, Placed
from mayday.language.documents import Document
from mayday.language.expressions import is_template
from mayday.language.findings import Finding, define

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["irreversible_findings"]

_GATE = """- id: gate
  decide: Fail over?
  subject: { action: dr.invoke, plan: fail over }
  voters: { from: [person.ana, person.dana] }
  timeout: 10m
  outcomes:
    approved:
"""
_DO = "      - { id: failover, do: dr.invoke, with: { service: payments } }\n"
_VERIFY = (
    "      - { id: verify, ask: { to: role.deputy, question: Up, fields: { ok: { type: boolean } }, due: 5m, "
    "on_overdue: { notify: role.deputy } } }\n"
)
_END = "    rejected: []\n"

UNVERIFIED = define(
    "F560",
    "irreversible action without verification",
    "After an action that cannot be taken back, somebody looks whether it did what it should: an `ask` or a "
    "gate follows.",
    wrong=_GATE + _DO + _END,
    right=_GATE + _DO + _VERIFY + _END,
    frame="steps",
)
UNAPPROVED = define(
    "F561",
    "irreversible action without its gate",
    "An irreversible action stands in the approved branch of a gate whose `subject` is that action: an "
    "approval approves "
    "a thing.",
    wrong="- { id: failover, do: dr.invoke, with: { service: payments } }\n" + _VERIFY.replace("      - ", "- "),
    right=_GATE + _DO + _VERIFY + _END,
    frame="steps",
)
RETRIED = define(
    "F562",
    "irreversible action with retries",
    "It is never tried again by itself: whether it happened is found out first, and another try needs a live approval.",
    wrong=_GATE + _DO.replace(" } }", " }, retry: { attempts: 2 } }") + _VERIFY + _END,
    right=_GATE + _DO + _VERIFY + _END,
    frame="steps",
)
ANOTHER_THING = define(
    "F563",
    "another thing than the one approved",
    "What is carried out is what the gate's `subject` says: the same action, and the same change.",
    wrong=_GATE.replace("dr.invoke", "change.execute")
    .replace("plan:", "change: CHG-1, plan:")
    .replace("person.ana, person.dana", "group.cab")
    .replace("] }\n  timeout", "], delegates: true }\n  timeout")
    + _DO.replace("dr.invoke, with: { service: payments }", "change.execute, with: { change: CHG-2 }")
    + _VERIFY
    + _END,
    right=_GATE.replace("dr.invoke", "change.execute")
    .replace("plan:", "change: CHG-1, plan:")
    .replace("person.ana, person.dana", "group.cab")
    .replace("] }\n  timeout", "], delegates: true }\n  timeout")
    + _DO.replace("dr.invoke, with: { service: payments }", "change.execute, with: { change: CHG-1 }")
    + _VERIFY
    + _END,
    frame="steps",
)


def irreversible_findings(layout: Layout, document: Document, library: Library) -> Iterator[Finding]:
    """Every action of the effect class `irreversible`."""
    for placed in layout.steps:
        action = library.actions.get(placed.step.do or "")
        if action is None or action.effect != "irreversible":
            continue
        if placed.step.retry is not None:
            message = f"{placed.step.do} cannot be taken back, and is not tried again by itself"
            yield document.find(RETRIED, (*placed.path, "retry"), message, "leave retry out", key=True)
        yield from _gate(placed, document)
        if not _verified(placed, layout):
            message = f"nobody looks whether {placed.step.do} did what it should"
            yield document.find(UNVERIFIED, (*placed.path, "do"), message, "let an `ask` follow it")


def _gate(placed: Placed, document: Document) -> Iterator[Finding]:
    step = placed.step
    for block in reversed(placed.ancestors):
        gate = block.parent
        if gate is None or gate.step.decide is None or block.slot != "outcomes.approved":
            continue
        subject = gate.step.subject
        if subject is None:
            message = f"the gate `{gate.id}` does not say what it approves"
            yield document.find(UNAPPROVED, gate.path, message, f"write subject: {{ action: {step.do}, plan: ... }}")
        elif subject.action != step.do:
            message = f"`{gate.id}` approves {subject.action}, and this is {step.do}"
            yield document.find(ANOTHER_THING, (*placed.path, "do"), message, "one gate for each action")
        else:
            change = (step.with_ or {}).get("change")
            if isinstance(change, str) and subject.change is not None and _differ(change, subject.change):
                message = f"`{gate.id}` approves {subject.change}, and this is {change}"
                yield document.find(ANOTHER_THING, (*placed.path, "with", "change"), message, f"write {subject.change}")
        return
    message = f"{step.do} cannot be taken back, and no gate approves it"
    yield document.find(
        UNAPPROVED, (*placed.path, "do"), message, "put it into `outcomes: { approved: [...] }` of a gate"
    )


def _differ(one: str, other: str) -> bool:
    """Two texts that are both known now and not the same, or two templates that are not written alike."""
    return one != other and is_template(one) == is_template(other)


def _verified(placed: Placed, layout: Layout) -> bool:
    """Whether an answer of a person, or a gate, follows: in its own list or in a list around it."""
    return any(
        other.step.ask is not None
        or other.step.decide is not None
        or (other.step.task is not None and other.step.task.fields)
        for block in placed.ancestors
        for following in layout.following(block)
        for other in (following, *layout.inside(following))
    )
