"""What the incident leaves behind: finals for a second reader, findings, the vendor's root cause analysis."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.domain.effects import SEND, VENDOR_CONTACT
from tests.review.story import FORM, Story, failure, given, utc

FINAL: dict[str, Any] = {
    "id": "review:customer_update",
    "audience": "customers",
    "template": "customer_resolved",
    "text": "Payments work again.",
    "readers": ["li"],
    "author": "ana",
    "via": ["status_page"],
}
RATIFICATION: dict[str, Any] = {
    "id": "ratify:emergency_change",
    "kind": "ratification",
    "decision": "emergency_change",
    "text": "Sam and Dee broke the glass for CHG-1",
    "people": ["person.dana"],
    "excluded": ["sam", "dee"],
    "due_at": "2026-03-05T12:00:00Z",
}
SPOKEN: dict[str, Any] = {
    "id": "confirm:invoke_dr:chris",
    "kind": "confirmation",
    "decision": "invoke_dr",
    "text": "Chris said yes at 02:41",
    "people": ["chris"],
    "due_at": "2026-03-04T12:00:00Z",
}
RCA: dict[str, Any] = {"vendor": "gateway_co", "name": "Gateway Co", "case": "C-77", "contract": "C-2231"}


# -- the second reader


def test_the_final_leaves_when_a_second_person_releases_it_and_not_before() -> None:
    story = Story(given(finals=[FINAL]))
    assert story.refused("release", "ana", item="review:customer_update")[0] == "excluded"
    assert story.refused("release", "zoe", item="review:customer_update")[0] == "not_yours"
    assert story.refused("release", "li", item="review:other")[0] == "unknown"
    assert not story.effects(SEND)
    story.applied("release", "li", item="review:customer_update")
    (sent,) = story.effects(SEND)
    assert (sent.payload["text"], sent.payload["purpose"]) == ("Payments work again.", "final")
    assert (sent.payload["audience"], sent.payload["outward"]) == ("customers", True)
    assert story.of("released")[0].data["by"] == "li"
    assert story.refused("release", "lee", item="review:customer_update")[0] == "not_open"


def test_who_rewrites_it_may_not_release_it() -> None:
    story = Story(given(finals=[FINAL]))
    story.applied("rewrite", "li", item="review:customer_update", text="Card payments work again.")
    assert story.refused("release", "li", item="review:customer_update")[0] == "excluded"
    story.applied("release", "ana", item="review:customer_update")
    assert story.effects(SEND)[0].payload["text"] == "Card payments work again."


def test_the_reader_is_reminded_for_customers_still_read_the_holding_line() -> None:
    story = Story(given(finals=[FINAL]))
    story.until("2026-03-05T12:00")
    at = [entry.at[5:16] for entry in story.of("release_reminded")]
    assert at[:4] == ["03-03T12:00", "03-03T13:00", "03-03T17:00", "03-03T21:00"]
    assert story.of("release_reminded")[0].data["to"] == ["person.li"]
    assert story.of("release_reminded")[2].data["to"] == ["person.li", "person.dee"]
    assert len([entry for entry in at if entry > "03-04T12:00"]) == 1  # daily after the first day


def test_a_final_that_does_not_leave_waits_again() -> None:
    answers = [failure("ambiguous", "no answer", ambiguous=True), failure("refused", "too long")]
    story = Story(given(finals=[FINAL]), {SEND: lambda request: answers.pop(0)})
    story.applied("release", "li", item="review:customer_update")
    assert "review:customer_update" in story.owed()
    assert story.of("release_failed")[0].data["ambiguous"] is True
    assert any("look before you release it again" in text for _, _, text in story.told)
    story.applied("release", "li", item="review:customer_update")
    keys = [request.payload["effect_key"] for request in story.effects(SEND)]
    assert keys == ["INC-1/review:release:review:customer_update#2", "INC-1/review:release:review:customer_update#4"]


def test_a_withheld_final_needs_a_reason_and_lets_the_review_close() -> None:
    story = Story(given(finals=[FINAL])).until("2026-03-05T13:00")
    for state in ("in_review", "reviewed"):
        story.applied("set_state", "ana", state=state)
    story.applied("closing_form", "ana", **FORM)
    code, reason = story.refused("close", "ana")
    assert code == "invalid"
    assert "a second person for the final message to customers" in reason
    assert story.refused("release", "li", item="review:customer_update", withhold=True)[0] == "invalid"
    story.applied("release", "li", item="review:customer_update", withhold=True, reason="sent by hand at 13:00")
    story.applied("close", "ana")
    assert story.case.finished


# -- findings


def test_a_broken_glass_is_ratified_by_somebody_else() -> None:
    story = Story(given(findings=[RATIFICATION]))
    assert ["person.dana"] in [people for _, people, _ in story.told]
    assert story.refused("answer_finding", "sam", finding="ratify:emergency_change", yes=True)[0] == "excluded"
    assert story.refused("answer_finding", "lee", finding="ratify:emergency_change", yes=True)[0] == "not_yours"
    assert story.refused("answer_finding", "dana", finding="ratify:emergency_change", yes=False)[0] == "invalid"
    assert story.refused("answer_finding", "dana", finding="ratify:other", yes=True)[0] == "unknown"
    story.applied("answer_finding", "dana", finding="ratify:emergency_change", yes=True, reason="the only way")
    assert "ratify:emergency_change" not in story.owed()
    assert story.refused("answer_finding", "dana", finding="ratify:emergency_change", yes=True)[0] == "not_open"


def test_a_ratification_takes_as_many_yeses_as_its_gate() -> None:
    """Nor are those forgotten that were given before the incident ended."""
    board = {
        **RATIFICATION,
        "people": ["dana", "noor", "chris"],
        "approvals": 3,
        "required": ["chris"],
        "yes": ["noor"],
    }
    story = Story(given(findings=[board]))
    one = story.applied("answer_finding", "dana", finding="ratify:emergency_change", yes=True, reason="the only way")
    assert (one["answer"], one["missing"]) == (None, 1)
    owed = {item.id: item for item in story.case.ledger()}
    assert owed["ratify:emergency_change"].for_ == ["chris"]
    code, reason = story.refused("answer_finding", "dana", finding="ratify:emergency_change", yes=True)
    assert (code, reason) == ("invalid", "you said yes already; it takes 1 more")
    assert story.of("finding_seconded")[0].text == "dana ratifies “emergency change”, 1 more needed: the only way"
    story.applied("answer_finding", "chris", finding="ratify:emergency_change", yes=True, reason="I would have, too")
    assert story.of("finding_answered")[0].data["answer"] == "ratified"
    assert "ratify:emergency_change" not in story.owed()


def test_a_yes_too_few_is_no_ratification() -> None:
    two = {**RATIFICATION, "people": ["dana", "chris"], "approvals": 2}
    story = Story(given(findings=[two]))
    story.applied("answer_finding", "dana", finding="ratify:emergency_change", yes=True, reason="the only way")
    story.until("2026-03-05T13:00")
    assert story.of("finding_expired")
    assert "only 1 of 2 said yes in time" in str(story.case.ledger())
    assert "ratified" not in str([entry.data for entry in story.entries])


BOARD: dict[str, Any] = {
    **RATIFICATION,
    "people": ["dana", "noor", "chris"],
    "approvals": 2,
    "as_gate": True,
}


def no(story: Story, person: str, reason: str = "a way back was missing") -> dict[str, Any]:
    return story.applied("answer_finding", person, finding="ratify:emergency_change", yes=False, reason=reason)


def test_one_no_of_three_does_not_refuse_where_two_yeses_are_enough() -> None:
    """The rule of the gate holds after the incident's end too: it is refused once it cannot be reached any more."""
    story = Story(given(findings=[BOARD]))
    assert no(story, "dana")["answer"] is None
    (said,) = story.of("finding_opposed")
    assert said.text == "dana does not ratify “emergency change”, which the others still can: a way back was missing"
    assert {item.id: item.for_ for item in story.case.ledger()}["ratify:emergency_change"] == ["noor", "chris"]
    assert story.refused("answer_finding", "dana", finding="ratify:emergency_change", yes=False, reason="no!") == (
        "invalid",
        "you said no already; the others are waited for",
    )
    for person in ("noor", "chris"):
        story.applied("answer_finding", person, finding="ratify:emergency_change", yes=True, reason="the only way")
    assert story.of("finding_answered")[0].data["answer"] == "ratified"
    assert "ratify:emergency_change" not in story.owed()


def test_a_second_no_of_three_refuses() -> None:
    story = Story(given(findings=[{**BOARD, "no": ["noor"]}]))
    assert no(story, "dana") == {"finding": "ratify:emergency_change", "answer": "refused", "open": True}


@pytest.mark.parametrize("rule", [{"veto": True}, {"required": ["dana"]}, {"excluded": ["chris", "sam"]}])
def test_a_no_that_would_reject_the_gate_refuses_at_once(rule: dict[str, Any]) -> None:
    assert no(Story(given(findings=[{**BOARD, **rule}])), "dana")["answer"] == "refused"


def test_an_answer_may_change_until_the_ratification_is_decided() -> None:
    story = Story(given(findings=[BOARD]))
    story.applied("answer_finding", "dana", finding="ratify:emergency_change", yes=True, reason="the only way")
    no(story, "dana", "I have read the log since")
    story.applied("answer_finding", "noor", finding="ratify:emergency_change", yes=True, reason="the only way")
    assert not story.of("finding_answered"), "a yes that was taken back counts no more"
    back = story.applied("answer_finding", "dana", finding="ratify:emergency_change", yes=True, reason="and talked")
    assert back["answer"] == "ratified"


def test_a_review_that_began_before_this_rule_is_refused_by_one_no() -> None:
    assert no(Story(given(findings=[{**BOARD, "as_gate": False}])), "dana")["answer"] == "refused"


def test_a_finding_is_owed_by_somebody_who_may_settle_it() -> None:
    """The owner of the review broke the glass, and settles nothing: the ledger names others."""
    story = Story(given(findings=[{**RATIFICATION, "excluded": ["ana", "sam"]}]))
    story.applied("accept_ownership", "ana")
    story.applied("answer_finding", "dana", finding="ratify:emergency_change", yes=False, reason="no rollback plan")
    (owed,) = [item for item in story.case.ledger() if item.id == "ratify:emergency_change"]
    assert story.refused("settle_finding", "ana", finding=owed.id, text="board informed")[0] == "excluded"
    assert owed.for_
    assert "ana" not in owed.for_
    story.applied("settle_finding", owed.for_[0], finding=owed.id, text="board informed")


def test_a_refused_ratification_stays_open_as_a_finding_after_closing() -> None:
    """Story 3: ratification is refused two days later; the finding stays open."""
    story = Story(given(findings=[RATIFICATION])).until("2026-03-05T11:00")
    story.applied("answer_finding", "dana", finding="ratify:emergency_change", yes=False, reason="no rollback plan")
    board = story.case.board()
    assert board.findings[0].answer == "refused"
    assert board.findings[0].open
    story.until("2026-03-12T12:00")
    assert story.of("finding_reminded")
    for state in ("in_review", "reviewed"):
        story.applied("set_state", "ana", state=state)
    story.applied("closing_form", "ana", **FORM)
    assert story.applied("close", "ana")["open_findings"] == ["ratify:emergency_change"]
    story.until("2026-04-12T12:00")
    assert not story.case.finished
    assert story.refused("settle_finding", "lee", finding="ratify:emergency_change", text="x")[0] == "not_yours"
    assert story.refused("settle_finding", "dee", finding="ratify:emergency_change", text="x")[0] == "excluded"
    assert story.refused("settle_finding", "ana", finding="ratify:emergency_change", text=" ")[0] == "invalid"
    story.applied("settle_finding", "ana", finding="ratify:emergency_change", text="change rolled back, board informed")
    assert story.case.finished
    assert "ratified" not in str([entry.data for entry in story.entries])


def test_silence_is_no_ratification() -> None:
    story = Story(given(findings=[RATIFICATION]))
    assert story.refused("settle_finding", "ana", finding="ratify:emergency_change", text="early")[0] == "invalid"
    story.until("2026-03-05T12:01")
    assert story.of("finding_expired")
    assert story.applied("answer_finding", "dana", finding="ratify:emergency_change", yes=True)["answer"] == "late"
    assert story.case.board().findings[0].open


def test_a_spoken_vote_is_confirmed_in_time_or_is_an_exception() -> None:
    story = Story(given(findings=[SPOKEN]))
    story.until("2026-03-04T09:00")
    assert (
        story.applied("answer_finding", "chris", finding="confirm:invoke_dr:chris", yes=True)["answer"] == "confirmed"
    )
    silent = Story(given(findings=[SPOKEN])).until("2026-03-04T12:00")
    assert silent.of("finding_expired")[0].data["finding_kind"] == "confirmation"


# -- the vendor


def test_the_vendors_analysis_is_chased_weekly_for_thirty_days() -> None:
    story = Story(given(vendor_rcas=[RCA]))
    story.until("2026-04-03T00:00")
    assert [request.payload["case"] for request in story.effects(VENDOR_CONTACT)] == ["C-77"] * 5
    assert [entry.at[5:10] for entry in story.of("vendor_rca_asked")] == ["03-03", "03-10", "03-17", "03-24", "03-31"]
    story.until("2026-05-01T00:00")
    (missing,) = story.of("vendor_rca_missing")
    assert missing.at.startswith("2026-04-02T12:00")
    assert missing.data == {"vendor": "gateway_co", "case": "C-77", "contract": "C-2231", "asked": 5}
    assert len(story.effects(VENDOR_CONTACT)) == 5
    assert story.applied("receive_rca", "raj", vendor="gateway_co", text="a bad route, report 12")["late"] is True


def test_the_ledger_says_how_often_a_vendor_was_asked() -> None:
    story = Story(given(vendor_rcas=[RCA]))
    assert next(item.text for item in story.case.ledger() if item.kind == "vendor_rca").endswith(", asked once")
    story.until("2026-03-11T00:00")
    assert next(item.text for item in story.case.ledger() if item.kind == "vendor_rca").endswith(", asked 2 times")


def test_a_received_analysis_ends_the_chase() -> None:
    story = Story(given(vendor_rcas=[RCA]))
    story.until("2026-03-11T00:00")
    assert story.refused("receive_rca", "raj", vendor="other", text="x")[0] == "unknown"
    assert story.refused("receive_rca", "raj", vendor="gateway_co", text="")[0] == "invalid"
    story.applied("receive_rca", "raj", vendor="gateway_co", text="a bad route")
    assert story.refused("receive_rca", "raj", vendor="gateway_co", text="again")[0] == "not_open"
    story.until("2026-05-01T00:00")
    assert len(story.effects(VENDOR_CONTACT)) == 2
    assert not story.of("vendor_rca_missing")


def test_a_vendor_that_cannot_be_reached_becomes_the_owners_task() -> None:
    story = Story(given(vendor_rcas=[RCA]), {VENDOR_CONTACT: lambda request: failure(message="no address")})
    assert story.of("vendor_rca_unreached")[0].data["reason"] == "no address"
    assert any("yourself: no address" in text for _, _, text in story.told)


def test_the_ledger_names_everything_owed_the_soonest_first() -> None:
    story = Story(given(finals=[FINAL], findings=[RATIFICATION, SPOKEN], vendor_rcas=[RCA]))
    story.applied("add_action", "ana", title="Second gateway", owner="lee", due_at=utc("2026-03-04T00:00"))
    owed = story.owed()
    assert owed.index("A1") < owed.index("confirm:invoke_dr:chris") < owed.index("rca:gateway_co")
    assert {"owner", "meeting", "report", "closing", "review:customer_update", "ratify:emergency_change"} <= set(owed)
