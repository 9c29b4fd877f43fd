"""Windows in Slack: a vote with its reason, a task with its form; refusals stay in the window."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.doubles.slack import TOKEN
from tests.doubles.slack_blocks import buttons_of, words_of
from tests.starter.conftest import House
from tests.starter.test_chat_slack import ANA, GATE, RAJ, STRANGER, Workspace, board, slack

__all__ = ["slack"]

FORM = {
    "ok": {"type": "boolean"}, "hosts": {"type": "list", "required": False}, "since": {"type": "datetime"},
    "how_many": {"type": "integer"}, "where": {"type": "string", "enum": ["eu", "us"]},
    "words": {"type": "string", "required": False, "description": "<b>yours</b>"},
}  # fmt: skip
TASK = {"id": "look", "kind": "task", "for": ["raj"], "text": "Look <!channel>", "detail": {"fields": FORM}}


@pytest.fixture(autouse=True)
def _with_token(slack: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(slack.house.parts.settings._environment, "MAYDAY_SLACK_TOKEN", TOKEN)


async def opened(slack: Workspace, user: str, message: dict[str, Any], words: str) -> str:
    """Presses a button that opens a window; the window's id."""
    before = set(slack.double.views)
    await slack.presses(user, message, words)
    [made] = set(slack.double.views) - before
    return made


async def submits(slack: Workspace, user: str, view: str, **given: Any) -> Any:
    answer = await slack.send(slack.double.submit(user, view, **given))
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.content else None


async def test_a_vote_is_given_with_its_reason(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, {**GATE, "text": "Do it <!here>?"})
    message = slack.card(incident)
    window = await opened(slack, ANA, message, "With a reason…")
    assert await submits(slack, ANA, window, choice="reject", reason="no way back") is None
    found = slack.last(incident).model_dump()
    assert (found["kind"], found["choice"], found["reason"], found["actor"], found["channel"]) == (
        "vote", "reject", "no way back", "ana", "chat",
    )  # fmt: skip
    assert "still open" in words_of(message)
    assert slack.double.violations == []


async def test_a_task_s_form_is_filled_in(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, TASK)
    message = slack.card(incident, "task", "look")
    assert [button["text"]["text"] for button in buttons_of(message)] == ["Do it here…"]
    window = await opened(slack, RAJ, message, "Do it here…")
    given = {"field__0": "true", "field__1": "a\nb", "field__2": 1772416800, "field__3": "12", "field__4": "eu"}
    assert await submits(slack, RAJ, window, **given) is None
    found = slack.last(incident).model_dump()
    assert (found["kind"], found["task"], found["actor"]) == ("complete", "look", "raj")
    assert found["result"] == {
        "ok": True, "hosts": ["a", "b"], "since": "2026-03-02T02:00:00Z", "how_many": 12, "where": "eu",
    }  # fmt: skip
    assert buttons_of(message) == []
    assert "done by" in words_of(message)
    assert slack.double.violations == []


async def test_a_task_without_a_form_is_confirmed(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, {**TASK, "detail": {}})
    window = await opened(slack, RAJ, slack.card(incident, "task", "look"), "Do it here…")
    assert await submits(slack, RAJ, window) is None
    assert slack.last(incident).model_dump()["result"] == {}
    slack.house.gateway.refusals["complete"] = ("closed", "look is done")
    answer = await submits(slack, RAJ, window)
    assert answer["response_action"] == "update"
    assert "“look” is done" in str(answer["view"])


async def test_a_refusal_stays_in_the_window(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, GATE)
    window = await opened(slack, RAJ, slack.card(incident), "With a reason…")
    slack.house.gateway.refusals["vote"] = ("not_a_voter", "raj is no voter of gate; it asks sam")
    answer = await submits(slack, RAJ, window, choice="approve")
    assert answer == {
        "response_action": "errors",
        "errors": {"reason": "Not done: Raj Patel is no voter of “gate”; it asks Sam Reilly"},
    }
    stranger = await submits(slack, STRANGER, window, choice="approve")
    assert "mayday does not know you here" in stranger["errors"]["reason"]
    board(slack, incident, TASK)
    window = await opened(slack, RAJ, slack.card(incident, "task", "look"), "Do it here…")
    wrong = await submits(slack, RAJ, window, field__0="true", field__2=1, field__3="1.5", field__4="eu")
    assert "how_many" in str(wrong["errors"])
    assert [each.command.kind for each in slack.house.run(incident).commands] == []


@pytest.mark.parametrize("form", [True, False], ids=["with fields", "without"])
async def test_a_refusal_that_comes_after_slack_has_closed_the_window_is_told(
    slack: Workspace, monkeypatch: pytest.MonkeyPatch, form: bool
) -> None:
    """Whoever saw the window close believes that it counts."""
    incident = await slack.house.declared()
    board(slack, incident, GATE if form else {**TASK, "detail": {}})
    card = slack.card(incident) if form else slack.card(incident, "task", "look")
    window = await opened(slack, RAJ, card, "With a reason…" if form else "Do it here…")
    slack.house.gateway.refusals["vote"] = ("not_a_voter", "raj is no voter of gate; it asks sam")
    slack.house.gateway.refusals["complete"] = ("not_yours", "task look is for person.sam")
    monkeypatch.setattr("starter.chat.SLACK_WAITS_SECONDS", 0.01)
    slack.house.gateway.gate = asyncio.Event()
    assert await submits(slack, RAJ, window, **({"choice": "approve"} if form else {})) is None
    slack.house.gateway.gate.set()
    async with asyncio.timeout(5):
        while not slack.double.ephemeral:
            await asyncio.sleep(0.01)
    said = "Raj Patel is no voter of “gate”; it asks Sam Reilly" if form else "task “look” is for Sam Reilly"
    assert slack.told() == f"Not done: {said}"


async def test_sent_twice_it_counts_once(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, GATE)
    window = await opened(slack, ANA, slack.card(incident), "With a reason…")
    for _ in range(2):
        await submits(slack, ANA, window, choice="approve", reason="r")
    first, second = slack.house.run(incident).commands
    assert first.command.id == second.command.id


async def test_what_does_not_wait_any_more_opens_nothing(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident)
    message = slack.card(incident, "task", "look")
    await slack.presses(RAJ, message, "Do it here…")
    assert slack.double.views == {}
    assert "does not wait any more" in slack.told()


async def test_without_a_token_the_way_to_the_form_is_told(
    slack: Workspace, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(house.parts.settings._environment, "MAYDAY_SLACK_TOKEN")
    incident = await house.declared()
    board(slack, incident, TASK)
    await slack.presses(RAJ, slack.card(incident, "task", "look"), "Do it here…")
    assert f"/incidents/{incident}" in slack.told()


@pytest.mark.parametrize("about", ["", "{}", "[1]", '{"incident": "INC-1"}', '{"incident": 1, "page": {}}', "x" * 4000])
async def test_a_window_that_is_not_ours_does_nothing(slack: Workspace, about: str) -> None:
    incident = await slack.house.declared()
    board(slack, incident, GATE)
    window = await opened(slack, ANA, slack.card(incident), "With a reason…")
    slack.double.views[window]["private_metadata"] = about
    answer = await submits(slack, ANA, window, choice="approve", reason="r")
    assert "errors" in answer
    assert slack.house.run(incident).commands == []


async def test_done_opens_the_form_of_a_task_that_has_one(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, TASK)
    assert "“look” is open in front of you" in await slack.says(RAJ, "done look")
    [window] = slack.double.views
    given = {"field__0": "true", "field__2": 1772416800, "field__3": "12", "field__4": "eu"}
    assert await submits(slack, RAJ, window, **given) is None
    assert slack.last(incident).model_dump()["result"]["how_many"] == 12


async def test_done_takes_a_form_in_one_line(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, TASK)
    line = 'done look ok=true hosts="a, b" since=2026-03-02T02:00 how_many=12 where=eu'
    assert "done" in await slack.says(RAJ, line)
    assert slack.double.views == {}
    assert slack.last(incident).model_dump()["result"] == {
        "ok": True, "hosts": ["a", "b"], "since": "2026-03-02T02:00:00Z", "how_many": 12, "where": "eu",
    }  # fmt: skip
    assert "how_many: 'many' is no whole number" in await slack.says(RAJ, "done look how_many=many")
    assert "not for colour" in await slack.says(RAJ, "done look colour=red")
    assert "done TASK" in await slack.says(RAJ, "done look red")
    assert "done TASK" in await slack.says(RAJ, 'done look "red')


async def test_where_no_window_opens_the_answer_says_what_to_write(
    slack: Workspace, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(house.parts.settings._environment, "MAYDAY_SLACK_TOKEN")
    incident = await house.declared()
    board(slack, incident, TASK)
    said = await slack.says(RAJ, "done look")
    assert "done look ok=... since=... how_many=... where=..." in said
    assert f"/incidents/{incident}" in said
    assert house.run(incident).commands == []


async def test_what_waits_for_a_role_has_no_form_of_its_own(slack: Workspace) -> None:
    incident = await slack.house.declared()
    assert buttons_of(slack.card(incident, "task", "role:deputy")) == []
