"""Level 5: gates that can be decided, by people who may, about a thing; and what may follow them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mayday.language.catalog import Catalog
from mayday.language.checks.layout import Layout, Placed
from mayday.language.compile import SERVICE_OWNER
from mayday.language.documents import Document
from mayday.language.findings import Finding, define, nearest
from mayday.language.runbook import GateTimeout, Runbook, Voters

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["AUTHORITY_OF", "gate_findings"]

_GATE = (
    "- id: gate\n  decide: Go on?\n  voters: {voters}\n  timeout: 10m\n  outcomes: {{ approved: [], rejected: [] }}\n"
)


def _gate(voters: str) -> str:
    return _GATE.format(voters=voters)


AUTHORITY = define(
    "F510",
    "voter without authority",
    "Who may decide about an emergency change or disaster recovery stands in `authorities` of the catalog, "
    "by severity. "
    "Voters, and who is added on a timeout, are among them.",
    wrong="- id: gate\n  decide: Fail over?\n  subject: { action: dr.invoke, plan: fail over }\n"
    "  voters: { from: [person.ana, person.raj] }\n  timeout: 10m\n  outcomes: { approved: [], rejected: [] }\n",
    right="- id: gate\n  decide: Fail over?\n  subject: { action: dr.invoke, plan: fail over }\n"
    "  voters: { from: [person.ana, person.dana] }\n  timeout: 10m\n  outcomes: { approved: [], rejected: [] }\n",
    frame="steps",
)
NO_TIMEOUT = define(
    "F511",
    "gate without timeout",
    "A gate that waits for ever stops the night. `timeout` says how long, `on_timeout` what then; no answer is never a "
    "yes.",
    wrong=_gate("{ from: [person.ana] }").replace("  timeout: 10m\n", ""),
    right=_gate("{ from: [person.ana] }"),
    frame="steps",
)
UNHANDLED = define(
    "F512",
    "outcome without a branch",
    "`approved` and `rejected` have a branch each (`[]` where nothing follows), or every one of the gate's "
    "own `options`. "
    "`lapsed` may have one.",
    wrong=_gate("{ from: [person.ana] }").replace(", rejected: []", ""),
    right=_gate("{ from: [person.ana] }"),
    frame="steps",
)
TOO_MANY = define(
    "F513",
    "more approvals than voters",
    "A gate that needs more yeses than it has voters can never be approved. A schedule or a role is one voter.",
    wrong=_gate("{ from: [person.ana, schedule.primary], approvals: 3 }"),
    right=_gate("{ from: [person.ana, schedule.primary], approvals: 2 }"),
    frame="steps",
)
ALONE = define(
    "F514",
    "required voter without substitute",
    "When the one person who has to vote cannot be reached, the gate lapses. Allow `delegates: true`, with a "
    "`delegate` for "
    "that person in the catalog.",
    wrong=_gate("{ from: [person.ana, person.dana], required: [person.ana] }"),
    right=_gate("{ from: [person.ana, person.dana], required: [person.ana], delegates: true }"),
    frame="steps",
)
REQUIRED = define(
    "F515",
    "required voter who does not vote",
    "`required` names some of `from`.",
    wrong=_gate("{ from: [person.dana], required: [person.ana], delegates: true }"),
    right=_gate("{ from: [person.ana, person.dana], required: [person.ana], delegates: true }"),
    frame="steps",
)
FIXED_GROUP = define(
    "F516",
    "voters from a fixed group",
    "The people of a group may all be asleep. Allow `delegates: true`, or let a schedule say who is awake.",
    wrong=_gate("{ from: [group.cab], approvals: 2 }"),
    right=_gate("{ from: [group.cab], approvals: 2, delegates: true }"),
    frame="steps",
    level="warning",
)
DEFAULT_YES = define(
    "F517",
    "silence as a yes",
    "`then: approved` needs `allow_default_approve` with the reason why nobody's answer may count as a yes here.",
    wrong="- id: gate\n  decide: Go on?\n  voters: { from: [person.ana] }\n  timeout: 10m\n"
    "  on_timeout: { then: approved }\n  outcomes: { approved: [], rejected: [] }\n",
    right="- id: gate\n  decide: Go on?\n  voters: { from: [person.ana] }\n  timeout: 10m\n"
    "  on_timeout: { then: approved, allow_default_approve: restarts are harmless }\n"
    "  outcomes: { approved: [], rejected: [] }\n",
    frame="steps",
)
OWN_GATE = define(
    "F518",
    "people who approve their own request",
    "Requester and implementer do not vote. Whoever leaves them out of `exclude` gives the reason in "
    "`allow_self_approval`.",
    wrong=_gate("{ from: [person.ana], exclude: [] }"),
    right=_gate("{ from: [person.ana], exclude: [], allow_self_approval: one person on call at night }"),
    frame="steps",
)

AUTHORITY_OF = {"change.execute": "emergency_change", "dr.invoke": "disaster_recovery"}
"""The entry of the catalog's `authorities` that a gate on an action needs."""
BRANCHES = ("approved", "rejected", "lapsed")


def gate_findings(runbook: Runbook, layout: Layout, document: Document, library: Library) -> Iterator[Finding]:
    """Every gate of a runbook."""
    for placed in layout.steps:
        if placed.step.decide is None:
            continue
        if placed.step.timeout is None:
            message = f"the gate `{placed.id}` may wait for ever"
            yield document.find(NO_TIMEOUT, placed.path, message, "write timeout: 15m")
        yield from _outcomes(placed, document)
        if placed.step.voters is not None:
            yield from _voters(placed, placed.step.voters, document, library.catalog)
            yield from _authority(placed, runbook, document, library.catalog)


def _outcomes(placed: Placed, document: Document) -> Iterator[Finding]:
    step = placed.step
    outcomes, options = step.outcomes or {}, step.options or []
    needed = options or ["approved", "rejected"]
    where = (*placed.path, "outcomes") if step.outcomes is not None else placed.path
    for outcome in needed:
        if outcome not in outcomes:
            yield document.find(UNHANDLED, where, f"nothing says what follows `{outcome}`", f"write {outcome}: []")
    known = {*needed, *BRANCHES} if not options else {*options, "lapsed"}
    for outcome in outcomes:
        if outcome not in known:
            hint = nearest(outcome, known)
            yield document.find(UNHANDLED, (*where, outcome), f"`{outcome}` is no outcome of this gate", hint, key=True)
    late = step.on_timeout
    if isinstance(late, GateTimeout):
        place = (*placed.path, "on_timeout", "then")
        if late.then not in {*known, "lapsed", "rejected"}:
            yield document.find(
                UNHANDLED, place, f"`{late.then}` is no outcome of this gate", nearest(late.then, known)
            )
        elif late.then == "approved" and not late.allow_default_approve:
            yield document.find(DEFAULT_YES, place, "no answer is never a yes", "write then: lapsed, or the reason")


def _voters(placed: Placed, voters: Voters, document: Document, catalog: Catalog) -> Iterator[Finding]:
    path = (*placed.path, "voters")
    count = _count(voters.from_, catalog)
    if voters.approvals > count:
        message = f"{voters.approvals} approvals are needed, and there are {count} voters"
        yield document.find(TOO_MANY, (*path, "approvals"), message, "name more voters, or need fewer")
    people = _people(voters.from_, catalog)
    for index, ref in enumerate(voters.required):
        where = (*path, "required", index)
        if ref not in voters.from_ and not set(_people([ref], catalog)) <= set(people):
            yield document.find(REQUIRED, where, f"{ref} is required, and not among the voters", "name them in `from`")
            continue
        person = catalog.people.get(ref.removeprefix("person.")) if ref.startswith("person.") else None
        if person is not None and not (voters.delegates and person.delegate):
            hint = "write delegates: true" if person.delegate else f"give {ref} a delegate in the catalog"
            yield document.find(ALONE, where, f"nobody can vote for {ref}", hint)
    if not voters.delegates:
        for index, ref in enumerate(voters.from_):
            if ref.startswith("group."):
                message = f"{ref} is a fixed group, whoever is on duty"
                yield document.find(
                    FIXED_GROUP, (*path, "from", index), message, "write delegates: true, or a schedule"
                )
    missing = [word for word in ("requester", "implementer") if word not in voters.exclude]
    if missing and not voters.allow_self_approval:
        message = f"the {missing[0]} could approve their own request"
        yield document.find(
            OWN_GATE, (*path, "exclude"), message, f"exclude the {missing[0]}, or say allow_self_approval:"
        )


def _count(refs: list[str], catalog: Catalog) -> int:
    """How many people can vote: a schedule or role is one at a time."""
    return len(_people(refs, catalog)) + sum(1 for ref in set(refs) if _is_one(ref))


def _is_one(ref: str) -> bool:
    return ref.startswith(("schedule.", "role.")) or ref == SERVICE_OWNER


def _people(refs: list[str], catalog: Catalog) -> list[str]:
    """The persons that references name for sure."""
    found: list[str] = []
    for ref in refs:
        kind, _, name = ref.partition(".")
        if kind == "person":
            found.append(name)
        elif kind == "group":
            found += catalog.groups.get(name, [])
    return list(dict.fromkeys(found))


def _authority(placed: Placed, runbook: Runbook, document: Document, catalog: Catalog) -> Iterator[Finding]:
    step = placed.step
    name = AUTHORITY_OF.get(step.subject.action) if step.subject else None
    if name is None or step.voters is None:
        return
    authority = catalog.authorities.get(name, {})
    major = [name for name, policy in catalog.severities.items() if policy.major]
    severities = runbook.applies_to.severity or major or list(authority)
    voters = [(ref, (*placed.path, "voters", "from", index)) for index, ref in enumerate(step.voters.from_)]
    if isinstance(step.on_timeout, GateTimeout) and step.on_timeout.escalate:
        voters.append((step.on_timeout.escalate, (*placed.path, "on_timeout", "escalate")))
    if not authority:
        message = f"the catalog names nobody who may decide about {step.subject.action if step.subject else ''}"
        yield document.find(AUTHORITY, (*placed.path, "voters"), message, f"write authorities: {{ {name}: ... }}")
        return
    for ref, path in voters:
        for severity in severities:
            allowed = authority.get(severity, [])
            if ref not in allowed and not _covered(ref, allowed, catalog):
                message = f"{ref} has no authority for {name} at {severity}"
                hint = f"authorised are {', '.join(allowed)}" if allowed else f"the catalog names nobody at {severity}"
                yield document.find(AUTHORITY, path, message, hint)
                break


def _covered(ref: str, allowed: list[str], catalog: Catalog) -> bool:
    people = _people([ref], catalog)
    return bool(people) and set(people) <= set(_people(allowed, catalog))
