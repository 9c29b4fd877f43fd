"""The report says what the timeline says: every number with its definition, every vote with its reason."""

from __future__ import annotations

from mayday.domain.report import draft, render
from tests.review.one_night import START, clock_of, night


def test_the_clocks_with_their_definitions() -> None:
    report = draft(night().entries, incident_id="INC-1")
    lengths = {fact.name: fact.seconds for fact in report.clocks}
    assert lengths == {
        "MTTD": 9 * 60,
        "Time to declare": 60,
        "Time to page": 12,
        "MTTA": 7 * 60,
        "Acknowledgement, longest": 348,
        "Time to first notice": 300,
        "Time to mitigate": 90 * 60,
        "MTRS": 98 * 60,
        "MTTR": 100 * 60,
        "Leaderless": 7 * 60,
    }
    assert all(fact.definition for fact in report.clocks)
    assert clock_of(report, "MTTA").n == 1


def test_seven_leaderless_minutes_are_in_the_text() -> None:
    text = render(draft(night().entries, incident_id="INC-1"))
    assert "Nobody was in command from 2026-03-02 02:10:00 to 2026-03-02 02:17:00 (7 min 00 s, until dee)." in text


def test_every_vote_with_its_reason_and_the_spoken_one_as_an_exception() -> None:
    report = draft(night().entries, incident_id="INC-1")
    decision = report.decisions[0]
    assert (decision.id, decision.outcome) == ("invoke_dr", "approved")
    assert [(vote.person, vote.choice, vote.reason) for vote in decision.votes] == [
        ("chris", "approve", "card traffic is down"),
        ("dana", "approve", "agreed"),
    ]
    assert decision.votes[0].heard_by == "li"
    assert decision.votes[0].recorded_by == "ana"
    assert report.exceptions == [
        "“invoke dr”: the vote that chris spoke was not confirmed by chris",
        "“emergency change”: lapsed, nobody decided in time",
        "“emergency change”: unapproved emergency, no ratification",
    ]
    assert "NOT confirmed" in render(report)


def test_a_confirmation_and_a_refused_ratification_in_the_review_change_what_the_report_says() -> None:
    chain = night()
    chain.add(
        400,
        "finding_answered",
        "chris",
        "review:finding:c",
        finding="c",
        finding_kind="confirmation",
        decision="invoke_dr",
        answer="confirmed",
        yes=True,
        reason="",
        open=False,
    )
    chain.add(
        2900,
        "finding_answered",
        "dana",
        "review:finding:r",
        finding="r",
        finding_kind="ratification",
        decision="emergency_change",
        answer="refused",
        yes=False,
        reason="no rollback plan",
        open=True,
    )
    report = draft(chain.entries, incident_id="INC-1")
    assert report.decisions[0].votes[0].confirmed
    assert report.exceptions == [
        "“emergency change”: lapsed, nobody decided in time",
        "“emergency change”: unapproved emergency, ratification refused",
    ]


def test_a_ratification_that_the_review_asked_for_stands_at_its_own_gate() -> None:
    chain = night()
    chain.add(
        69, "gate_opened", "system", "ratify:emergency_change", decision="ratify:emergency_change",
        question="Ratify afterwards: Route past the gateway?", voters=["sam", "kim"], approvals=2,
        ratifies="emergency_change",
    )  # fmt: skip
    said = {"finding": "ratify:emergency_change", "finding_kind": "ratification", "decision": "emergency_change"}
    chain.add(200, "finding_seconded", "sam", "review:finding:r", **said, reason="it had to be", missing=1)
    chain.add(300, "finding_answered", "kim", "review:finding:r", **said, answer="refused", reason="I was reachable")
    report = draft(chain.entries, incident_id="INC-1")
    gate = next(each for each in report.decisions if each.id == "ratify:emergency_change")
    assert [(vote.person, vote.choice, vote.reason) for vote in gate.votes] == [
        ("sam", "approve", "it had to be"),
        ("kim", "reject", "I was reachable"),
    ]
    assert gate.outcome == "refused"
    assert "“emergency change”: unapproved emergency, ratification refused" in report.exceptions


def test_a_ratification_in_time_is_no_exception_to_hide_but_says_so() -> None:
    chain = night()
    chain.add(
        200,
        "gate_decided",
        "dana",
        "ratify",
        decision="emergency_change.ratify",
        outcome="approved",
        ratifies="emergency_change",
    )
    assert "“emergency change”: unapproved emergency, ratified" in draft(chain.entries, incident_id="INC-1").exceptions


def test_what_each_audience_got_and_missed() -> None:
    (customers,) = draft(night().entries, incident_id="INC-1").audiences
    assert [message.purpose for message in customers.sent] == ["first_post", "holding"]
    assert len(customers.missed) == 1
    assert customers.longest_gap_s == 35 * 60
    assert customers.first_after_s == 300
    assert customers.holding == 1


def test_the_vendor_against_its_contract_with_the_evidence() -> None:
    (vendor,) = draft(night().entries, incident_id="INC-1").vendors
    assert (vendor.contract, vendor.priority, vendor.case) == ("C-2231", "P1", "C-77")
    assert vendor.response_s == 62 * 60  # from the first contact to when they called, not to when it was typed in
    assert "response promise of C-2231 (P1)" in vendor.breaches[0]
    assert vendor.escalations == ["2026-03-02 02:40:00 account manager"]


def test_overrides_and_late_notes_stand_where_they_belong() -> None:
    report = draft(night().entries, incident_id="INC-1")
    assert ["overrode “soak”" in fact.text for fact in report.interventions] == [True]
    assert report.notes[0].at == START.replace(minute=30)
    assert [(fact.phase, fact.seconds) for fact in report.phases] == [("declare", 468), ("restore", None)]
