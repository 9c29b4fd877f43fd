"""The report says what the timeline says: every number with its definition, every vote with its reason."""

from __future__ import annotations

from hypothesis import given as over
from hypothesis import strategies as st

from mayday.domain.report import draft, render
from mayday.domain.report.model import ClockFact, Report
from mayday.domain.report.words import length, plain
from mayday.domain.review.wire import ClosingForm, Finding, FollowUp, ReviewBoard, WrittenSection
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
    assert decision.votes[0].note == "recorded by ana"
    assert report.exceptions == [
        "invoke_dr: the vote that chris spoke was not confirmed by chris",
        "emergency_change: lapsed, nobody decided in time",
        "emergency_change: unapproved emergency, unapproved: no ratification",
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
        "emergency_change: lapsed, nobody decided in time",
        "emergency_change: unapproved emergency, unapproved: ratification refused",
    ]


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
    assert "emergency_change: unapproved emergency, ratified" in draft(chain.entries, incident_id="INC-1").exceptions


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
    assert vendor.escalations == ["2026-03-02 02:40:00 account_manager"]


def test_overrides_and_late_notes_stand_where_they_belong() -> None:
    report = draft(night().entries, incident_id="INC-1")
    assert ["overrode soak" in fact.text for fact in report.interventions] == [True]
    assert report.notes[0].at == START.replace(minute=30)
    assert [(fact.phase, fact.seconds) for fact in report.phases] == [("declare", 468), ("restore", None)]


def test_text_of_people_is_shown_and_never_rendered() -> None:
    text = render(draft(night().entries, incident_id="INC-1"))
    assert "<b>" not in text
    assert "DNS was &lt;b>fine&lt;/b>" in text


def test_what_people_write_and_what_they_still_have_to() -> None:
    board = ReviewBoard(
        incident_id="INC-1",
        title="Payments down",
        severity="SEV1",
        service="payments",
        state="in_review",
        owner="ana",
        opened_at=START,
        resolved_at=START,
        form=ClosingForm(category="network"),
        sections={"summary": WrittenSection(text="It broke.\n\n- first <script>", version=2, author="dee", at=START)},
        actions=[
            FollowUp(id="A1", title="Second | gateway", owner="lee", due_at=START, added_at=START, added_by="ana")
        ],
        findings=[
            Finding(
                id="r",
                kind="ratification",
                decision="emergency_change",
                text="Sam broke the glass",
                answer="refused",
                answered_by="dana",
                reason="no rollback",
            )
        ],
    )
    text = render(draft(night().entries, incident_id="INC-1", review=board, version=3, drafted_at=START))
    assert "It broke.\n\n- first &lt;script>" in text
    assert "*dee, version 2, 2026-03-02 02:10:00*" in text
    assert "*To be written: What is known about the cause." in text
    assert r"| A1 | Second \| gateway | lee | normal |" in text
    assert "**open**, refused by dana: no rollback" in text
    assert "Version 3, drafted" in text


def test_a_broken_chain_is_the_first_thing_that_the_report_says() -> None:
    entries = night().entries
    entries[8] = entries[8].model_copy(update={"data": {**entries[8].data, "reason": "edited"}})
    report = draft(entries, incident_id="INC-1")
    assert report.broken_at == 9
    assert "**The timeline was altered: entry 9 does not follow" in render(report)


def test_a_reopened_incident_counts_to_its_last_resolution() -> None:
    chain = night()
    chain.add(200, "reopened", "dee", None, reason="relapse", before="resolved", times=1)
    assert clock_of(draft(chain.entries, incident_id="INC-1"), "MTTR").seconds is None
    chain.add(260, "status_changed", "dee", None, status="resolved", before="investigating", reason="really")
    report = draft(chain.entries, incident_id="INC-1")
    assert clock_of(report, "MTTR").seconds == 260 * 60
    assert report.reopened == 1


def test_an_empty_timeline_is_a_report_too() -> None:
    text = render(draft([], incident_id="INC-9"))
    assert text.startswith("#  INC-9")
    assert "No decision gate was opened." in text


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "decision",
    "audience",
    "vendor",
    "role",
    "person",
    "votes",
    "voters",
    "after_s",
    "occurred_at",
    "due_at",
    "status",
    "limit_s",
    "reason",
    "outputs",
    "phase",
    "started_at",
    "value",
    "name",
    "text",
    "via",
    "unreached",
    "every_s",
    "paused_s",
]
REAL = sorted(
    {entry.kind for entry in night().entries}
    | {
        "fact_learned",
        "severity_changed",
        "action_finished",
        "alerts_summed",
        "vendor_clock_paused",
        "vendor_clock_resumed",
        "vendor_closed",
        "released",
        "send_failed",
        "reopened",
    }
)


@over(
    st.lists(
        st.tuples(
            st.sampled_from(REAL) | st.text(max_size=12), st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=6)
        ),
        max_size=20,
    )
)
def test_kinds_and_data_of_another_version_never_break_the_draft(rows: list[tuple[str, dict[str, object]]]) -> None:
    chain = Chain(START)
    for minute, (kind, data) in enumerate(rows):
        chain.add(minute, kind, "system", None, **data)
    text = render(draft(chain.entries, incident_id="INC-1"))
    assert "Every entry follows" in text


def test_words_that_people_read_are_not_cut_up_by_escapes() -> None:
    assert plain("payments_sev1: a -> b, *not bold*, _nor this_ `x` [link](y) <b>|") == (
        r"payments_sev1: a -> b, \*not bold\*, \_nor this\_ \`x\` \[link\](y) &lt;b>\|"
    )
    assert [length(seconds) for seconds in (None, 5, 65, 3905, 100_000)] == [
        "-", "5 s", "1 min 05 s", "1 h 05 min", "1 d 3 h",
    ]  # fmt: skip
