"""STORIES.md, sentence by sentence, where a scenario file has no words for it: texts of pages, the board at a moment,
two incidents at once, and what the report makes of it.

What a scenario can say stands in runbooks/scenarios/stories; that processes die and storms blow, in tests/faults.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mayday.domain.effects import PAGE
from mayday.domain.report import draft, render
from mayday.domain.timeline import Entry, parse_timestamp
from tests.walker.conftest import START, Night

STANDING_BRIDGE = "https://meet.example/standing"
OPENED_BY_RULE: dict[str, Any] = {
    "roles": {}, "declared_by": "alertmanager", "source": "alertmanager", "declare": "auto", "confirm_within": "5m"
}  # fmt: skip

OpenNight = Callable[..., Night]


def minutes(entry: Entry) -> float:
    return (parse_timestamp(entry.at) - START) / timedelta(minutes=1)


def of_page(night: Night, page: str) -> list[Entry]:
    return [entry for entry in night.of("paged") if entry.data["page"] == page]


def test_1_both_are_paged_at_once_with_the_standing_bridge_while_theirs_cannot_be_opened(
    open_night: OpenNight,
) -> None:
    night = open_night("payments_sev1", mocks={"bridge.open": {"fail": 99}}, **OPENED_BY_RULE).run(1)
    tech, manager = of_page(night, "page_payments"), of_page(night, "role:incident_commander")
    assert [entry.data["people"] for entry in (*tech, *manager)] == [["raj"], ["ana"]]
    assert max(minutes(entry) for entry in (*tech, *manager)) <= 1 / 6, "within ten seconds"
    texts = {call.payload["page"]: call.payload["text"] for call in night.desk.calls if call.kind == PAGE}
    assert STANDING_BRIDGE in texts["page_payments"]
    assert STANDING_BRIDGE in texts["role:incident_commander"]


def test_1_the_board_shows_no_commander_until_the_deputy_accepts(open_night: OpenNight) -> None:
    night = open_night("payments_sev1", mocks={"bridge.open": {"fail": 99}}, **OPENED_BY_RULE).run(6.9)
    board = night.walker.board(night.incident.now)
    assert board.leaderless
    assert [holder.person for holder in board.roles if holder.role == "incident_commander"] == [None]
    left = [entry for entry in night.of("message_sent") if entry.data["audience"] == "customers"]
    assert [(entry.data["purpose"], minutes(entry)) for entry in left] == [("first_post", 5)]
    night.run(7).say("accept", "dee", target="incident_commander")
    board = night.run(7.1).walker.board(night.incident.now)
    assert not board.leaderless
    assert "7 min 00 s" in render(draft(night.entries, incident_id="INC-1"))


def test_2_what_was_added_is_told_as_if_it_had_been_in_the_file(open_night: OpenNight) -> None:
    night = open_night("sev3_incident", severity="SEV2", service="web").run(1)
    vendor = {
        "id": "dns_vendor",
        "background": True,
        "engage": "vendor.dns_co",
        "with": {"priority": "P1", "summary": "-"},
    }
    gate = {
        "id": "chg0031", "decide": "Move the zone (CHG0031)?", "timeout": "15m", "on_timeout": {"then": "lapsed"},
        "voters": {"from": ["group.emergency_cab", "person.ana"], "approvals": 1},
        "outcomes": {"approved": [{"id": "moved", "log": "moved"}], "rejected": []},
    }  # fmt: skip
    for step in (vendor, gate):
        assert night.say("add_step", "ana", step=step).refusal is None
    own = night.run(2).say("vote", "ana", decision="chg0031", choice="approve", reason="I want it")
    assert night.refused(own) == "excluded"
    assert own.refusal is not None
    assert "asked for it" in own.refusal.reason
    assert night.say("vote", "sam", decision="chg0031", choice="approve", reason="the vendor is silent").refusal is None
    night.run(3).say("status", "ana", status="resolved", reason="names resolve")
    report = draft(night.run(60).entries, incident_id="INC-1")
    assert [(decision.id, decision.outcome) for decision in report.decisions] == [("chg0031", "approved")]
    assert [case.vendor for case in report.vendors] == ["dns_co"]
    text = render(report)
    assert "Move the zone (CHG0031)?" in text
    assert "the vendor is silent" in text


def test_4_one_stream_to_customers_goes_on_and_one_last_message_leaves(open_night: OpenNight) -> None:
    """The duplicate falls silent for every audience; the survivor speaks on, and alone at the end."""
    here, there = "INC-01SURVIVOR00000000000000", "INC-01DUPLICATE0000000000000"
    survivor, duplicate = (open_night("payments_sev1", incident=incident).run(50) for incident in (here, there))
    clock = duplicate.walker.state.engagements["gateway"].response
    assert duplicate.say("merge", "ana", into=here, into_workflow="incident/s", reason="same cause").refusal is None
    (handover,) = [call.payload["handover"] for call in duplicate.desk.calls if call.kind == "incident.absorb"]
    survivor.absorb(handover).run(51)
    said = len(duplicate.run(51).of("message_sent"))
    theirs = [case for path, case in survivor.walker.state.engagements.items() if path != "gateway"]
    assert [(case.response.started_at, case.response.due_at) for case in theirs] == [(clock.started_at, clock.due_at)]
    survivor.run(120).say("status", "ana", status="resolved", reason="fixed")
    survivor.run(126)
    duplicate.run(126)
    assert len(duplicate.of("message_sent")) == said, "not one more word of the duplicate"
    finals = [entry.data["audience"] for entry in survivor.of("message_sent") if entry.data["purpose"] == "final"]
    assert finals == ["executives"], "once; what customers read last waits for a second person"
    assert [entry.data["task"] for entry in survivor.of("task_opened")].count("review:final:customer_update") == 1


def test_5_a_paused_clock_says_why_and_a_reply_by_phone_has_its_own_time(open_night: OpenNight) -> None:
    night = open_night("third_party_outage", service="gateway").run(21)
    assert [entry.data["clock"] for entry in night.of("vendor_breached")] == ["response"]
    night.run(60).say("vendor_reply", "ana", step="gateway_case", reply="waiting_on_us", text="they want logs")
    assert night.run(70).walker.state.engagements["gateway_case"].waiting_since == START + timedelta(minutes=60)
    night.run(80).say("vendor_reply", "ana", step="gateway_case", reply="resumed", text="logs sent")
    called_at = START + timedelta(minutes=103)
    night.run(105).say(
        "vendor_reply", "ana", step="gateway_case", reply="reply", text="by phone: firewall", occurred_at=called_at
    )  # fmt: skip
    said = [entry for entry in night.run(106).of("vendor_replied") if entry.data["reply"] == "reply"]
    assert [parse_timestamp(entry.data["occurred_at"]) for entry in said] == [called_at]
    (case,) = draft(night.entries, incident_id="INC-1").vendors
    assert case.paused_s == 20 * 60
    assert any("they want logs" in line for line in case.pauses)
