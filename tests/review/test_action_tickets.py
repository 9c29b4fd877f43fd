"""Each follow-up has one ticket: opened once, told what changes, closed with it, and able to complete it."""

from __future__ import annotations

from typing import Any

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.review.wire import CLOSE_ACTION, NOTE_ACTION, OPEN_ACTION
from tests.review.story import Story, failure, given, value


def opened(request: EffectRequest) -> EffectResult:
    number = request.payload["effect_key"].partition("actions:")[2].partition("#")[0]
    return value(outputs={"number": f"ACT-{number}", "url": f"https://desk.example/{number}"})


def done(request: EffectRequest) -> EffectResult:
    return value(outputs={})


def story(**more: Any) -> Story:
    doubles = {OPEN_ACTION: opened, NOTE_ACTION: done, CLOSE_ACTION: done, **more.pop("doubles", {})}
    begun = Story(given(action_tickets=True, **more), doubles)
    begun.applied("accept_ownership", "ana")
    return begun.until("2026-03-05T12:15")


def test_an_action_has_a_ticket_that_names_its_owner_and_its_day() -> None:
    told = story()
    told.applied("add_action", "ana", title="Second gateway", owner="lee", priority="high")
    [request] = told.effects(OPEN_ACTION)
    assert request.payload["effect_key"] == "INC-1/review:actions:A1#1"
    inputs = request.payload["inputs"]
    assert (inputs["summary"], inputs["owner"], inputs["problem"]) == ("Second gateway", "lee", "PRB-7")
    assert "Follow-up A1 of MI-1: Payments down" in inputs["description"]
    assert "Owner: Lee Wong, due 2026-04-02 12:15 UTC, high" in inputs["description"]
    [item] = told.case.board().actions
    assert (item.ticket, item.ticket_url) == ("ACT-A1", "https://desk.example/A1")
    assert [entry.data["number"] for entry in told.of("action_ticket")] == ["ACT-A1"]


def test_what_changes_here_is_told_there() -> None:
    told = story()
    told.applied("add_action", "ana", title="Second gateway", owner="lee")
    told.applied("reassign_action", "lee", action="A1", to="kim", reason="on leave")
    told.applied("extend_action", "kim", action="A1", due_at="2026-06-01T00:00:00Z", reason="parts are late")
    told.applied("complete_action", "kim", action="A1", result="live")
    notes = [request.payload["inputs"]["text"] for request in told.effects(NOTE_ACTION)]
    assert notes == ["Now Kim Roe's: on leave", "Due 2026-06-01 00:00 UTC now: parts are late"]
    [closing] = told.effects(CLOSE_ACTION)
    assert closing.payload["inputs"] == {"ticket": "ACT-A1", "reason": "Done: live"}


def test_a_dropped_action_closes_its_ticket_with_the_reason() -> None:
    told = story()
    told.applied("add_action", "ana", title="Second gateway", owner="lee")
    told.applied("drop_action", "ana", action="A1", reason="the gateway is replaced")
    [closing] = told.effects(CLOSE_ACTION)
    assert closing.payload["inputs"]["reason"] == "No longer wanted: the gateway is replaced"


def test_a_ticket_that_cannot_be_opened_is_tried_again_as_the_same_effect() -> None:
    answers = [failure(message="the desk is down"), failure(message="the desk is down")]
    told = story(doubles={OPEN_ACTION: lambda request: answers.pop() if answers else opened(request)})
    told.applied("add_action", "ana", title="Second gateway", owner="lee")
    assert told.case.board().actions[0].ticket_failed == "the desk is down"
    told.until("2026-03-25T00:00")
    requests = told.effects(OPEN_ACTION)
    assert len(requests) == 3  # at once, and with two weekly reminders
    assert {request.payload["effect_key"] for request in requests} == {"INC-1/review:actions:A1#1"}
    assert len({request.key for request in requests}) == 3
    board = told.case.board()
    assert (board.actions[0].ticket, board.actions[0].ticket_failed) == ("ACT-A1", None)
    assert len(told.of("action_ticket_failed")) == 2
    assert len(told.of("action_reminded")) == 2, "it is chased with or without its ticket"


def test_a_ticket_that_is_closed_where_it_is_kept_completes_its_action() -> None:
    told = story()
    told.applied("add_action", "ana", title="Second gateway", owner="lee")
    told.applied("tell_action", "kim", action="a1", text="PAY-7: status To Do -> In Progress")
    assert told.case.board().actions[0].state == "open"
    told.applied("tell_action", "kim", action="a1", text="PAY-7: status In Progress -> Done", over=True)
    [item] = told.case.board().actions
    assert (item.state, item.ended_by, item.result) == ("done", "kim", "PAY-7: status In Progress -> Done")
    assert told.effects(CLOSE_ACTION) == [], "it is closed there already"
    assert [entry.kind for entry in told.entries[-3:]] == ["action_ticket_told", "action_ticket_told", "action_done"]
    told.applied("tell_action", "kim", action="a1", text="PAY-7: a comment")  # afterwards: written down, no more
    assert told.refused("tell_action", "kim", action="A9", text="?")[0] == "unknown"


def test_a_ticket_that_comes_after_the_action_has_ended_is_closed() -> None:
    told = story()
    held: list[EffectRequest] = []
    told.doubles[OPEN_ACTION] = lambda request: held.append(request) or failure(message="slow")  # type: ignore[func-returns-value]
    told.applied("add_action", "ana", title="Second gateway", owner="lee")
    told.doubles[OPEN_ACTION] = opened
    told.after(days=6, hours=23)
    case = told.case
    case.duty(type(next(duty for duty in case.duties if duty.name == "actions"))).tickets.want(  # type: ignore[attr-defined]
        case.state.actions[0]
    )
    requests = case.take_effects()
    told.applied("complete_action", "lee", action="A1", result="live")
    assert told.effects(CLOSE_ACTION) == []
    told.case.effect_finished(requests[0].key, opened(requests[0]), told.now)
    told.after(minutes=1)
    assert len(told.effects(CLOSE_ACTION)) == 1


def test_what_a_withdrawn_review_asked_for_is_the_same_effect_in_the_next_one() -> None:
    first = story(doubles={OPEN_ACTION: lambda request: failure(message="the desk is down")})
    first.applied("add_action", "ana", title="Second gateway", owner="lee")
    left = first.applied("withdraw", "ana", reason="it fires again")
    again = Story(
        given(action_tickets=True, carried=left["carried"], head=left["head"], next_seq=left["next_seq"]),
        {OPEN_ACTION: opened},
    )
    [request] = again.effects(OPEN_ACTION)
    assert request.payload["effect_key"] == "INC-1/review:actions:A1#1"
    assert again.case.board().actions[0].ticket == "ACT-A1"


def test_a_review_that_an_older_worker_began_asks_for_no_tickets() -> None:
    told = Story(given())
    told.applied("accept_ownership", "ana")
    told.applied("add_action", "ana", title="Second gateway", owner="lee")
    assert told.effects(OPEN_ACTION) == []
