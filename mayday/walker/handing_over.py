"""What a resolved incident hands to its review: the chain's head, and everything that is still owed.

Finals nobody released, break-glass decisions nobody ratified, spoken votes nobody confirmed, root causes vendors owe.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from mayday.domain.effects import EffectResult, Wire
from mayday.domain.review.owed import Finding, PendingFinal, VendorRca
from mayday.domain.review.wire import ReportReader, ReviewAccess, ReviewInput
from mayday.walker import ballots, obligations, people
from mayday.walker.scope import priority
from mayday.walker.state import Flight

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

LONGEST_WORKAROUND = 2000
START_REVIEW = "review.start"


class ReviewStart(Wire):
    effect_key: str
    review: dict[str, Any]


def review_owner(w: Walker) -> str | None:
    """Who owns the review: whom the runbook names, else the commander, else the deputy, else who declared."""
    spec = w.plan.runbook.review
    named = people.people_of(w, spec.owner)[:1] if spec else []
    known = [*named, people.holder(w, people.COMMANDER), people.own_holder(w, people.DEPUTY), w.state.declared_by]
    return next((person for person in known if person and people.known(w, person)), None)


def start_review(w: Walker) -> None:
    """Ask the engine for the review workflow; it appends to the chain after `finished`."""
    body = review_input(w).model_dump(mode="json", by_alias=True, exclude_none=True)
    w.ask(
        START_REVIEW,
        "review",
        lambda key: ReviewStart(effect_key=key, review=body),
        owner="review:",
        effect_class="reversible",
        summary="start the review",
    )


def answered(w: Walker, name: str, flight: Flight, result: EffectResult) -> None:
    """The chain is the review's now, so a failure is no entry: it is tried again until the review runs."""
    if result.failure is not None and w.state.finished:
        start_review(w)


def review_input(w: Walker) -> ReviewInput:
    state, spec = w.state, w.plan.runbook.review
    rules = spec.model_dump(mode="json", by_alias=True, exclude_none=True) if spec else None
    service = w.plan.services.get(state.service)
    commander = w.plan.runbook.roles.get(people.COMMANDER)
    refs = [ref for ref in (service.owner if service else None, commander.from_ if commander else None) if ref]
    return ReviewInput(
        decision_keys=w.start.decision_keys,
        incident_id=state.id,
        card=w.card(),
        severity=state.severity,
        spec=rules,
        owner=review_owner(w),
        deputy=people.own_holder(w, people.DEPUTY),
        commander=people.own_holder(w, people.COMMANDER),
        service_owners=[service.owner] if service and service.owner else [],
        members={ref: people.people_of(w, ref) for ref in refs},
        managers=people.people_of(w, commander.from_) if commander and commander.from_ else [],
        responders=state.responders,
        attendees=_attendees(w),
        people={person: known.name for person, known in w.plan.people.items()},
        opened_at=state.opened_at,
        resolved_at=state.resolved_at or w.now,
        impact_started_at=state.impact_started_at,
        impact_ended_at=state.impact_ended_at,
        workaround=_workaround(w),
        head=state.head,
        next_seq=state.seq + 1,
        clock_offset_s=w.start.clock_offset_s,
        continue_as_new_after=w.start.continue_as_new_after,
        finals=_finals(w),
        findings=_findings(w),
        vendor_rcas=_vendor_rcas(w),
        obligations=obligations.owed_beyond(w, review_owner(w)),
        base_url=w.start.base_url,
        carried=state.review_carried,
        action_tickets=True,
        readers=_readers(w),
        access=_access(w),
    )


def _workaround(w: Walker) -> str | None:
    """The last answer to a field of that name; what only few may read is not handed on."""
    said: list[tuple[datetime, str]] = []
    for path, state in w.state.steps.items():
        words = state.result.get("workaround")
        if isinstance(words, str) and words.strip() and state.ended_at is not None:
            step = w.step(path)
            form = step.ask or step.task
            field = form.fields.get("workaround") if form else None
            if field is not None and field.visibility != "restricted":
                said.append((state.ended_at, words.strip()[:LONGEST_WORKAROUND]))
    return max(said)[1] if said else None


def _access(w: Walker) -> ReviewAccess:
    """Whom the catalog's `access` gives what in the review; of somebody named twice the higher level counts."""

    def at(*levels: str) -> list[str]:
        return people.unique(
            person for level in levels for ref in w.plan.access.get(level, []) for person in people.people_of(w, ref)
        )

    higher = at("responder", "approver", "administrator", "owner")
    return ReviewAccess(
        viewers=[person for person in at("viewer") if person not in higher],
        administrators=at("administrator", "owner"),
    )


def _readers(w: Walker) -> list[ReportReader]:
    """Whom the report is sent to: audiences and people as the runbook names them, else whom the meeting invites."""
    spec = w.plan.runbook.review
    if spec is None or spec.report_to is None:
        invited = people.unique([*(_attendees(w) or w.state.responders), *filter(None, [review_owner(w)])])
        return [ReportReader(audience="participants", to=invited)] if invited else []
    found: list[ReportReader] = []
    for ref in spec.report_to:
        audience = w.plan.audiences.get(ref.removeprefix("audience.")) if ref.startswith("audience.") else None
        if audience is not None:
            via = [channel for channel in audience.via if channel in ("email", "chat")] or ["email"]
            found.append(ReportReader(audience=ref.removeprefix("audience."), to=list(audience.to), via=list(via)))
        elif persons := people.people_of(w, ref):
            found.append(ReportReader(audience=ref.partition(".")[2].replace("_", " "), to=persons))
    return found


def _attendees(w: Walker) -> list[str]:
    spec = w.plan.runbook.review
    wanted = spec.meeting.attendees if spec and spec.meeting else []
    if isinstance(wanted, str):
        return list(w.state.responders)
    return people.unique(person for ref in wanted for person in people.people_of(w, ref))


def _finals(w: Walker) -> list[PendingFinal]:
    found: list[PendingFinal] = []
    for final in w.state.finals:
        if final.state != "left_to_review":
            continue
        audience = w.plan.audiences.get(final.audience)
        found.append(
            PendingFinal(
                id=f"final:{final.cadence}",
                audience=final.audience,
                template=final.template,
                subject=final.subject,
                text=final.text,
                to=list(audience.to) if audience else [],
                via=list(audience.via) if audience else ["status_page"],
                readers=people.unique(
                    f"person.{person}"
                    for role in ("comms_lead", people.COMMANDER, people.DEPUTY)
                    if (person := people.holder(w, role)) is not None
                ),
                author=w.state.resolved_by,  # whoever said that it is over does not also say so to customers
                since_at=w.now,
            )
        )
    return found


def _findings(w: Walker) -> list[Finding]:
    found: list[Finding] = []
    for gate in w.state.gates.values():
        if gate.ratifies and gate.outcome is None:
            filled = ballots.filled_seats(w, gate)
            found.append(
                Finding(
                    id=f"ratify:{gate.ratifies}",
                    kind="ratification",
                    decision=gate.ratifies,
                    text=gate.question,
                    people=gate.seats,
                    excluded=list(gate.excluded),
                    approvals=gate.approvals,
                    required=ballots.required(gate),
                    veto=gate.veto,
                    as_gate=True,
                    yes=[who for who, ballot in filled.items() if ballot.choice == "approve"],
                    no=[who for who, ballot in filled.items() if ballot.choice == "reject"],
                    due_at=gate.due_at,
                )
            )
        for ballot in gate.ballots.values():
            if ballot.confirmed:
                continue
            task = w.state.tasks.get(f"confirm:{gate.path}:{ballot.person}")
            found.append(
                Finding(
                    id=f"confirm:{gate.path}:{ballot.person}",
                    kind="confirmation",
                    decision=gate.path,
                    text=f"{people.name_of(w, ballot.person)} said {ballot.choice}: {gate.question}",
                    people=[ballot.person],
                    due_at=task.due_at if task else None,
                )
            )
    return found


def _vendor_rcas(w: Walker) -> list[VendorRca]:
    found: dict[str, VendorRca] = {}
    for case in w.state.engagements.values():
        vendor = w.vendor(case.vendor)
        found[case.vendor] = VendorRca(
            vendor=case.vendor,
            name=vendor.name,
            case=case.case,
            contract=vendor.contract.ref,
            priority=case.priority or priority(w),
            level=vendor.contacts[0].level,
            via=list(vendor.contacts[0].via),
        )
    return list(found.values())
