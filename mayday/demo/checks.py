"""What has to be true after the demo: it does not believe itself, it looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from mayday.demo.story import Outcome
from mayday.domain.timeline import Entry, first_broken

__all__ = ["LONGEST_SECONDS", "Check", "checks"]

LONGEST_SECONDS = 120.0


class Check(NamedTuple):
    """`seen` is what was found, for whoever has to find out why it is not `held`."""

    claim: str
    held: bool
    seen: str


def checks(outcome: Outcome) -> list[Check]:
    """Every claim of the demo, held or not."""
    return [Check(claim, held, str(seen)) for claim, held, seen in _looked_at(outcome)]


def _looked_at(outcome: Outcome) -> Iterator[tuple[str, bool, Any]]:
    actions = [item["action"] for item in outcome.opened + outcome.delivered_again]
    yield "one alert, delivered twice, opened one incident", actions.count("opened") == 1, actions
    ids = {item["id"] for item in outcome.opened + outcome.delivered_again}
    yield "both deliveries name it", ids == {outcome.board.get("id")}, ids

    escalated = _first(outcome, "page_escalated", page="page_payments")
    answered = _first(outcome, "acknowledged", page="page_payments")
    late = escalated is not None and answered is not None and escalated["seq"] < answered["seq"]
    yield "the page climbed before anybody answered", late, (escalated, answered)
    rung = [page["person"] for page in outcome.pages if page["page"] == "page_payments"]
    yield "one page a level: raj, then lee", rung == ["raj", "lee"], rung
    calls = Counter((page["page"], page["person"]) for page in outcome.pages if page["purpose"] in ("page", "role"))
    yield "nobody was woken twice for the same thing", set(calls.values()) == {1}, calls

    refused = outcome.refused
    excluded = refused is not None and refused.refused and refused.body.get("code") == "excluded"
    yield "the requester's own vote was refused with the reason", excluded and bool(refused.reason), refused  # type: ignore[union-attr]
    voters = [entry["actor"] for entry in outcome.timeline if entry["kind"] == "voted"]
    yield "two others voted, each counted once", voters == ["sam", "kim"], voters
    lapsed = _first(outcome, "gate_decided", decision="pay_later")
    held = lapsed is not None and lapsed["data"]["outcome"] == "lapsed"
    yield "the gate that nobody answered lapsed, and is no yes", held, lapsed

    yield "the worker was killed with SIGKILL", outcome.killed_status == -9, outcome.killed_status
    vote = outcome.vote_while_down
    yield "a vote without a worker was kept", vote is not None and vote.pending, vote
    approved = _first(outcome, "gate_decided", decision="emergency_change", outcome="approved")
    yield "and counted afterwards", approved is not None, approved
    ordered = [order["action"] for order in outcome.orders]
    yield "the change was ordered exactly once", ordered == ["change.execute"], ordered

    sent = [entry["data"] for entry in outcome.timeline if entry["kind"] == "message_sent"]
    finals = Counter(message["audience"] for message in sent if message["purpose"] == "final")
    yield "each audience got one last word", finals == {"technical": 1, "executives": 1, "customers": 1}, finals
    yield "resolved", outcome.board.get("status") == "resolved", outcome.board.get("status")
    yield "the review has an owner and a meeting", outcome.review.get("owner") == "ana", outcome.review.get("owner")
    drafted = outcome.board.get("id", "?") in outcome.report or "Checkout answers with errors" in outcome.report
    yield "its report is drafted", drafted, outcome.report[:200]

    entries = [Entry.model_validate(entry) for entry in outcome.timeline]
    broken = first_broken(entries)
    yield f"the chain of {len(entries)} entries is intact", bool(entries) and broken is None, f"broken at {broken}"
    yield "all within two minutes", outcome.seconds <= LONGEST_SECONDS, f"{outcome.seconds:.0f} s"


def _first(outcome: Outcome, kind: str, /, **data: Any) -> dict[str, Any] | None:
    for entry in outcome.timeline:
        if entry["kind"] == kind and all(entry["data"].get(name) == value for name, value in data.items()):
            return entry
    return None
