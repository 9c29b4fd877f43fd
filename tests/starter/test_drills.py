"""Drills over the API: injects of a scenario, standing back for the real thing, the score card by role."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mayday.domain.commands import Drill
from mayday.domain.incident import Board, RoleHolder
from mayday.domain.timeline import GENESIS, Entry, append
from mayday.language.naming import naming_of
from starter.drill_watch import DrillWatch
from starter.injects import InjectRefused, injects_of
from tests.starter.conftest import House
from tests.starter.doubles import START

NIGHT: list[dict[str, Any]] = [
    {"at": "T+5m", "vendor_reply": "gateway", "kind": "eta", "text": "an hour", "by": "drill"},
    {"at": "T+2m", "alert": {"title": "cards", "labels": {"service": "payments"}}},
    {"at": "T+9m", "note": "the press calls"},
    {"at": "T+10m", "event": "deployed"},
]


async def declared(house: House, service: str = "payments", **more: Any) -> str:
    body = {"title": f"{service} down", "service": service, "severity": "SEV1", **more}
    answer = await house.post("/api/v1/incidents", body, "ana")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def paused(house: House, drill: str) -> list[Drill]:
    return [sent.command for sent in house.run(drill).commands if isinstance(sent.command, Drill)]


async def test_what_machines_do_in_a_scenario_comes_true_at_its_time(house: House) -> None:
    drill = await declared(house, drill=True, injects=NIGHT)
    found = house.run(drill).start.injects
    assert [(inject.after_s, inject.what) for inject in found] == [
        (120, "alert cards"), (300, "gateway: the vendor says eta an hour"), (540, "news: the press calls"),
        (600, "event deployed"),
    ]  # fmt: skip
    assert found[1].command == {"kind": "vendor_reply", "step": "gateway", "reply": "eta", "text": "an hour"}
    assert found[0].alerts[0].labels == {"service": "payments"}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"at": "T+1m", "vote": "gate", "by": "sam", "choice": "approve"}, "1: `vote` is what people do"),
        ({"at": "T+1m", "alrt": {}}, "1: "), ({"at": "soon", "note": "x"}, "1: at: "),
        ({"at": "T+1m", "vendor_reply": "case"}, "needs `kind`"),
    ],
)  # fmt: skip
async def test_what_no_drill_can_play_is_refused_with_its_place(house: House, item: dict[str, Any], words: str) -> None:
    with pytest.raises(InjectRefused, match=words):
        injects_of([item], START)
    body = {"title": "x", "service": "payments", "severity": "SEV1", "drill": True, "injects": [item]}
    assert (await house.post("/api/v1/incidents", body, "ana")).status_code == 422


async def test_only_a_drill_lets_things_happen(house: House) -> None:
    body = {"title": "x", "service": "payments", "severity": "SEV1", "injects": NIGHT}
    answer = await house.post("/api/v1/incidents", body, "ana")
    assert (answer.status_code, "only a drill" in answer.text) == (422, True)


def watching(house: House) -> DrillWatch:
    parts = house.parts
    return DrillWatch(parts.records, parts.decisions, house.clock, lambda: naming_of(parts.playbooks.catalog))


async def test_a_real_incident_of_the_same_service_pauses_the_drill_once(house: House) -> None:
    drill = await declared(house, drill=True)
    watch = watching(house)
    assert await watch.look() == 0, "a drill does not stand back for itself"
    real = await declared(house)
    assert [await watch.look(), await watch.look()] == [1, 0]
    [command] = paused(house, drill)
    assert (command.action, command.incident) == ("pause", real)
    assert command.reason.startswith("SEV1 payments down is real, on ")
    assert paused(house, real) == []
    again = watching(house)
    await again.look()  # another starter sends the same command: the run answers it as before
    assert {sent.id for sent in paused(house, drill)} == {command.id}


async def test_the_watch_outlives_whatever_happens_in_a_round(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else no drill would stand back any more, and nobody would know."""
    monkeypatch.setattr("starter.drill_watch.EVERY_S", 0.0)
    watch, rounds, tries = watching(house), asyncio.Event(), list[int]()

    async def look() -> int:
        tries.append(1)
        if len(tries) > 2:
            rounds.set()
            await asyncio.Event().wait()
        raise RuntimeError("a bug")

    monkeypatch.setattr(watch, "look", look)
    running = asyncio.create_task(watch.run())
    async with asyncio.timeout(5):
        await rounds.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_real_incident_that_needs_the_same_people_pauses_it_too(house: House) -> None:
    drill, real = await declared(house, drill=True), await declared(house, "search")
    watch = watching(house)
    assert await watch.look() == 0
    for incident, roles in (
        (drill, [RoleHolder(role="incident_commander", person="ana"), RoleHolder(role="deputy", person="dee")]),
        (real, [RoleHolder(role="incident_commander", offered_to=["person.ana"])]),
    ):
        known = await house.parts.records.incidents.get(incident)
        assert known is not None
        board = Board.model_validate({
            **known.model_dump(include={"id", "workflow_id", "title", "severity", "status", "services", "drill"}),
            "opened_at": known.opened_at, "priority": "P1", "service": known.service, "roles": roles,
        })  # fmt: skip
        await house.parts.records.incidents.save(known.model_copy(update={"board": board}))
    assert await watch.look() == 1
    [command] = paused(house, drill)
    assert command.reason == "SEV1 search down is real, and needs Ana Ruiz"


async def test_people_pause_resume_and_end_it(house: House) -> None:
    drill = await declared(house, drill=True)
    path = f"/api/v1/incidents/{drill}/drill"
    assert (await house.post(path, {"action": "resume", "reason": "go on"}, "ana")).status_code == 200
    [command] = paused(house, drill)
    assert (command.actor, command.action) == ("ana", "resume")
    assert (await house.post(path, {"action": "resume", "reason": "go on"}, None)).status_code == 403
    assert (await house.post(path, {"action": "stop", "reason": "x"}, "ana")).status_code == 422
    assert (await house.post(path, {"action": "end", "reason": ""}, "ana")).status_code == 422


async def test_a_person_lets_something_happen_now(house: House) -> None:
    drill = await declared(house, drill=True)
    path = f"/api/v1/incidents/{drill}/drill"
    alert = {"alert": {"title": "cards", "labels": {"service": "payments"}}}
    assert (await house.post(path, {"action": "inject", "inject": alert}, "ana")).status_code == 200
    [command] = paused(house, drill)
    assert command.inject is not None
    assert (command.inject.what, command.inject.alerts[0].source) == ("alert cards", "drill")
    assert (await house.post(path, {"action": "inject"}, "ana")).status_code == 200
    for body, words in (
        ({"action": "inject", "inject": {"vote": "gate", "by": "sam", "choice": "approve"}}, "what people do"),
        ({"action": "inject", "inject": {"at": "T+1m", "note": "x"}}, "it happens now"),
        ({"action": "pause", "reason": "x", "inject": alert}, "does not go with"),
        ({"action": "pause"}, "say why"),
    ):
        refused = await house.post(path, body, "ana")
        assert (refused.status_code, words in refused.text) == (422, True), refused.text


async def test_the_score_card_is_for_drills_only(house: House) -> None:
    drill, real = await declared(house, drill=True), await declared(house)
    for incident, is_drill in ((drill, True), (real, None)):
        head, entries = GENESIS, house.run(incident).entries
        entries.clear()
        for number, (kind, actor, data) in enumerate(
            (
                ("opened", "ana", {"title": "x", "service": "payments", **({"drill": True} if is_drill else {})}),
                ("paged", "system", {"page": "wake", "purpose": "page", "people": ["lee"], "targets": ["person.lee"]}),
                ("acknowledged", "lee", {"page": "wake", "after_s": 90}),
                ("gate_opened", "system", {"decision": "change"}),
            ),
            1,
        ):
            entry: Entry = append(head, number, START, kind, actor, None, data)
            head = entry.hash
            entries.append(entry)
    found = (await house.get(f"/api/v1/incidents/{drill}/score-card")).json()
    assert [(role["role"], role["acknowledged"]) for role in found["roles"]] == [
        ("responders", {"n": 1, "mean_s": 90, "longest_s": 90})
    ]
    assert found["unanswered"] == ["decision change"]
    refused = await house.get(f"/api/v1/incidents/{real}/score-card")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_a_drill")
