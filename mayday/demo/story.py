"""The night that the demo plays: runbook `demo_checkout`, real timers, people who are late, and a worker that dies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mayday.demo.alert import checkout_fails
from mayday.demo.incident import DemoFailed, Incident, Reply
from mayday.demo.stage import Stage
from mayday.demo.teller import Teller

__all__ = ["Outcome", "play"]


@dataclass
class Outcome:
    """What the night left, for the checks and for the printer."""

    opened: list[dict[str, Any]] = field(default_factory=list)
    delivered_again: list[dict[str, Any]] = field(default_factory=list)
    refused: Reply | None = None
    killed_status: int | None = None
    vote_while_down: Reply | None = None
    seconds: float = 0.0
    board: dict[str, Any] = field(default_factory=dict)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    pages: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    review: dict[str, Any] = field(default_factory=dict)
    report: str = ""


async def play(stage: Stage, teller: Teller) -> Outcome:
    """From the alert to the drafted report. Raises `DemoFailed`."""
    outcome = Outcome()
    teller.begin()
    incident = await _alert(stage, teller, outcome)
    try:
        await _call_people(incident, teller)
        await _decide(incident, teller, outcome)
        await _lose_the_worker(stage, incident, teller, outcome)
        await _restore(incident, teller)
        await _review(incident, teller, outcome)
        outcome.seconds = teller.seconds
        outcome.board, outcome.timeline = await incident.board(), await incident.timeline()
        outcome.pages, outcome.orders = await incident.pages(), await incident.orders()
        return outcome
    finally:
        await incident.close()


async def _alert(stage: Stage, teller: Teller, outcome: Outcome) -> Incident:
    teller.heading("An alert")
    notification = checkout_fails(datetime.now(UTC))
    async with stage.client(stage.alerts_token) as alertmanager:
        first = await alertmanager.post("/webhooks/alertmanager", json=notification)
        again = await alertmanager.post("/webhooks/alertmanager", json=notification)
    if first.status_code != 202 or again.status_code != 202:
        raise DemoFailed(f"the alert was answered {first.status_code}: {first.text[:300]}")
    outcome.opened, outcome.delivered_again = first.json()["incidents"], again.json()["incidents"]
    found = outcome.opened[0]["id"]
    if found is None:
        raise DemoFailed(f"the alert opened nothing: {first.text[:300]}")
    teller.tell("Alertmanager", f"POST /webhooks/alertmanager: 202, {outcome.opened[0]['action']} {found}")
    teller.tell("Alertmanager", f"the same again, as it does: 202, {outcome.delivered_again[0]['action']}")
    return Incident(stage, str(found))


async def _call_people(incident: Incident, teller: Teller) -> None:
    teller.heading("People are called; one of them sleeps")
    await incident.happened("paged", page="page_payments")
    teller.tell("raj", "is paged, first on call for payments. He does not wake up.")
    for person, role in (("ana", "incident_commander"), ("dee", "deputy"), ("li", "comms_lead")):
        await incident.waits_for(f"role:{role}")
        await incident.must(person, "accepts", {"role": role})
        teller.tell(person, f"accepts: {role.replace('_', ' ')}")
    with teller.waiting("8 seconds without an answer, then the page climbs"):
        await incident.happened("page_escalated", page="page_payments")
        await incident.happened("paged", page="page_payments", level=2)
    teller.tell("system", "the page climbs: lee, second on call, is paged by voice")
    await incident.must("lee", "acks", {"page": "page_payments", "joined": True})
    teller.tell("lee", "acknowledges, late, and leads the repair")


async def _decide(incident: Incident, teller: Teller, outcome: Outcome) -> None:
    teller.heading("Two decisions")
    gate = await incident.waits_for("emergency_change")
    teller.tell("system", f"asks {', '.join(gate['for'])}: {gate['text']}")
    asked = await incident.waits_for("pay_later")
    teller.tell("system", f"asks {', '.join(asked['for'])}: {asked['text']}")
    vote = {"decision": "emergency_change", "choice": "approve"}
    outcome.refused = await incident.says("ana", "votes", {**vote, "reason": "we have to do something"})
    words = f"votes too. {outcome.refused.status}, {outcome.refused.body.get('code')}: {outcome.refused.reason}"
    teller.tell("ana", words, style="red")
    await incident.must("sam", "votes", {**vote, "reason": "it was tested yesterday"})
    teller.tell("sam", "approves: it was tested yesterday. One of two.")
    with teller.waiting("the update to executives is due, and somebody has to read it before it leaves"):
        await incident.waits_for("review:executive_update")
    await incident.must("li", "completions", {"task": "review:executive_update", "result": {}})
    teller.tell("li", "reads and releases the update to executives")
    with teller.waiting("dana is asked about invoices and says nothing"):
        await incident.happened("gate_decided", decision="pay_later", outcome="lapsed")
    teller.tell("system", "no answer is never a yes: the question of invoices has lapsed, none are offered")


async def _lose_the_worker(stage: Stage, incident: Incident, teller: Teller, outcome: Outcome) -> None:
    teller.heading("The worker dies")
    killed, outcome.killed_status = stage.worker.pid, await stage.worker.kill()
    teller.tell("demo", f"kill -9 of the worker, process {killed}: status {outcome.killed_status}", style="red")
    with teller.waiting("kim votes while no worker is there"):
        vote = {"decision": "emergency_change", "choice": "approve", "reason": "agreed, the backout is ready"}
        outcome.vote_while_down = await incident.must("kim", "votes", vote)
    teller.tell("kim", f"approves: {outcome.vote_while_down.status}, it is kept and will count")
    with teller.waiting("a new worker replays the incident, then polls"):
        await stage.start_worker()
    teller.tell("demo", f"a new worker, process {stage.worker.pid}, has replayed the incident and goes on")
    with teller.waiting("the vote counts"):
        await incident.happened("gate_decided", decision="emergency_change", outcome="approved")
    teller.tell("system", "the emergency change is approved by two of the change board")


async def _restore(incident: Incident, teller: Teller) -> None:
    teller.heading("Back to work")
    with teller.waiting("the change is carried out"):
        await incident.waits_for("verify_bypass")
    teller.tell("system", "the change is ordered, and lee is asked whether it helped")
    await incident.must("lee", "completions", {"task": "verify_bypass", "result": {"ok": True}})
    teller.tell("lee", "cards go through again: mitigated")
    with teller.waiting("watching it for a while before anybody says resolved"):
        await incident.waits_for("confirm")
    await incident.must("lee", "completions", {"task": "confirm", "result": {"stable": True}})
    teller.tell("lee", "restored and stable: resolved")
    with teller.waiting("the last word to customers is written"):
        await incident.waits_for("review:final:customer_update")
    await incident.must("dee", "completions", {"task": "review:final:customer_update", "result": {}})
    teller.tell("dee", "reads the last word to customers, and it leaves")


async def _review(incident: Incident, teller: Teller, outcome: Outcome) -> None:
    teller.heading("The review")
    with teller.waiting("the run ends and its review begins"):
        await incident.happened("review_started")
        await incident.happened("finished")
        outcome.review = await incident.until(lambda: _owned(incident), "the review to have an owner and a meeting")
        # run and review store their last and first entries side by side: the report is of all of them
        await incident.until(lambda: _whole(incident), "the timeline to be stored whole")
    outcome.report = (await incident.get(f"/api/v1/reviews/{incident.id}/report"))["markdown"]
    meeting = outcome.review["meeting"]["starts_at"]
    teller.tell("system", f"the review is with {outcome.review['owner']}, its meeting is on {meeting[:16]}Z")


async def _whole(incident: Incident) -> bool | None:
    return (await incident.get(f"/api/v1/reviews/{incident.id}/verify"))["intact"] or None


async def _owned(incident: Incident) -> dict[str, Any] | None:
    review = await incident.get(f"/api/v1/reviews/{incident.id}")
    return review if review.get("owner") and review.get("meeting") else None
