"""Slack to the starter: signed requests, the person behind a user, and answers in Slack's own form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayday.domain.commands import Command
from mayday.domain.incident import Board, Pending
from mayday.providers.slack.messages import card_blocks
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_blocks import buttons_of, words_of
from tests.doubles.slack_people import SIGNING_SECRET
from tests.providers.contract.stand import incident as card_of
from tests.starter.conftest import House

ANA, RAJ, STRANGER = "U01", "U03", "U39"


class Workspace:
    """The house, and a Slack in front of it."""

    def __init__(self, house: House, double: SlackDouble) -> None:
        self.house, self.double = house, double

    async def send(self, body: str, **headers: str) -> httpx.Response:
        signed = self.double.signed(body, self.house.clock())
        return await self.house.http.post("/chat/slack", content=body, headers={**signed, **headers})

    async def says(self, user: str, text: str, channel: str = "incidents") -> str:
        """What `/mayday TEXT` answers."""
        answer = await self.send(self.double.slash(user, text, channel))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["response_type"] in ("ephemeral", "in_channel")
        return "\n".join(block["text"]["text"] for block in body["blocks"])

    async def presses(self, user: str, message: dict[str, Any], words: str) -> httpx.Response:
        return await self.send(self.double.press(user, "incidents", message, words))

    def card(self, incident: str, purpose: Any = "vote", page: str = "gate", text: str = "Do it?") -> dict[str, Any]:
        """A card that stands in the channel."""
        channel = self.double.called("incidents")
        ts = f"17.{len(channel.messages)}"
        blocks = card_blocks(
            text, card_of(id=incident), "https://mayday.example", page=page, purpose=purpose, choices=[], users=[]
        )  # fmt: skip
        channel.messages[ts] = {"type": "message", "ts": ts, "text": text, "blocks": blocks}
        return channel.messages[ts]

    def last(self, incident: str) -> Command:
        return self.house.run(incident).commands[-1].command

    def told(self) -> str:
        """What was said last to one person only."""
        return "\n".join(block["text"]["text"] for block in self.double.ephemeral[-1]["blocks"])


@pytest.fixture
async def slack(house: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workspace]:
    async with SlackDouble() as double:
        environment = house.parts.settings._environment
        monkeypatch.setitem(environment, "MAYDAY_SLACK_SECRET", f"an-older-secret,{SIGNING_SECRET}")
        monkeypatch.setitem(environment, "MAYDAY_SLACK_URL", f"{double.url}/api")
        monkeypatch.setattr("starter.chat.SLACK_WAITS_SECONDS", 60.0)  # a busy machine is no late answer
        yield Workspace(house, double)


def board(workspace: Workspace, incident: str, *pending: dict[str, Any], **more: Any) -> None:
    """What the incident shows from now on."""
    start = workspace.house.run(incident).start
    workspace.house.run(incident).board = Board(
        id=incident, workflow_id=start.workflow_id, title=start.title, severity="SEV1", priority="P1",
        status="investigating", service=start.service, services=[start.service], drill=False,
        opened_at=start.opened_at, pending=[Pending.model_validate(each) for each in pending], **more,
    )  # fmt: skip


GATE = {"id": "gate", "kind": "decision", "for": ["sam"], "text": "Do it?", "detail": {"votes": {}, "approvals": 2}}


async def test_an_incident_is_declared_from_chat(slack: Workspace) -> None:
    said = await slack.says(ANA, "declare payments sev1 Cards are refused <!channel>")
    [run] = slack.house.gateway.all_runs
    assert (run.start.title, run.start.severity, run.start.declared_by) == (
        "Cards are refused <!channel>", "SEV1", "ana"
    )  # fmt: skip
    assert "declared" in said
    assert "&lt;!channel&gt;" in said
    assert f"/incidents/{run.start.id}" in said
    assert "is open already" in await slack.says(RAJ, "declare payments SEV2 The same")


async def test_a_drill_is_declared_as_one(slack: Workspace) -> None:
    assert "(drill)" in await slack.says(ANA, "declare drill payments sev3 Practice")
    assert slack.house.gateway.all_runs[0].start.drill


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vote gate approve tested well", {"decision": "gate", "choice": "approve", "reason": "tested well"}),
        ("ack wake", {"kind": "ack", "page": "wake", "joined": None}),
        ("join wake", {"kind": "ack", "page": "wake", "joined": True}),
        ("accept deputy", {"kind": "accept", "target": "deputy"}),
        ("accept role:deputy", {"kind": "accept", "target": "deputy"}),
        ("update executives Cards work\nagain", {"audience": "executives", "text": "Cards work\nagain"}),
        ("note it was DNS", {"kind": "note", "text": "it was DNS"}),
        ("done fill_in", {"kind": "complete", "task": "fill_in", "result": {}}),
        ("confirm", {"kind": "candidate", "accept": True}),
        ("reject a test", {"kind": "candidate", "accept": False, "reason": "a test"}),
        ("severity sev2 less", {"kind": "severity", "severity": "SEV2", "reason": "less"}),
        ("set mitigated rerouted", {"kind": "status", "status": "mitigated", "reason": "rerouted"}),
        ("page schedule.network_primary DNS", {"step": {"page": "schedule.network_primary", "message": "DNS"}}),
        ("task raj 10m check the resolvers", {"kind": "add_step"}),
        ("engage cloudgate", {"kind": "add_step"}),
        ("decide group.emergency_cab Run CHG0031?", {"kind": "add_step"}),
    ],
)  # fmt: skip
async def test_what_is_typed_reaches_the_incident_as_its_person(
    slack: Workspace, text: str, expected: dict[str, Any]
) -> None:
    incident = await slack.house.declared()
    await slack.says(ANA, text)
    command = slack.last(incident)
    assert (command.actor, command.channel, command.received_at) == ("ana", "chat", slack.house.clock())
    found = command.model_dump()
    assert {name: found[name] for name in expected} == expected


async def test_the_incident_is_the_one_of_the_channel(slack: Workspace) -> None:
    payments, search = await slack.house.declared(), await slack.house.declared("search", "SEV3")
    assert "its id comes first" in await slack.says(ANA, "note whose?")
    record = await slack.house.parts.records.incidents.get(search)
    assert record is not None
    slack.double.add_channel("inc-search")
    board(slack, search, channel="inc-search")
    await slack.house.parts.records.incidents.save(record.model_copy(update={"board": slack.house.run(search).board}))
    await slack.says(ANA, "note here", "inc-search")
    await slack.says(ANA, f"INC-{payments[-6:]} note there", "inc-search")
    assert [slack.last(each).model_dump()["text"] for each in (search, payments)] == ["here", "there"]


async def test_status_says_what_waits_for_whom(slack: Workspace) -> None:
    assert "No incident is open" in await slack.says(ANA, "status")
    incident = await slack.house.declared()
    board(slack, incident, GATE)
    said = await slack.says(ANA, f"{incident} status")
    assert "SEV1 investigating: payments down" in said
    assert "- Do it? [for Sam Reilly] → vote gate approve|reject" in said
    assert incident[-6:] in await slack.says(ANA, "status")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "declare SERVICE SEV1 TITLE"), ("help", "declare SERVICE SEV1 TITLE"), ("dance", "does not know “dance”"),
        ("declare payments", "declare SERVICE SEV1 TITLE"), ("declare payments sev9 x", "declare SERVICE SEV1 TITLE"),
        ("vote", "vote [DECISION] CHOICE"), ("update executives", "update AUDIENCE TEXT"),
        ("task raj soon x", "task PERSON 10m TEXT"), ("INC-000000 ack x", "there is no incident"),
        ("note hello", "no incident is open"), ("x" * 20_000, "at most"),
    ],
)  # fmt: skip
async def test_what_is_not_understood_says_what_would_have_been(slack: Workspace, text: str, reason: str) -> None:
    assert reason in await slack.says(ANA, text)


async def test_a_refusal_is_told_with_its_reason_to_the_person_only(slack: Workspace) -> None:
    await slack.house.declared()
    slack.house.gateway.refusals["vote"] = ("excluded", "ana asked for it")
    answer = await slack.send(slack.double.slash(ANA, "vote gate approve"))
    assert answer.json()["response_type"] == "ephemeral"
    assert "Not done: ana asked for it" in answer.json()["text"]


async def test_somebody_who_is_not_in_the_catalog_decides_nothing(slack: Workspace) -> None:
    incident = await slack.house.declared()
    said = await slack.says(STRANGER, "vote gate approve")
    assert "mayday does not know you here" in said
    assert "slack: U39" in said
    await slack.presses(STRANGER, slack.card(incident), "Approve")
    assert "mayday does not know you here" in slack.told()
    assert slack.house.run(incident).commands == []
    rows = await slack.house.parts.records.audit.find(actor="slack:U39")
    assert [row.outcome for row in rows] == ["not_in_catalog", "not_in_catalog"]


async def test_a_viewer_may_look_and_no_more(slack: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await slack.house.declared()
    monkeypatch.setattr("starter.chat_people.level_of", lambda *_: "viewer")
    assert "may only look" in await slack.says(ANA, "note x")
    assert incident[-6:] in await slack.says(ANA, "status")
    await slack.presses(ANA, slack.card(incident), "Approve")
    assert "may only look" in slack.told()
    assert slack.house.run(incident).commands == []


# buttons -----------------------------------------------------------------------------------------------------------


async def test_a_vote_by_button_counts_and_is_shown_above_the_buttons(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, {**GATE, "detail": {"votes": {"ana": "approve"}}})
    message = slack.card(incident)
    answer = await slack.presses(ANA, message, "Approve")
    assert (answer.status_code, answer.content) == (200, b"")
    command = slack.last(incident)
    assert (command.kind, command.actor, command.model_dump()["choice"]) == ("vote", "ana", "approve")
    assert "Ana Ruiz: approve (still open)" in words_of(message)
    assert len(buttons_of(message)) == 4


async def test_after_the_deciding_vote_no_button_remains(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident)
    message = slack.card(incident)
    await slack.presses(ANA, message, "Reject")
    assert buttons_of(message) == []
    assert "decided; the last vote: Ana Ruiz, reject" in words_of(message)
    assert "Do it?" in words_of(message)


async def test_a_vote_that_decides_while_another_is_written_down_leaves_no_button(
    slack: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The board says open at the first look, and decided at the second."""
    incident = await slack.house.declared()
    board(slack, incident, GATE)
    looks: list[int] = []
    answer = slack.house.gateway.board

    async def decided_meanwhile(workflow_id: str, within: timedelta) -> Board | None:
        shown = await answer(workflow_id, within)
        looks.append(1)
        return shown.model_copy(update={"pending": []}) if shown and len(looks) > 1 else shown

    monkeypatch.setattr(slack.house.gateway, "board", decided_meanwhile)
    message = slack.card(incident)
    await slack.presses(ANA, message, "Approve")
    assert buttons_of(message) == []


@pytest.mark.parametrize(
    ("purpose", "page", "words", "expected"),
    [
        ("page", "wake", "Acknowledge", {"kind": "ack", "page": "wake"}),
        ("page", "wake", "I am on the bridge", {"kind": "ack", "joined": True}),
        ("role", "role:deputy", "Take the role: deputy", {"kind": "accept", "target": "deputy"}),
        ("candidate", "candidate", "It is an incident", {"kind": "candidate", "accept": True}),
    ],
)
async def test_every_button_does_what_it_says_and_goes(
    slack: Workspace, purpose: str, page: str, words: str, expected: dict[str, Any]
) -> None:
    incident = await slack.house.declared()
    message = slack.card(incident, purpose, page)
    await slack.presses(ANA, message, words)
    found = slack.last(incident).model_dump()
    assert {name: found[name] for name in expected} == expected
    assert buttons_of(message) == []
    assert "Ana Ruiz" in words_of(message)


async def test_who_may_not_is_told_and_the_buttons_stay_for_the_others(slack: Workspace) -> None:
    incident = await slack.house.declared()
    slack.house.gateway.refusals["vote"] = ("not_a_voter", "raj is no voter of gate; it asks sam")
    message = slack.card(incident)
    await slack.presses(RAJ, message, "Approve")
    assert slack.told() == "Not done: Raj Patel is no voter of “gate”; it asks Sam Reilly"
    assert len(buttons_of(message)) == 4


async def test_a_stale_button_says_so_and_goes(slack: Workspace) -> None:
    incident = await slack.house.declared()
    slack.house.gateway.refusals["ack"] = ("closed", "wake was acknowledged by lee at 02:12:00")
    message = slack.card(incident, "page", "wake")
    await slack.presses(RAJ, message, "Acknowledge")
    assert "acknowledged by Lee Carter at 02:12:00 UTC" in slack.told()
    assert buttons_of(message) == []


async def test_the_same_press_twice_is_one_command(slack: Workspace) -> None:
    incident = await slack.house.declared()
    body = slack.double.press(ANA, "incidents", slack.card(incident, "page", "wake"), "Acknowledge")
    await slack.send(body)
    await slack.send(body)
    first, second = slack.house.run(incident).commands
    assert first.command.id == second.command.id


async def test_an_incident_that_sleeps_takes_it_later(slack: Workspace) -> None:
    incident = await slack.house.declared()
    slack.house.gateway.asleep = True
    message = slack.card(incident, "page", "wake")
    await slack.presses(ANA, message, "Acknowledge")
    assert "Taken" in slack.told()
    assert slack.last(incident).kind == "ack"
    assert buttons_of(message)


async def test_an_answer_that_takes_longer_than_slack_waits_comes_afterwards(
    slack: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr("starter.chat.SLACK_WAITS_SECONDS", 0.01)
    incident = await slack.house.declared()
    slack.house.gateway.gate = asyncio.Event()
    assert "One moment" in await slack.says(ANA, "note slowly")
    slack.house.gateway.gate.set()
    async with asyncio.timeout(5):
        while not slack.double.ephemeral:
            await asyncio.sleep(0.01)
    assert "noted" in slack.told()
    assert slack.last(incident).kind == "note"


# the door ----------------------------------------------------------------------------------------------------------


async def test_only_slack_may_speak_as_slack(slack: Workspace) -> None:
    incident = await slack.house.declared()
    body = slack.double.slash(ANA, "note hello")
    late = slack.double.signed(body, slack.house.clock() - timedelta(seconds=301))
    for headers in ({}, {"X-Slack-Signature": "v0=" + "0" * 64}, late):
        answer = await slack.house.http.post("/chat/slack", content=body, headers=headers)
        assert answer.status_code == 401
        assert SIGNING_SECRET not in answer.text
    changed = body.replace("hello", "hallo")
    signed = slack.double.signed(body, slack.house.clock())
    assert (await slack.house.http.post("/chat/slack", content=changed, headers=signed)).status_code == 401
    assert slack.house.run(incident).commands == []


async def test_a_chat_that_is_not_set_up_is_shut(house: House) -> None:
    answer = await house.http.post("/chat/slack", content=b"command=%2Fmayday")
    assert (answer.status_code, answer.json()["hint"]) == (401, "set MAYDAY_SLACK_SECRET")


async def test_slacks_challenge_is_answered(slack: Workspace) -> None:
    answer = await slack.send('{"type": "url_verification", "challenge": "abc123", "token": "x"}')
    assert answer.text == "abc123"


NOT_OURS = '{"incident": "INC-1", "page": "p", "deed": "format_disk", "choice": ""}'


@pytest.mark.parametrize("value", ["", "x", "[]", "{}", '{"incident": 1, "page": 2}', NOT_OURS])
async def test_a_button_that_is_not_ours_does_nothing(slack: Workspace, value: str) -> None:
    incident = await slack.house.declared()
    message = slack.card(incident)
    buttons_of(message)[0]["value"] = value.replace("INC-1", incident)
    answer = await slack.presses(ANA, message, "Approve")
    assert answer.status_code == 200
    assert slack.house.run(incident).commands == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x", "http://hooks.slack.com/x", "https://hooks.slack.com.evil.example/x", "",
        "https://hooks.slack.com@evil.example/", "file:///etc/passwd", "https://hooks.slack.com:8443/x", "http://[x",
    ],
)  # fmt: skip
async def test_an_answer_goes_to_slack_only(slack: Workspace, url: str) -> None:
    from starter.chat_slack import Slack

    async with httpx.AsyncClient() as http:
        assert not Slack(slack.house.parts, http)._is_slacks(url)
        assert Slack(slack.house.parts, http)._is_slacks("https://hooks.slack.com/actions/T1/2/3")
