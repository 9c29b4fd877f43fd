"""A night run from Slack: real Temporal, worker and starter, and a Slack that keeps state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.chat.conftest import USERS
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_blocks import buttons_of, words_of
from tests.house import House

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(180)]


class Night:
    def __init__(self, house: House, slack: SlackDouble) -> None:
        self.house, self.slack = house, slack

    async def send(self, body: str) -> Any:
        headers = self.slack.signed(body, datetime.now(UTC))
        answer = await self.house.http.post("/chat/slack", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else None

    async def says(self, person: str, text: str, channel: str = "incidents") -> str:
        return str((await self.send(self.slack.slash(USERS[person], text, channel)))["text"])

    async def presses(self, person: str, channel: str, message: dict[str, Any], words: str) -> None:
        await self.send(self.slack.press(USERS[person], channel, message, words))

    async def seen(self, channel: str, look: Callable[[dict[str, Any]], bool], within: float = 30) -> dict[str, Any]:
        """Waits for a message that looks so."""

        async def found() -> dict[str, Any] | None:
            listed = [each for each in self.slack.channels.values() if each.name == channel]
            return next((each for one in listed for each in one.messages.values() if look(each)), None)

        message = await self.house.until(found, f"a message in #{channel}", within)
        assert message is not None
        return message


@pytest.fixture
async def night(tmp_path: Path, runbooks: Path) -> AsyncIterator[Night]:
    async with SlackDouble() as slack, House(tmp_path / "house", runbooks, settings=slack.settings()) as house:
        yield Night(house, slack)
        assert slack.violations == []


def asks(words: str, text: str) -> Callable[[dict[str, Any]], bool]:
    """A card with that button and that text."""
    return lambda message: (
        text in words_of(message) and any(button["text"]["text"] == words for button in buttons_of(message))
    )


async def test_declared_acknowledged_and_decided_from_chat(night: Night) -> None:
    said = await night.says("ana", "declare shop sev1 Cards are refused")
    assert "declared" in said
    [item] = (await night.house.get("/api/v1/incidents"))["items"]
    incident = item["id"]
    assert item["title"] == "Cards are refused"

    # the incident's channel, with a pinned first word
    await night.seen("inc-shop", lambda message: "Cards are refused" in words_of(message))
    channel = night.slack.called("inc-shop")
    assert channel.members == [USERS["raj"], USERS["sam"]]
    await night.house.until(lambda: _true(channel.pins), "the pin")

    # an offered role: who cannot says why in a window, and the card says so
    offer = await night.seen("dm-U05", asks("I cannot take it…", "you are offered the role of deputy"))
    await night.presses("dee", "dm-U05", offer, "I cannot take it…")
    [window] = night.slack.views
    assert await night.send(night.slack.submit(USERS["dee"], window, reason="on a plane")) is None
    entry = await night.house.happened(incident, "role_declined", role="deputy")
    assert (entry["actor"], entry["data"]["reason"], entry["data"]["channel"]) == ("dee", "on a plane", "chat")
    await night.house.happened(incident, "role_unfilled", role="deputy")
    again = await night.says("dee", "decline deputy on a plane", "inc-shop")
    assert "Not done: the role of deputy is not offered to anybody now" in again
    assert "open now: " in again
    night.slack.views.clear()

    # a page: everybody sees it in the channel, Raj's phone has it; his button takes both away
    page = await night.seen("inc-shop", asks("Acknowledge", "the shop is down"))
    direct = await night.seen("dm-U02", asks("Acknowledge", "the shop is down"))
    assert f"<@{USERS['raj']}>" in words_of(page)
    await night.presses("raj", "inc-shop", page, "Acknowledge")
    entry = await night.house.happened(incident, "acknowledged", page="wake")
    assert (entry["actor"], entry["data"]["channel"]) == ("raj", "chat")
    await night.house.until(lambda: _true(not buttons_of(page) and not buttons_of(direct)), "the buttons to go")
    assert "Over: " in words_of(direct)  # who was faster than the page's own receipt: that it is over already

    # a gate: who may not is told why, a first yes is shown, and the second one comes from elsewhere
    gate = await night.seen("inc-shop", asks("Approve", "Bypass the gateway?"))
    await night.presses("lee", "inc-shop", gate, "Approve")
    assert " is no voter of “bypass”; it asks " in night.slack.ephemeral[-1]["text"]
    assert len(buttons_of(gate)) == 4
    await night.presses("sam", "inc-shop", gate, "Approve")
    await night.house.happened(incident, "voted", decision="bypass", choice="approve")
    await night.house.until(lambda: _true("Sam Reilly: approve (still open)" in words_of(gate)), "the first vote")
    assert len(buttons_of(gate)) == 4
    answer = await night.house.post(
        "kim", f"/api/v1/incidents/{incident}/votes", {"decision": "bypass", "choice": "approve"}
    )
    assert answer.status_code == 200, answer.text
    await night.house.until(lambda: _true(not buttons_of(gate)), "the gate's buttons to go")
    assert "Over: decided: approved" in words_of(gate)
    await night.seen("inc-shop", lambda message: "bypassed" in words_of(message))

    # a task with a form: a window from its card; one that is done elsewhere has no button left
    task = await night.seen("inc-shop", asks("Do it here…", "Do cards go through?"))
    direct = await night.seen("dm-U03", asks("Do it here…", "Do cards go through?"))
    await night.presses("lee", "inc-shop", task, "Do it here…")
    [window] = night.slack.views
    assert await night.send(night.slack.submit(USERS["lee"], window, field__0="true")) is None
    done = await night.house.happened(incident, "task_completed", task="verify")
    assert (done["actor"], done["data"]["result"]) == ("lee", {"ok": True})
    await night.house.until(lambda: _true(not buttons_of(task) and not buttons_of(direct)), "the task's buttons to go")
    second = await night.seen("inc-shop", asks("Do it here…", "And in the app?"))
    await night.house.post(
        "lee", f"/api/v1/incidents/{incident}/completions", {"task": "again", "result": {"ok": True}}
    )
    await night.house.until(lambda: _true(not buttons_of(second)), "its buttons to go")
    assert "Over: completed by Lee" in words_of(second)

    # what is typed in the channel is about its incident
    assert "identified" not in await night.says("ana", "status", "inc-shop")
    assert "noted" in await night.says("sam", "note the gateway is past us", "inc-shop")
    await night.house.happened(incident, "noted", words="the gateway is past us")
    direct_vote = await night.says("sam", "vote bypass reject", "inc-shop")
    assert "“bypass” is decided: approved" in direct_vote


async def _true(value: Any) -> Any:
    await asyncio.sleep(0)
    return value
