"""From draft to closed: the form, the states, and what still owes after it."""

from __future__ import annotations

from mayday.domain.effects import DEADLINE, EffectRequest, EffectResult
from mayday.domain.review.wire import DRAFT_REPORT, OPEN_PROBLEM
from tests.review.story import FORM, Story, failure, given, utc


def reviewed() -> Story:
    story = Story(given()).until("2026-03-05T13:00")
    story.applied("set_state", "ana", state="in_review")
    story.applied("set_state", "ana", state="reviewed")
    return story


def test_nothing_is_closed_while_its_form_is_empty() -> None:
    story = reviewed()
    code, reason = story.refused("close", "ana")
    assert code == "invalid"
    assert "category, cause code, caused by change, detected by, impact started at, impact ended at" in reason
    detail = story.applied(
        "closing_form", "ana", **{key: FORM[key] for key in ("category", "cause_code", "detected_by")}
    )
    assert detail["missing"] == ["caused_by_change", "impact_started_at", "impact_ended_at"]
    assert story.refused("set_state", "ana", state="closed")[0] == "invalid"
    story.applied(
        "closing_form",
        "ana",
        caused_by_change=False,
        impact_started_at=FORM["impact_started_at"],
        impact_ended_at=FORM["impact_ended_at"],
    )
    assert story.applied("close", "ana")["state"] == "closed"
    status = story.of("status_changed")[0].data
    assert (status["status"], status["before"]) == ("closed", "resolved")
    assert story.case.finished


def test_the_ledger_says_in_words_what_closing_lacks_and_when_it_lacks_nothing() -> None:
    story = Story(given(impact_started_at=FORM["impact_started_at"], impact_ended_at=FORM["impact_ended_at"]))

    def line() -> str:
        return next(item.text for item in story.case.board().ledger if item.id == "closing")

    assert line() == (
        "Close the review, which still lacks the state reviewed (it is draft); "
        "the closing form (category, cause code, caused by change, detected by)"
    )
    story.applied("set_state", "ana", state="in_review")
    story.applied("set_state", "ana", state="reviewed")
    story.applied("closing_form", "ana", **FORM)
    assert line() == "Close the review: nothing is missing any more"


def test_what_the_incident_knows_of_its_impact_is_filled_in() -> None:
    story = Story(given(impact_started_at=FORM["impact_started_at"], impact_ended_at=FORM["impact_ended_at"]))
    assert story.case.board().missing == ["category", "cause_code", "caused_by_change", "detected_by"]


def test_the_form_refuses_nonsense() -> None:
    story = Story(given())
    assert story.refused("closing_form", "lee", category="network")[0] == "not_yours"
    assert story.refused("closing_form", "ana")[0] == "invalid"
    assert story.refused("closing_form", "ana", category="  ")[0] == "invalid"
    assert story.refused("closing_form", "ana", impact_ended_at=utc("2030-01-01T00:00"))[0] == "invalid"
    code, reason = story.refused(
        "closing_form", "ana", impact_started_at=FORM["impact_ended_at"], impact_ended_at=FORM["impact_started_at"]
    )
    assert (code, reason) == ("invalid", "the impact ended before it started")


def test_states_go_step_by_step_and_only_people_in_charge_move_them() -> None:
    story = Story(given())
    assert story.refused("set_state", "lee", state="in_review")[0] == "not_yours"
    code, reason = story.refused("set_state", "ana", state="reviewed")
    assert code == "invalid"
    assert "next is in review" in reason
    story.applied("set_state", "ana", state="in_review")
    story.applied("set_state", "ana", state="draft")
    assert [entry.data for entry in story.of("review_state")] == [
        {"previous": "draft", "to": "in_review"},
        {"previous": "in_review", "to": "draft"},
    ]


def test_the_owner_is_reminded_of_what_closing_needs_then_with_the_deputy_then_with_all() -> None:
    story = Story(given())
    story.applied("accept_ownership", "ana")
    story.until("2026-03-21T12:00")
    reminders = [(entry.at[:10], entry.data["to"]) for entry in story.of("review_reminded")]
    assert reminders == [
        ("2026-03-06", ["person.ana"]),
        ("2026-03-13", ["person.ana", "person.dee"]),
        ("2026-03-20", ["person.ana", "person.dee", "schedule.payments_primary"]),
    ]
    assert "the closing form" in story.of("review_reminded")[0].data["needs"][1]


def test_after_closing_only_what_is_owed_can_be_done() -> None:
    story = reviewed()
    story.applied("add_action", "ana", title="Second gateway", owner="lee")
    story.applied("closing_form", "ana", **FORM)
    story.applied("close", "ana")
    assert story.effects(DRAFT_REPORT)[-1].payload["board"]["state"] == "closed"  # the last version knows it
    for kind, fields in {
        "edit_report": {"section": "summary", "text": "x"},
        "set_state": {"state": "draft"},
        "closing_form": {"category": "x"},
        "close": {},
        "reschedule_meeting": {"starts_at": utc("2026-05-05T10:00")},
        "reassign_owner": {"person": "lee"},
    }.items():
        assert story.refused(kind, "ana", **fields)[0] == "closed", kind
    story.applied("note", "lee", text="The vendor's patch is in", occurred_at=utc("2026-03-05T12:30"))
    story.applied("complete_action", "lee", action="A1")
    assert story.case.finished
    assert story.refused("note", "lee", text="too late")[0] == "closed"


def test_a_failed_problem_record_becomes_the_owners_task() -> None:
    story = Story(given(), {OPEN_PROBLEM: lambda request: failure(message="desk away")})
    assert "problem" in story.owed()
    assert story.refused("set_problem", "lee", number="PRB-1")[0] == "not_yours"
    story.applied("set_problem", "ana", number="PRB-1")
    assert "problem" not in story.owed()
    assert story.case.board().problem == "PRB-1"


def test_the_same_command_twice_is_answered_the_same_twice() -> None:
    story = Story(given())
    first = story.do("add_action", "ana", title="Once", owner="lee")
    story.commands -= 1  # the sender tries again with the same id
    assert story.do("add_action", "ana", title="Once", owner="lee") == first
    assert len(story.case.board().actions) == 1


def test_a_signals_refusal_is_an_entry() -> None:
    story = Story(given())
    answer = story.do("close", "lee", signalled=True)
    assert answer.state == "refused"
    assert story.of("refused")[0].data["code"] == "not_yours"


def test_a_notice_that_reaches_nobody_is_said() -> None:
    def nobody(request: EffectRequest) -> EffectResult:
        return EffectResult(value={"paged": [], "unreached": [{"target": "person.ana", "reason": "mail refused"}]})

    story = Story(given(), {"paging.page_responder": nobody, DEADLINE: lambda request: failure()})
    assert story.of("review_notice_failed")[0].data["reason"] == "mail refused"
