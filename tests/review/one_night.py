"""A night with everything in it that a report tells: as a chain, and what is made of it."""

from __future__ import annotations

from mayday.domain.report.model import ClockFact, Report
from tests.review.chains import Chain
from tests.review.story import utc

START = utc("2026-03-02T02:10")


def night() -> Chain:
    """Story 1 and 3 in short: nobody in command for seven minutes, a spoken yes, a broken glass, a silent vendor."""
    chain = Chain(START)
    chain.add(
        0,
        "opened",
        "alertmanager",
        title="Payments down",
        severity="SEV1",
        service="payments",
        runbook="payments_sev1@3.2.0",
    )
    chain.add(0, "alert_fired", "alertmanager", None, title="PaymentsDown", occurred_at=chain.at(-1))
    chain.add(0, "declared", "system", None, severity="SEV1", auto=True)
    chain.add(0.2, "paged", "system", "page_payments", page="page_payments", people=["raj"], purpose="page")
    chain.add(0.2, "phase_entered", "system", "phase:declare", phase="declare", name="Declare")
    chain.add(
        5,
        "message_sent",
        "system",
        "cadence:customer_update",
        n=1,
        audience="customers",
        purpose="first_post",
        text="We look into it",
        via=["status_page"],
    )
    chain.add(6, "acknowledged", "lee", "page_payments", page="page_payments", after_s=348, channel="api")
    chain.add(
        7, "role_taken", "dee", "role:incident_commander", role="incident_commander", person="dee", how="accepted"
    )
    chain.add(8, "phase_left", "system", "phase:declare", phase="declare", reason="its steps are done")
    chain.add(8, "phase_entered", "system", "phase:restore", phase="restore")
    chain.add(
        10,
        "vendor_engaged",
        "system",
        "gateway",
        vendor="gateway_co",
        priority="P1",
        summary="down",
        contract="C-2231",
        level="support",
    )
    chain.add(
        10, "vendor_contacted", "system", "gateway", vendor="gateway_co", case="C-77", level="support", via=["email"]
    )
    chain.add(
        30,
        "vendor_breached",
        "system",
        "gateway",
        vendor="gateway_co",
        clock="response",
        due_at=chain.at(30),
        started_at=chain.at(10),
        limit_s=1200,
        contract="C-2231",
        priority="P1",
        case="C-77",
    )
    chain.add(30, "vendor_escalated", "system", "gateway", vendor="gateway_co", level="account_manager")
    chain.add(
        31,
        "gate_opened",
        "system",
        "invoke_dr",
        decision="invoke_dr",
        question="Invoke disaster recovery?",
        voters=["chris", "dana"],
        approvals=2,
        required=["chris"],
        due_at=chain.at(51),
        requester="dee",
        digest="abc",
    )
    chain.add(
        32,
        "voted",
        "ana",
        "invoke_dr",
        decision="invoke_dr",
        choice="approve",
        reason="card traffic is down",
        on_behalf_of="chris",
        heard_by="li",
        channel="api",
    )
    chain.add(33, "voted", "dana", "invoke_dr", decision="invoke_dr", choice="approve", reason="agreed", channel="api")
    chain.add(
        33,
        "gate_decided",
        "dana",
        "invoke_dr",
        decision="invoke_dr",
        outcome="approved",
        reason="agreed",
        after_s=120,
        votes={"chris": "approve", "dana": "approve"},
    )
    chain.add(
        40,
        "update_missed",
        "system",
        "cadence:customer_update",
        cadence="customer_update",
        audience="customers",
        then="send_holding_line",
    )
    chain.add(
        40,
        "message_sent",
        "system",
        "cadence:customer_update",
        n=2,
        audience="customers",
        purpose="holding",
        text="Still on it",
        via=["status_page"],
    )
    chain.add(
        50,
        "gate_opened",
        "system",
        "emergency_change",
        decision="emergency_change",
        question="Route past the gateway?",
        voters=["sam", "kim"],
        approvals=2,
        due_at=chain.at(65),
    )
    chain.add(65, "gate_decided", "system", "emergency_change", decision="emergency_change", outcome="lapsed", votes={})
    chain.add(
        68, "glass_touched", "sam", "emergency_change", decision="emergency_change", reason="cards fail", channel="api"
    )
    chain.add(
        69,
        "gate_decided",
        "dee",
        "emergency_change",
        decision="emergency_change",
        outcome="unapproved_emergency",
        reason="cards fail",
        votes={},
    )
    chain.add(70, "overridden", "dee", "soak", action="skip", reason="stable for an hour", channel="api")
    chain.add(
        75,
        "vendor_replied",
        "lee",
        "gateway",
        vendor="gateway_co",
        reply="reply",
        words="we see it",
        occurred_at=chain.at(72),
    )
    chain.add(90, "status_changed", "dee", None, status="mitigated", before="investigating", reason="fail-over holds")
    chain.add(95, "noted", "lee", None, words="DNS was <b>fine</b>", occurred_at=chain.at(20))
    chain.add(100, "status_changed", "dee", None, status="resolved", before="mitigated", reason="stable")
    chain.add(100, "impact_set", "dee", None, customers_affected=4200, started_at=chain.at(-10), ended_at=chain.at(88))
    chain.add(101, "finished", "system", None, status="resolved", seconds=6060, entries=31)
    return chain


def clock_of(report: Report, name: str) -> ClockFact:
    return next(fact for fact in report.clocks if fact.name == name)
