"""Saying in a chat that one cannot: in Slack by a button and its window, in Teams and behind `/mayday` in a line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.slack import TOKEN
from tests.doubles.slack_blocks import buttons_of, words_of
from tests.starter.test_chat_slack import ANA, RAJ, Workspace, board, slack
from tests.starter.test_chat_teams import ANA as ANA_IN_TEAMS
from tests.starter.test_chat_teams import Team, team
from tests.starter.test_chat_windows import opened, submits

__all__ = ["slack", "team"]

WAKE = {"id": "wake", "kind": "page", "for": ["ana", "raj"], "text": "DNS is down <!here>"}
LEAD = {"id": "role:comms_lead", "kind": "role", "for": ["ana"], "text": "comms lead is offered"}
CANNOT = "I cannot take it…"


@pytest.fixture(autouse=True)
def _with_token(slack: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(slack.house.parts.settings._environment, "MAYDAY_SLACK_TOKEN", TOKEN)


def of(command: Any) -> tuple[str, str, str, str, str]:
    found = command.model_dump()
    return found["kind"], found["target"], found["reason"], found["actor"], found["channel"]


async def test_a_page_is_declined_with_its_reason_and_others_may_take_it_still(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, WAKE)
    message = slack.card(incident, "page", "wake")
    window = await opened(slack, ANA, message, CANNOT)
    view = slack.double.views[window]
    assert "DNS is down" in str(view["blocks"])
    assert slack.house.run(incident).commands == [], "a button that asks why decides nothing"
    assert await submits(slack, ANA, window, reason="on a plane <!here>") is None
    assert of(slack.last(incident)) == ("decline", "wake", "on a plane <!here>", "ana", "chat")
    assert "Ana Ruiz cannot take it: on a plane &lt;!here&gt;" in words_of(message)
    window = await opened(slack, RAJ, message, CANNOT)
    assert await submits(slack, RAJ, window, reason="no computer here") is None
    both = "Ana Ruiz cannot take it: on a plane &lt;!here&gt;; Raj Patel cannot take it: no computer here"
    assert both in words_of(message)
    assert [button["text"]["text"] for button in buttons_of(message)] == ["Acknowledge", "I am on the bridge", CANNOT]
    assert slack.double.violations == []


async def test_a_role_that_is_offered_is_declined(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, LEAD)
    window = await opened(slack, ANA, slack.card(incident, "role", "role:comms_lead"), CANNOT)
    assert "You are offered the role of comms lead." in str(slack.double.views[window]["blocks"])
    assert await submits(slack, ANA, window, reason="ill") is None
    assert of(slack.last(incident)) == ("decline", "role:comms_lead", "ill", "ana", "chat")


async def test_a_refusal_stays_in_the_window_with_names(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, LEAD)
    message = slack.card(incident, "role", "role:comms_lead")
    window = await opened(slack, RAJ, message, CANNOT)
    for code, reason, said in (
        ("not_yours", "comms_lead is offered to ana", "the role of comms lead is offered to Ana Ruiz"),
        ("closed", "raj declined comms_lead already", "Raj Patel declined “comms lead” already"),
        ("invalid", "reason: whoever is asked next wants to know why you cannot", "whoever is asked next wants to"),
    ):  # fmt: skip
        slack.house.gateway.refusals["decline"] = (code, reason)
        answer = await submits(slack, RAJ, window, reason="ill")
        assert answer["response_action"] == "errors"
        assert said in answer["errors"]["reason"]
    assert "cannot take it" not in words_of(message)


async def test_what_is_over_opens_no_window(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident)
    await slack.presses(ANA, slack.card(incident, "page", "wake"), CANNOT)
    assert slack.double.views == {}
    assert "“wake” does not wait any more" in slack.told()


async def test_an_incident_that_sleeps_takes_the_no_later(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, WAKE)
    message = slack.card(incident, "page", "wake")
    window = await opened(slack, ANA, message, CANNOT)
    slack.house.gateway.asleep = True
    assert await submits(slack, ANA, window, reason="ill") is None
    assert slack.last(incident).kind == "decline"
    assert "cannot take it" not in words_of(message), "said only when it counts"


@pytest.mark.parametrize(
    ("line", "target", "reason"),
    [
        ("decline wake on a plane", "wake", "on a plane"),
        ("decline on a plane", "on", "a plane"),
        ("decline wake\nno computer\nhere", "wake", "no computer\nhere"),
        ("decline emergency_change not mine", "emergency_change", "not mine"),
        ("decline role:deputy ill", "role:deputy", "ill"),
        ("decline gate no idea", "gate", "no idea"),
    ],
)  # fmt: skip
async def test_a_line_says_no_with_its_reason(slack: Workspace, line: str, target: str, reason: str) -> None:
    """The first word is the name, always: what was over a moment ago must not become another page's reason."""
    incident = await slack.house.declared()
    gate = {"id": "gate", "kind": "decision", "for": ["sam"], "text": "Do it?"}
    board(slack, incident, WAKE, {**LEAD, "for": ["dee"]}, gate)
    await slack.says(ANA, line)
    assert of(slack.last(incident)) == ("decline", target, reason, "ana", "chat")


async def test_without_a_reason_the_line_opens_the_window_that_asks(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, LEAD)
    assert "say in front of you why you cannot" in await slack.says(ANA, "decline")
    [window] = slack.double.views
    slack.house.gateway.details["decline"] = {"role": "comms_lead"}
    assert await submits(slack, ANA, window, reason="ill") is None
    assert "you declined the role of comms lead; the next is asked at once" in slack.told()
    assert of(slack.last(incident))[1] == "role:comms_lead"


async def test_where_it_is_not_clear_what_is_declined_nothing_is(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, WAKE, LEAD)
    assert "several wait for an answer: wake, comms_lead" in await slack.says(ANA, "decline")
    board(slack, incident)
    assert "no page and no role waits" in await slack.says(ANA, "decline")
    assert "decline wkae_up REASON" in await slack.says(ANA, "decline wkae_up")
    assert "4000" in await slack.says(ANA, f"decline wake_up {'x' * 4_001}")
    assert slack.house.run(incident).commands == []


async def test_in_teams_a_line_says_no(team: Team) -> None:
    incident = await team.house.declared()
    board(Workspace(team.house, None), incident, WAKE)  # type: ignore[arg-type]
    assert "→ ack wake, or decline wake REASON" in await team.says(ANA_IN_TEAMS, "status")
    assert "decline wake REASON: whoever is asked next" in await team.says(ANA_IN_TEAMS, "decline wake")
    assert "you declined “wake”; the next is asked at once" in await team.says(ANA_IN_TEAMS, "decline wake ill")
    assert of(team.house.run(incident).commands[-1].command) == ("decline", "wake", "ill", "ana", "chat")
    team.house.gateway.refusals["decline"] = ("closed", "wake was acknowledged by raj at 02:12:00")
    said = await team.says(ANA_IN_TEAMS, "decline wake ill")
    assert said == "Not done: “wake” was acknowledged by Raj Patel at 02:12:00 UTC"
