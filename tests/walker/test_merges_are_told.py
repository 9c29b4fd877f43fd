"""A merge stops what rang for the duplicate: whoever is still needed hears of it from the incident that goes on."""

from __future__ import annotations

from collections.abc import Callable

from tests.walker.conftest import Night
from tests.walker.test_merges_that_come_to_nothing import NEWEST
from tests.walker.test_merging import OLDER, YOUNGER, Post, merge


def one_of_two(open_night: Callable[..., Night], runbook: str, **given: object) -> tuple[Night, Night]:
    """The older goes on with what the younger owed."""
    survivor = open_night(
        "two_phases", incident=OLDER, title="Cards fail", roles={"incident_commander": "max"}, **NEWEST
    )
    duplicate = open_night(runbook, incident=YOUNGER, **NEWEST, **given)
    for night in (survivor, duplicate):
        night.run(3)
    merge(duplicate, OLDER)
    Post(survivor, duplicate).carry()
    return survivor.run(4), duplicate.run(4)


def test_voters_who_have_not_answered_are_called_again(open_night: Callable[..., Night]) -> None:
    survivor, duplicate = one_of_two(open_night, "gate")
    assert "gate" not in duplicate.walker.state.ringing
    called = [entry for entry in survivor.of("paged") if entry.step == "gate_econde"]
    assert [entry.data["people"] for entry in called] == [["sam", "kim", "noor"]]
    assert "gate_econde" in survivor.walker.state.ringing


def test_a_question_whose_voters_were_being_found_out_opens_there(open_night: Callable[..., Night]) -> None:
    survivor = open_night("vendor", incident=OLDER, **NEWEST)
    duplicate = open_night("gate_glass_rota", incident=YOUNGER, mocks={"roster.resolve": {"hang": True}}, **NEWEST)
    merge(duplicate, OLDER)
    Post(survivor, duplicate).carry()
    survivor.run(1)
    assert survivor.of("gate_opened")[-1].step == "gate"
    assert survivor.of("paged")[-1].data["people"] == ["raj"]


def test_a_call_that_nobody_answered_rings_on_and_its_answer_counts(open_night: Callable[..., Night]) -> None:
    survivor, duplicate = one_of_two(open_night, "ladder")
    assert "call_them" not in duplicate.walker.state.ringing
    assert [entry.data["people"] for entry in survivor.of("paged") if entry.step == "call_them"] == [["raj"]]
    survivor.run(10)
    assert [entry.data["people"] for entry in survivor.of("paged") if entry.step == "call_them"] == [["raj"], ["lee"]]
    assert survivor.say("ack", "lee", page="call_them").refusal is None
    assert survivor.walker.state.roles["tech_lead"].person == "lee"


def test_its_answer_takes_no_role_from_who_holds_it(open_night: Callable[..., Night]) -> None:
    survivor = open_night(
        "vendor", incident=OLDER, **{**NEWEST, "roles": {"incident_commander": "ana", "tech_lead": "pia"}}
    )
    duplicate = open_night("ladder", incident=YOUNGER, **NEWEST)
    for night in (survivor, duplicate):
        night.run(3)
    merge(duplicate, OLDER)
    Post(survivor, duplicate).carry()
    survivor.run(4)
    assert survivor.say("ack", "raj", page="call_them").refusal is None
    assert survivor.walker.state.roles["tech_lead"].person == "pia"


def test_both_sides_hear_that_they_are_one(open_night: Callable[..., Night]) -> None:
    survivor, _ = one_of_two(open_night, "vendor")
    (told,) = [call.payload for call in survivor.desk.calls if call.payload.get("page") == f"merged:{YOUNGER}"]
    assert told["targets"] == ["person.max", "person.dee"], "ana merged it and knows"
    assert told["text"].startswith("Payments down is part of Cards fail now, bridge https://")
    assert not told["urgent"]


def test_work_that_came_along_is_told_to_whom_it_is_for_now(open_night: Callable[..., Night]) -> None:
    survivor, _ = one_of_two(open_night, "vendor")
    (told,) = [entry for entry in survivor.of("notified") if entry.step == "work"]
    assert told.data["people"] == ["max"]


def test_a_call_by_hand_to_a_vendor_is_over_when_the_vendor_answers(open_night: Callable[..., Night]) -> None:
    dead = {"vendor.open_case": {"fail": 1, "error": "unauthorised"}}
    survivor = open_night("vendor", incident=OLDER, **NEWEST).run(3)
    duplicate = open_night("vendor", incident=YOUNGER, mocks=dead, **NEWEST).run(3)
    assert "vendor:case" in duplicate.walker.state.tasks
    merge(duplicate, OLDER)
    Post(survivor, duplicate).carry()
    survivor.run(4)
    assert survivor.say("vendor_reply", "ana", step="case_econde", reply="reply", text="we look").refusal is None
    assert survivor.walker.state.tasks["vendor:case_econde"].done_at is not None
