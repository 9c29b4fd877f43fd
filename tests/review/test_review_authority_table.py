"""Every action of a review, by everybody, in every state of it: its own rules, whatever the door let through.

One row an action: who may while it takes that action at all, and what everybody else hears. What the review's state
refuses to everybody is in `LATE`. The door's half of it is tests/starter/test_door_table.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

import pytest

from mayday.domain.review import REVIEW_COMMAND
from mayday.domain.review.commands import ReviewCommand
from mayday.domain.review.wire import ReviewAccess
from mayday.domain.review.writers import PASSED_ON
from tests.review.story import FORM, Story, given, utc
from tests.review.test_obligations import FINAL, RATIFICATION, RCA, SPOKEN

#: ana owns the review and wrote the final, dee is her deputy, raj owns the service, li and max read finals, dana
#: ratifies, sam and dee broke the glass, chris is said to have voted, lee owns the action, kim added it
PEOPLE = ("ana", "dee", "raj", "li", "max", "dana", "sam", "chris", "lee", "kim", "uma", "adi", "vic")
#: vic was in the incident and may only look, adi is an administrator, uma is in the catalog and nothing else
ACTORS = (*PEOPLE, "stranger", "owner", "machine:ci")
ANYBODY = frozenset(ACTORS)
STEWARDS = frozenset({"ana", "dee", "raj"})
HANDS = STEWARDS | {"lee", "kim"}
#: the final is for its readers, whoever steers the review, and who was in the incident
READERS = STEWARDS | {"li", "max", "lee", "kim"}
#: who was there, owes something or administers: sam broke the glass, but has nothing to do in the review itself
WRITERS = STEWARDS | {"lee", "kim", "li", "max", "dana", "chris", "adi", "owner"}
TELLERS = ANYBODY - {"vic", "stranger"}
LATER = {"max": "Max Berg", "uma": "Uma Lind", "adi": "Adi Rao", "vic": "Vic Hall"}
LATE_FINDING = {**RATIFICATION, "id": "ratify:old", "due_at": None, "people": []}


class Row(NamedTuple):
    action: str
    body: dict[str, Any]
    may: frozenset[str]
    else_: str = "not_yours"
    """The refusal of everybody else, where the review's state takes the action at all."""


TABLE = [
    Row("accept_ownership", {}, frozenset({"ana"})),
    Row("reassign_owner", {"person": "kim"}, STEWARDS),
    Row("edit_report", {"section": "summary", "text": "x", "version": 0}, WRITERS),
    Row("set_state", {"state": "in_review"}, STEWARDS),
    Row("closing_form", {"category": "network"}, STEWARDS),
    Row("add_action", {"title": "Drill", "owner": "lee"}, WRITERS),
    Row("complete_action", {"action": "A1"}, HANDS),
    Row("drop_action", {"action": "A1", "reason": "moot"}, STEWARDS),
    Row("reassign_action", {"action": "A1", "to": "dana"}, HANDS),
    Row("extend_action", {"action": "A1", "due_at": utc("2026-06-30T12:00"), "reason": "late"}, HANDS),
    Row("tell_action", {"action": "A1", "text": "done"}, frozenset(), "unknown"),  # it has no ticket
    Row("reschedule_meeting", {"starts_at": utc("2026-03-09T10:00")}, STEWARDS),
    Row("release", {"item": FINAL["id"]}, READERS - {"ana"}),
    Row("rewrite", {"item": FINAL["id"], "text": "x"}, READERS),
    Row("answer_finding", {"finding": RATIFICATION["id"], "yes": True}, frozenset({"dana"})),
    Row("settle_finding", {"finding": LATE_FINDING["id"], "text": "told"}, STEWARDS - {"dee"}),
    Row("receive_rca", {"vendor": "gateway_co", "text": "route"}, WRITERS | {"machine:ci"}),
    Row("set_problem", {"number": "PRB-9"}, STEWARDS),
    Row("note", {"text": "x"}, TELLERS),
    Row("close", {}, STEWARDS),
    Row("withdraw", {"reason": "again"}, ANYBODY),  # sent by the starter alone: reopening is the incident's to allow
]
#: what is refused otherwise than its row says: nobody reads their own words, or judges their own deed
EXCEPTIONS = {
    ("release", "ana"): "excluded", ("answer_finding", "dee"): "excluded", ("answer_finding", "sam"): "excluded",
    ("settle_finding", "dee"): "excluded",
}  # fmt: skip
STATES = ("draft", "accepted", "in_review", "reviewed", "released", "closed")
_AT_THE_END = ("reassign_owner", "edit_report", "set_state", "closing_form", "reschedule_meeting", "close")
#: what a state refuses to everybody, whoever they are
WHOEVER: dict[tuple[str, str], str] = {
    **{(state, "accept_ownership"): "not_open" for state in STATES if state != "draft"},
    **{(state, action): "not_open" for state in ("released", "closed") for action in ("release", "rewrite")},
    **{("closed", action): "closed" for action in _AT_THE_END},
}
#: what a state refuses to those who may: one step at a time, and nothing is closed while something is missing
STEPWISE: dict[tuple[str, str], str] = {
    ("in_review", "set_state"): "invalid",
    **{(state, "close"): "invalid" for state in ("draft", "accepted", "in_review", "reviewed")},
}


def review(state: str, *, guarded: bool = True) -> Story:
    """A review with everything in it that can be owed, on its way up to `state`."""
    story = Story(
        given(
            people={**given().people, **LATER}, responders=["ana", "dee", "lee", "kim", "vic"],
            access=ReviewAccess(viewers=["vic"], administrators=["adi"]) if guarded else None,
            finals=[{**FINAL, "readers": ["li", "max"]}], findings=[RATIFICATION, SPOKEN, LATE_FINDING],
            vendor_rcas=[RCA],
        )
    )  # fmt: skip
    story.applied("add_action", "kim", title="Drill", owner="lee")
    ways: list[tuple[str, list[tuple[str, str, dict[str, Any]]]]] = [
        ("draft", []),
        ("accepted", [("accept_ownership", "ana", {})]),
        ("in_review", [("set_state", "ana", {"state": "in_review"})]),
        ("reviewed", [("set_state", "ana", {"state": "reviewed"})]),
        ("released", [("closing_form", "ana", FORM), ("release", "li", {"item": FINAL["id"]})]),
        ("closed", [("close", "ana", {})]),
    ]
    for reached, steps in ways:
        for kind, by, fields in steps:
            story.applied(kind, by, **fields)
        if reached == state:
            break
    return story


def refusal(story: Story, row: Row, actor: str) -> str | None:
    command = {"kind": row.action, "actor": actor, "id": "q", "received_at": story.now, **row.body}
    found = story.case.refusal(REVIEW_COMMAND.validate_python(command), story.now)
    return found.code if found is not None else None


def expected(state: str, row: Row, actor: str) -> str | None:
    if actor == "vic" and row.action not in PASSED_ON:
        return "not_yours"
    if (state, row.action) in WHOEVER:
        return WHOEVER[state, row.action]
    if (row.action, actor) in EXCEPTIONS:
        return EXCEPTIONS[row.action, actor]
    return STEPWISE.get((state, row.action)) if actor in row.may else row.else_


def test_the_table_has_every_action() -> None:
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(get_args(ReviewCommand)[0])}
    assert {row.action for row in TABLE} == kinds


@pytest.mark.parametrize("state", STATES)
def test_who_may_what(state: str) -> None:
    story = review(state)
    for row in TABLE:
        found = {actor: refusal(story, row, actor) for actor in ACTORS}
        assert found == {actor: expected(state, row, actor) for actor in ACTORS}, row.action


@pytest.mark.parametrize("state", STATES)
def test_a_review_of_before_asks_nobody_who_writes(state: str) -> None:
    """Its start input names nobody, and what its history took has to be taken again when it is replayed."""
    story = review(state, guarded=False)
    for row in TABLE:
        if row.action in ("edit_report", "add_action", "receive_rca", "note"):
            expected_then = WHOEVER.get((state, row.action))
            assert {refusal(story, row, actor) for actor in ACTORS} == {expected_then}, row.action


def test_a_refusal_says_why_and_what_would_be_taken() -> None:
    story = review("accepted")
    code, reason = story.refused("edit_report", "uma", section="summary", text="x", version=0)
    assert code == "not_yours"
    assert reason == (
        "the report is for those who were in the incident, who owe something in its review, and administrators. "
        "Ask Ana Ruiz, who owns the review, for a follow-up action, or write a note"
    )
    assert story.refused("note", "vic", text="x") == ("not_yours", "Vic Hall may only look (viewer)")
    story.applied("add_action", "ana", title="Write it down", owner="uma")
    story.applied("edit_report", "uma", section="summary", text="x", version=0)


@pytest.mark.parametrize("state", STATES)
def test_a_refused_signal_is_an_entry_and_changes_nothing_else(state: str) -> None:
    """The same rules for senders that cannot wait: what is refused is told on the timeline, and the rest stays."""
    for row in TABLE:
        story = review(state)
        actor = next((one for one in ACTORS if expected(state, row, one) is not None), None)
        if actor is None:
            continue
        before = story.case.board().model_dump(exclude={"seq", "head", "revision"})
        answer = story.do(row.action, actor, signalled=True, **row.body)
        assert (answer.state, story.entries[-1].kind) == ("refused", "refused"), row.action
        assert story.entries[-1].data["code"] == expected(state, row, actor), row.action
        assert story.case.board().model_dump(exclude={"seq", "head", "revision"}) == before, row.action


@pytest.mark.parametrize("end", ["finished", "withdrawn"])
def test_after_its_end_nothing_is_taken_from_anybody(end: str) -> None:
    if end == "withdrawn":
        story = review("in_review")
        story.applied("withdraw", "ana", reason="it is back")
    else:
        story = Story(given())
        for kind, fields in (
            ("set_state", {"state": "in_review"}), ("set_state", {"state": "reviewed"}), ("closing_form", FORM),
            ("close", {}),
        ):  # fmt: skip
            story.applied(kind, "ana", **fields)
    assert story.case.finished
    for row in TABLE:
        assert {refusal(story, row, actor) for actor in ACTORS} == {"closed"}, row.action


#: everybody's whom the door lets in, or the starter's own
UNNAMED = ("note", "withdraw", "tell_action")


@pytest.mark.parametrize("state", STATES)
def test_the_board_says_who_may_as_the_rules_do(state: str) -> None:
    """A page shows a button exactly to whom it would not be refused for who they are."""
    story = review(state)
    may = story.case.board().may
    assert may is not None
    for row in TABLE:
        thing = next((row.body[name] for name in ("action", "item", "finding", "vendor") if name in row.body), "")
        listed = may.get(f"{row.action}:{thing}", may.get(row.action))
        codes = {actor: refusal(story, row, actor) for actor in ACTORS}
        if listed is None:
            closed_to_all = set(codes.values()) <= {"closed", "not_open", "not_yours"}
            assert row.action in UNNAMED or closed_to_all, row.action
            continue
        able = {actor for actor, code in codes.items() if code in (None, "invalid")} - {"machine:ci"}
        assert {actor for actor in ACTORS if actor in listed} == able, row.action


def test_who_extended_once_needs_somebody_who_steers() -> None:
    story = review("accepted")
    assert "lee" in (story.case.board().may or {})["extend_action:A1"]
    story.applied("extend_action", "lee", action="A1", due_at=utc("2026-06-30T12:00"), reason="late")
    may = story.case.board().may or {}
    assert set(may["extend_action:A1"]) == set(STEWARDS)
    assert "lee" in may["complete_action:A1"]


def test_a_review_of_before_names_nobody_who_writes() -> None:
    may = review("accepted", guarded=False).case.board().may or {}
    assert "edit_report" not in may
    assert set(may["set_state"]) == set(STEWARDS)
