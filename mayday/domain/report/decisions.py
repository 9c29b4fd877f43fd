"""Decisions with every vote, every reason and every exception to the rule."""

from __future__ import annotations

from collections.abc import Sequence

from mayday.domain.report.model import DecisionFact, OutcomeFact, VoteFact
from mayday.domain.report.reading import at, happened, moment, number, of, text, texts
from mayday.domain.timeline import Entry
from mayday.domain.timeline_words import NAMELESS, thing

#: what else happened to a gate, in words
EVENTS = (
    "gate_reminded",
    "gate_delegated",
    "gate_escalated",
    "gate_reseated",
    "gate_reopened",
    "approval_void",
    "glass_touched",
    "vote_withdrawn",
    "vote_witnessed",
)
FINDINGS = (
    "finding",
    "finding_expired",
    "finding_seconded",
    "finding_opposed",
    "finding_answered",
    "finding_settled",
)


def decisions(entries: Sequence[Entry]) -> list[DecisionFact]:
    """One per gate, in the order in which they opened."""
    found: dict[str, DecisionFact] = {}
    for entry in entries:
        name = text(entry.data.get("decision"))
        if not name:
            continue
        if entry.kind == "gate_opened":
            _opened(found.setdefault(name, DecisionFact(id=name)), entry)
        elif entry.kind == "voted":
            _vote(found.setdefault(name, DecisionFact(id=name)), entry)
        elif entry.kind == "vote_confirmed":
            _confirmed(found.setdefault(name, DecisionFact(id=name)), text(entry.data.get("voter")))
        elif entry.kind == "gate_decided":
            _decided(found.setdefault(name, DecisionFact(id=name)), entry)
        elif entry.kind in EVENTS:
            found.setdefault(name, DecisionFact(id=name)).events.append(f"{clock(entry)} {entry.text}")
        elif entry.kind in FINDINGS:
            found.setdefault(name, DecisionFact(id=name)).findings.append(f"{clock(entry)} {entry.text}")
            if entry.kind == "finding_answered" and entry.data.get("answer") == "confirmed":
                _confirmed(found[name], entry.actor)
            _ratified_in_the_review(found, entry)
    return list(found.values())


def _ratified_in_the_review(found: dict[str, DecisionFact], entry: Entry) -> None:
    """A ratification that outlived the incident's run is answered in the review: as that gate's vote, and outcome."""
    gate = found.get(text(entry.data.get("finding")))
    if gate is None or entry.data.get("finding_kind") != "ratification":
        return
    said, answer = text(entry.data.get("reason")), text(entry.data.get("answer"))
    if entry.kind == "finding_expired":
        gate.outcomes.append(OutcomeFact(outcome="lapsed", at=at(entry), reason="nobody answered in time"))
    elif entry.kind in ("finding_seconded", "finding_opposed", "finding_answered"):
        choice = "reject" if answer == "refused" or entry.kind == "finding_opposed" else "approve"
        gate.votes.append(VoteFact(person=entry.actor, choice=choice, reason=said, at=happened(entry)))
        if answer:
            gate.outcomes.append(OutcomeFact(outcome=answer, at=at(entry), reason=said))


def exceptions(entries: Sequence[Entry]) -> list[str]:
    """What was not done by the rule: unapproved emergencies, spoken votes without their confirmation, lapses."""
    lines: list[str] = []
    naming = entries[0].naming if entries else NAMELESS

    def said(decision: DecisionFact) -> str:
        return thing(decision.id, naming, quoted=True)

    for decision in decisions(entries):
        for outcome in decision.outcomes:
            if outcome.outcome == "unapproved_emergency":
                verdict = _ratification(entries, decision)
                lines.append(f"{said(decision)}: unapproved emergency, {verdict}")
            elif outcome.outcome == "lapsed":
                lines.append(f"{said(decision)}: lapsed, nobody decided in time")
        for vote in decision.votes:
            if vote.heard_by and not vote.confirmed:
                who = naming.of(vote.person)
                lines.append(f"{said(decision)}: the vote that {who} spoke was not confirmed by {who}")
    for entry in of(entries, "finding"):
        if entry.data.get("finding") != "unapproved":
            lines.append(entry.text)
    return list(dict.fromkeys(lines))


def _ratification(entries: Sequence[Entry], decision: DecisionFact) -> str:
    verdict = "no ratification"
    for entry in entries:
        if entry.kind == "gate_decided" and entry.data.get("ratifies") == decision.id:
            approved = entry.data.get("outcome") == "approved"
            verdict = "ratified" if approved else f"ratification {entry.data.get('outcome')}"
        if entry.kind == "finding_answered" and entry.data.get("decision") == decision.id:
            answer = text(entry.data.get("answer"))
            verdict = "ratified" if answer == "ratified" else f"ratification {answer}"
    return verdict


def clock(entry: Entry) -> str:
    return f"{at(entry):%Y-%m-%d %H:%M:%S}"


def _opened(decision: DecisionFact, entry: Entry) -> None:
    data = entry.data
    decision.question = text(data.get("question"))
    decision.opened_at = decision.opened_at or at(entry)
    decision.due_at = moment(data.get("due_at"))
    decision.requester = text(data.get("requester")) or None
    decision.voters = texts(data.get("voters"))
    decision.approvals = number(data.get("approvals"))
    decision.required = texts(data.get("required"))
    decision.digest = text(data.get("digest")) or None


def _vote(decision: DecisionFact, entry: Entry) -> None:
    data = entry.data
    spoken = text(data.get("heard_by")) or None
    # A spoken vote is entered by a recorder: the voter is the one it was entered for.
    behalf = text(data.get("on_behalf_of")) or None
    person = behalf if spoken and behalf else entry.actor
    decision.votes.append(
        VoteFact(
            person=person,
            choice=text(data.get("choice")),
            reason=text(data.get("reason")),
            at=happened(entry),
            on_behalf_of=None if spoken else behalf,
            heard_by=spoken,
            confirmed=False if spoken else None,
            recorded_by=entry.actor if spoken else None,
        )
    )


def _confirmed(decision: DecisionFact, voter: str) -> None:
    for vote in decision.votes:
        if vote.person == voter and vote.heard_by:
            vote.confirmed = True


def _decided(decision: DecisionFact, entry: Entry) -> None:
    data = entry.data
    decision.outcomes.append(
        OutcomeFact(
            outcome=text(data.get("outcome")),
            at=at(entry),
            reason=entry.said("reason"),
            seconds=number(data.get("after_s")),
            ratifies=text(data.get("ratifies")) or None,
        )
    )
