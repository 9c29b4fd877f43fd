"""Story 3 as people live it: over HTTP, each with a token of their own, real server, worker and clock.

The library's own runbooks, with minutes become seconds where the story waits for time.
"""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mayday.domain.timeline import timestamp
from tests.house import House, firing

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
SHORTER = {
    "timeout: 15m\n                    remind_every: 5m": "timeout: 4s\n                    remind_every: 2s",
    "escalate: person.dana, extend: 10m": "escalate: person.dana, extend: 3s",
    "soak, wait: { for: 15m }": "soak, wait: { for: 1s }",
}
GATE = "moves[1].emergency_change"


@pytest.fixture
def runbooks(tmp_path: Path) -> Path:
    folder = tmp_path / "runbooks"
    shutil.copytree(RUNBOOKS, folder)
    file = folder / "library" / "major_incident.yaml"
    text = file.read_text()
    for given, shorter in SHORTER.items():
        assert given in text
        text = text.replace(given, shorter)
    file.write_text(text)
    return folder


async def test_yes_by_phone_no_on_paper(runbooks: Path, tmp_path: Path) -> None:
    async with House(tmp_path / "house", runbooks) as house:
        phone, paper = await asyncio.gather(opened(house, "cloud"), opened(house, "identity"))
        await asyncio.gather(yes_by_phone(house, phone), no_on_paper(house, paper))


async def opened(house: House, service: str) -> str:
    alert = {"alertname": f"{service} is gone", "service": service, "severity": "critical"}
    answer = await house.alert(firing([alert], started_at=timestamp(datetime.now(UTC))))
    incident: str = answer.json()["incidents"][0]["id"]
    await house.happened(incident, "role_offered", role="incident_commander")
    for person, role in (("ana", "incident_commander"), ("dee", "deputy"), ("li", "comms_lead")):
        await done(house, person, incident, "accepts", {"role": role})
    return incident


async def yes_by_phone(house: House, incident: str) -> None:
    await done(house, "li", incident, "accepts", {"role": "scribe"})
    await done(house, "vik", incident, "acks", {"page": "page_platform", "joined": True})
    ready = {"task": "dr_ready", "result": {"ready": True, "data_loss": "a minute of orders"}}
    await done(house, "vik", incident, "completions", ready)
    hours = {"task": "repair_time", "result": {"hours": 5, "customers_affected": 80000}}
    await done(house, "ana", incident, "completions", hours)
    await house.happened(incident, "gate_opened", decision="invoke_dr")
    vote = {"decision": "invoke_dr", "choice": "approve", "reason": "he said: yes, do it"}
    spoken = {**vote, "on_behalf_of": "chris", "heard_by": "dee"}
    await done(house, "dana", incident, "votes", {**vote, "reason": "five hours is too long"})
    await refused(house, "ana", incident, "votes", spoken, "excluded")  # who asks for it writes nothing down
    await refused(house, "li", incident, "votes", {**spoken, "heard_by": "li"}, "invalid")
    await refused(house, "li", incident, "votes", {**spoken, "on_behalf_of": "sam"}, "not_a_voter")
    await done(house, "li", incident, "votes", spoken)
    assert not await outcomes(house, incident), "a spoken yes counts once its witness heard it"
    heard = {"task": "confirm:invoke_dr:chris:witness", "result": {"heard": True}}
    await refused(house, "li", incident, "completions", heard, "not_yours")
    await done(house, "dee", incident, "completions", heard)
    await house.happened(incident, "action_finished", action="dr.invoke")
    assert await outcomes(house, incident) == [("invoke_dr", "approved")]
    confirmed = {"task": "confirm:invoke_dr:chris", "result": {"confirmed": True}}
    await refused(house, "dana", incident, "completions", confirmed, "not_yours")
    await done(house, "chris", incident, "completions", confirmed)
    texts = [entry["text"] for entry in await house.timeline(incident)]
    said = "Chris Wong said approve on “invoke dr”, written down by Li Chen, to be witnessed by Dee Novak: "
    for once in (
        said + spoken["reason"],
        "Dee Novak heard Chris Wong say approve",
        "Chris Wong confirmed the spoken vote",
    ):
        assert texts.count(once) == 1, texts


async def no_on_paper(house: House, incident: str) -> None:
    await done(house, "ivy", incident, "acks", {"page": "page_responders", "joined": True})
    await house.happened(incident, "task_opened", task="moves[1].next_move")
    move = {
        "move": "emergency_change",
        "what": "restore the certificate",
        "change": "CHG0044",
        "backout": "put it back",
    }
    await done(house, "ivy", incident, "completions", {"task": "moves[1].next_move", "result": move})
    await house.happened(incident, "gate_opened", decision=GATE)
    vote = {"decision": GATE.rpartition(".")[2], "choice": "reject", "reason": "no"}
    answer = await refused(house, "sam", incident, "votes", vote, "not_open")
    assert answer["hint"] == f"open now: {GATE}"
    await house.happened(incident, "gate_escalated", decision=GATE, to="person.dana")
    await house.happened(incident, "gate_decided", decision=GATE, outcome="lapsed")
    late = {"decision": GATE, "choice": "approve", "reason": "I am awake now"}
    await refused(house, "sam", incident, "votes", late, "closed")
    glass = {"decision": GATE, "choice": "break_glass", "reason": "thirty thousand people wait"}
    await refused(house, "kim", incident, "votes", glass, "not_a_voter")
    await done(house, "dana", incident, "votes", glass)
    assert not [each for each in await house.timeline(incident) if each["data"].get("action") == "change.execute"]
    await done(house, "ana", incident, "votes", {**glass, "reason": "the board does not answer"})
    await house.happened(incident, "action_finished", action="change.execute")
    assert await outcomes(house, incident) == [(GATE, "lapsed"), (GATE, "unapproved_emergency")]

    await house.happened(incident, "task_opened", task="moves[1].verify_change")
    await done(house, "ivy", incident, "completions", {"task": "moves[1].verify_change", "result": {"better": True}})
    await house.happened(incident, "task_opened", task="watch[1].confirm")
    await done(house, "ivy", incident, "completions", {"task": "watch[1].confirm", "result": {"stable": True}})
    await house.happened(incident, "finding_opened", finding=f"ratify:{GATE}")

    finding = {"finding": f"ratify:{GATE}", "yes": True, "reason": "it was right"}
    at = f"/api/v1/reviews/{incident}/findings"
    assert (await house.post("dana", at, finding)).json()["code"] == "excluded"
    first = await house.post("kim", at, finding)
    assert first.json()["detail"]["missing"] == 1, "a gate of two is not ratified by one"
    no = await house.post("sam", at, {**finding, "yes": False, "reason": "I was reachable"})
    assert no.json()["detail"] == {"finding": f"ratify:{GATE}", "answer": "refused", "open": True}
    await house.happened(incident, "finding_answered", answer="refused")
    report = await paper_of(house, incident)
    assert "unapproved emergency, ratification refused" in report
    assert "**open**, refused by Sam Reilly: I was reachable" in report


async def paper_of(house: House, incident: str) -> str:
    headers = {"Authorization": f"Bearer {await house.token('ana')}", "Accept": "text/markdown"}
    return (await house.http.get(f"/api/v1/reviews/{incident}/report", headers=headers)).text


async def outcomes(house: House, incident: str) -> list[tuple[str, str]]:
    decided = [entry["data"] for entry in await house.timeline(incident) if entry["kind"] == "gate_decided"]
    return [(data["decision"], data["outcome"]) for data in decided]


async def done(house: House, who: str, incident: str, what: str, body: dict[str, Any]) -> None:
    answer = await house.post(who, f"/api/v1/incidents/{incident}/{what}", body)
    assert answer.status_code in (200, 202), f"{what} by {who}: {answer.text}"


async def refused(house: House, who: str, incident: str, what: str, body: dict[str, Any], code: str) -> dict[str, Any]:
    answer = await house.post(who, f"/api/v1/incidents/{incident}/{what}", body)
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (422 if code == "invalid" else 409, code), answer.text
    return problem
