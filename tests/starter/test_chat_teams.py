"""Teams to the starter: `@mayday ...` in a channel, signed by the outgoing webhook."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from mayday.domain.incident import Board
from tests.doubles.teams import SECURITY_TOKEN, Teams, problems_of, words_of
from tests.starter.conftest import House

ANA = "8e1f0a34-0000-4000-8000-00000000000a"


class Team:
    def __init__(self, house: House) -> None:
        self.house, self.double = house, Teams()

    async def send(self, body: str, headers: dict[str, str]) -> httpx.Response:
        return await self.house.http.post("/chat/teams", content=body.encode(), headers=headers)

    async def says(self, user: str, text: str) -> str:
        answer = await self.send(*self.double.writes(user, text, self.house.clock()))
        assert answer.status_code == 200, answer.text
        [attached] = answer.json()["attachments"]
        assert problems_of(attached["content"]) == []
        return words_of(attached["content"])


@pytest.fixture
def team(house: House, monkeypatch: pytest.MonkeyPatch) -> Team:
    monkeypatch.setitem(house.parts.settings._environment, "MAYDAY_TEAMS_SECRET", f"b2xkZXI=,{SECURITY_TOKEN}")
    monkeypatch.setitem(house.parts.playbooks.catalog.people["ana"].ids, "teams", ANA)
    monkeypatch.setattr("starter.chat.TEAMS_WAITS_SECONDS", 60.0)  # a busy machine is no late answer
    return Team(house)


async def test_an_incident_is_declared_and_decided_from_a_channel(team: Team) -> None:
    said = await team.says(ANA, "declare payments sev1 Cards are refused &lt;at&gt;")
    [run] = team.house.gateway.all_runs
    assert (run.start.title, run.start.declared_by) == ("Cards are refused <at>", "ana")
    assert "declared: SEV1 Cards are refused <at>" in said
    assert "your vote counts, approve on “gate”" in await team.says(ANA, "vote gate approve tested")
    vote = run.commands[-1].command
    assert (vote.actor, vote.channel, vote.model_dump()["reason"]) == ("ana", "chat", "tested")


async def test_a_refusal_says_why(team: Team) -> None:
    await team.house.declared()
    team.house.gateway.refusals["vote"] = ("not_a_voter", "ana is no voter of gate; it asks sam")
    assert await team.says(ANA, "vote gate approve") == ("Not done: Ana Ruiz is no voter of “gate”; it asks Sam Reilly")


async def test_somebody_who_is_not_in_the_catalog_decides_nothing(team: Team) -> None:
    incident = await team.house.declared()
    assert "mayday does not know you here" in await team.says("8e1f0a34-nobody", "note hello")
    assert team.house.run(incident).commands == []
    [row] = await team.house.parts.records.audit.find(actor="teams:8e1f0a34-nobody")
    assert row.outcome == "not_in_catalog"


async def test_the_same_message_twice_is_one_command(team: Team) -> None:
    incident = await team.house.declared()
    body, headers = team.double.writes(ANA, "note once", team.house.clock())
    await team.send(body, headers)
    await team.send(body, headers)
    first, second = team.house.run(incident).commands
    assert first.command.id == second.command.id


async def test_only_teams_may_speak_as_teams(team: Team) -> None:
    incident = await team.house.declared()
    body, headers = team.double.writes(ANA, "note hello", team.house.clock())
    assert (await team.send(body.replace("hello", "hallo"), headers)).status_code == 401
    assert (await team.send(body, {})).status_code == 401
    assert (await team.send(body, {"Authorization": "Bearer x"})).status_code == 401
    late = team.double.writes(ANA, "note late", team.house.clock() - timedelta(minutes=6))
    answer = await team.send(*late)
    assert answer.status_code == 401
    assert SECURITY_TOKEN not in answer.text
    assert team.house.run(incident).commands == []


async def test_a_chat_that_is_not_set_up_is_shut(house: House) -> None:
    answer = await house.http.post("/chat/teams", content=b"{}")
    assert (answer.status_code, answer.json()["hint"]) == (401, "set MAYDAY_TEAMS_SECRET")


async def test_what_takes_too_long_goes_on_behind_the_answer(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr("starter.chat.TEAMS_WAITS_SECONDS", 0.01)
    incident = await team.house.declared()
    team.house.gateway.gate = asyncio.Event()
    assert "Taken" in await team.says(ANA, "note slowly")
    team.house.gateway.gate.set()
    async with asyncio.timeout(5):
        while not team.house.run(incident).commands:
            await asyncio.sleep(0.01)


async def test_a_task_is_done_with_its_form_in_one_line(team: Team) -> None:
    incident = await team.house.declared()
    start = team.house.run(incident).start
    team.house.run(incident).board = Board.model_validate({
        "id": incident, "workflow_id": start.workflow_id, "title": "t", "severity": "SEV1", "priority": "P1",
        "status": "investigating", "service": "payments", "services": ["payments"], "drill": False,
        "opened_at": start.opened_at,
        "pending": [{"id": "verify", "kind": "task", "for": ["ana"], "text": "Verify",
                     "detail": {"fields": {"verified": {"type": "boolean"}}}}],
    })  # fmt: skip
    said = await team.says(ANA, "done verify")
    assert "It has a form: done verify verified=..." in said
    assert "done" in await team.says(ANA, "done verify verified=true")
    assert team.house.run(incident).commands[-1].command.model_dump()["result"] == {"verified": True}
