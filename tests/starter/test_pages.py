"""What the API shows: lists, boards, timelines, the desk, on call, tokens, health."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mayday.domain.incident import Board, Pending
from mayday.domain.timeline import GENESIS, Entry, append
from mayday.records.desk.pages import Pages
from tests.starter.conftest import House
from tests.starter.doubles import START


def entries(count: int, head: str = GENESIS, seq: int = 1) -> list[Entry]:
    found: list[Entry] = []
    for number in range(seq, seq + count):
        at = START + timedelta(seconds=number)
        found.append(append(head, number, at, "note", "ana", None, {"text": f"note {number}"}))
        head = found[-1].hash
    return found


def board(house: House, incident: str, **facts: Any) -> Board:
    start = house.run(incident).start
    return Board(
        id=incident,
        workflow_id=start.workflow_id,
        title=start.title,
        severity=start.severity,
        priority="P1",
        status="identified",
        service=start.service,
        services=start.services,
        drill=False,
        opened_at=start.opened_at,
        **facts,
    )


async def test_incidents_are_listed_newest_first_page_by_page(house: House) -> None:
    made = []
    for service in ("payments", "search", "mainframe"):
        made.append(await house.declared(service, "SEV3"))
        house.clock.forward(seconds=1)
    first = (await house.get("/api/v1/incidents?limit=2")).json()
    assert [item["id"] for item in first["items"]] == made[:0:-1]
    second = (await house.get("/api/v1/incidents", params={"limit": 2, "cursor": first["next"]})).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == (made[:1], None)
    assert set(second["items"][0]) >= {
        "id", "workflow_id", "title", "severity", "status", "services", "opened_at", "drill"
    }  # fmt: skip
    only = (await house.get("/api/v1/incidents", params={"service": "search", "status": "open"})).json()
    assert [item["id"] for item in only["items"]] == [made[1]]
    assert (await house.get("/api/v1/incidents?severity=SEV1")).json()["items"] == []


@pytest.mark.parametrize("query", ["status=nope", "severity=SEV9", "limit=0", "cursor=!!!", "limit=many"])
async def test_a_wrong_query_says_what_is_wrong(house: House, query: str) -> None:
    answer = await house.get(f"/api/v1/incidents?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].split(".")[0] == query.split("=")[0]


async def test_an_incident_is_shown_as_its_run_says(house: House) -> None:
    incident = await house.declared()
    due = START + timedelta(minutes=5)
    waits = Pending(id="dr", kind="decision", for_=["chris"], due_at=due, then="lapsed")
    house.run(incident).board = board(house, incident, pending=[waits], phase="restore")
    shown = (await house.get(f"/api/v1/incidents/{incident}")).json()
    assert (shown["live"], shown["status"], shown["phase"]) == (True, "identified", "restore")
    (pending,) = shown["pending"]
    assert {
        "id": "dr",
        "kind": "decision",
        "for": ["chris"],
        "due_at": "2026-03-02T02:15:00.000Z",
        "then": "lapsed",
    }.items() <= pending.items()
    assert shown["opened_at"] == "2026-03-02T02:10:00.000Z"
    house.gateway.silent = True
    stored = (await house.get(f"/api/v1/incidents/{incident}")).json()
    assert (stored["live"], stored["status"], stored["pending"]) == (False, "investigating", [])


async def test_an_approver_of_two_incidents_sees_one_queue(house: House) -> None:
    """STORIES 4: Sam, an approver of both, sees one queue, the soonest first."""
    first, second = await house.declared("payments"), await house.declared("identity")
    after_an_alert = START + timedelta(minutes=9, microseconds=351_916)
    later = Pending(id="dr", kind="decision", for_=["sam", "chris"], due_at=after_an_alert)
    sooner = Pending(id="change", kind="decision", for_=["sam"], due_at=START + timedelta(minutes=4))
    tick = Pending(id="cadence:executive_update", kind="cadence", for_=["sam"], due_at=START)
    house.run(first).board = board(house, first, pending=[later, tick])
    house.run(second).board = board(house, second, pending=[sooner])
    found = (await house.get("/api/v1/queue", "sam")).json()["items"]
    assert [(item["incident"], item["id"]) for item in found] == [(second, "change"), (first, "dr")]
    assert [item["due_at"][-8:] for item in found] == [":00.000Z", ":00.351Z"], "milliseconds, as everywhere"
    assert [item["id"] for item in (await house.get("/api/v1/queue?person=chris", "ana")).json()["items"]] == ["dr"]
    assert (await house.get("/api/v1/queue", "raj")).json() == {"items": [], "next": None}


async def test_a_change_of_status_is_in_the_list_at_once(house: House) -> None:
    incident = await house.declared()
    house.run(incident).board = board(house, incident)
    body = {"status": "identified", "reason": "found it"}
    assert (await house.post(f"/api/v1/incidents/{incident}/status", body)).status_code == 200
    (item,) = (await house.get("/api/v1/incidents?status=identified")).json()["items"]
    assert item["id"] == incident


async def test_the_short_form_that_people_say_aloud_is_understood(house: House) -> None:
    incident = await house.declared()
    for spoken in (incident[-6:], f"INC-{incident[-6:]}", incident.lower()):
        assert (await house.get(f"/api/v1/incidents/{spoken}")).json()["id"] == incident


async def test_the_timeline_is_the_store_with_the_runs_own_entries_behind(house: House) -> None:
    incident = await house.declared()
    all_of_it = entries(5)
    await house.parts.records.timeline.append(incident, all_of_it[:3])
    house.run(incident).entries = all_of_it[2:]
    found = (await house.get(f"/api/v1/incidents/{incident}/timeline")).json()
    assert [entry["seq"] for entry in found["items"]] == [1, 2, 3, 4, 5]
    assert set(found["items"][0]) == {"seq", "at", "kind", "actor", "step", "text", "data", "prev_hash", "hash"}
    assert found["items"][0]["text"]
    page = (await house.get(f"/api/v1/incidents/{incident}/timeline?limit=2&after=1")).json()
    assert ([entry["seq"] for entry in page["items"]], page["next"]) == ([2, 3], "3")


async def test_an_unknown_incident_is_not_found(house: House) -> None:
    for path in ("", "/timeline"):
        answer = await house.get(f"/api/v1/incidents/INC-01HZZZZZZZZZZZZZZZZZZZZZZZ{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_incident")


async def ring(house: House, incident: str, person: str, page: str) -> int:
    pages: Pages = house.parts.records.desk.pages
    values = {
        "effect_key": f"{incident}/{page}/{person}", "incident_id": incident, "page": page, "purpose": "page",
        "person": person, "target": f"person.{person}", "channel": "push", "text": "wake up", "urgent": True,
        "drill": False,
    }  # fmt: skip
    async with house.parts.records.store.write() as connection:
        return await pages.ring_in(connection, values)


async def test_whoever_is_rung_sees_it_and_answers_by_number(house: House) -> None:
    incident = await house.declared()
    number = await ring(house, incident, "raj", "page_payments")
    other = await ring(house, incident, "lee", "page_payments")
    mine = (await house.get("/api/v1/desk/pages", "raj")).json()["items"]
    assert [(page["id"], page["page"], page["text"]) for page in mine] == [(number, "page_payments", "wake up")]
    assert len((await house.get("/api/v1/desk/pages?person=all", "raj")).json()["items"]) == 2
    answer = await house.post(f"/api/v1/desk/pages/{number}/ack", {}, "raj")
    assert answer.status_code == 200, answer.text
    command = house.run(incident).commands[-1].command
    assert (command.kind, command.actor, command.page) == ("ack", "raj", "page_payments")  # type: ignore[union-attr]
    assert (await house.get("/api/v1/desk/pages?person=all", "raj")).json()["items"] == []
    states = (await house.get("/api/v1/desk/pages?person=all&state=all", "raj")).json()["items"]
    assert {page["id"]: page["state"] for page in states} == {number: "acknowledged", other: "closed"}


async def test_a_page_is_declined_by_its_number(house: House) -> None:
    incident = await house.declared()
    number = await ring(house, incident, "dee", "role:deputy")
    for body in ({}, {"reason": ""}):
        assert (await house.post(f"/api/v1/desk/pages/{number}/decline", body, "dee")).status_code == 422
    assert (await house.post(f"/api/v1/desk/pages/{number}/decline", {"reason": "ill"}, "dee")).status_code == 200
    command = house.run(incident).commands[-1].command
    assert (command.kind, command.target, command.reason) == ("decline", "role:deputy", "ill")  # type: ignore[union-attr]
    assert (await house.post("/api/v1/desk/pages/999/decline", {"reason": "ill"}, "dee")).status_code == 404
    assert (await house.post(f"/api/v1/desk/pages/{number}/decline", {"reason": "ill"}, None)).status_code == 403


async def test_an_offered_role_is_accepted_by_answering_its_page(house: House) -> None:
    incident = await house.declared()
    number = await ring(house, incident, "dee", "role:deputy")
    assert (await house.post(f"/api/v1/desk/pages/{number}/ack", {}, "dee")).status_code == 200
    command = house.run(incident).commands[-1].command
    assert (command.kind, command.target) == ("accept", "deputy")  # type: ignore[union-attr]
    assert (await house.post("/api/v1/desk/pages/999/ack", {}, "dee")).status_code == 404
    assert (await house.post(f"/api/v1/desk/pages/{number}/ack", {}, None)).status_code == 403


@pytest.mark.parametrize(
    "path", ["messages", "channels", "tickets", "work-orders", "bridges", "vendor-cases", "mails", "invites", "status"]
)
async def test_the_desks_registers_can_be_read(house: House, path: str) -> None:
    incident = await house.declared()
    answer = await house.get(f"/api/v1/desk/{path}", params={"incident": incident})
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})
    assert (await house.get(f"/api/v1/desk/{path}?incident=INC-ZZZZZZ")).status_code == 404


async def test_on_call_counts_overrides_in(house: House) -> None:
    (before,) = (await house.get("/api/v1/oncall?schedule=payments_primary")).json()["items"]
    assert before["person"] == "raj"
    body = {
        "schedule": "schedule.payments_primary", "person": "lee", "from_at": "2026-03-02T02:00:00Z",
        "to_at": "2026-03-02T10:00:00Z", "reason": "raj is ill",
    }  # fmt: skip
    refused = await house.post("/api/v1/oncall/overrides", body, "sam")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    made = await house.post("/api/v1/oncall/overrides", body, "lee")
    assert made.status_code == 201, made.text
    (after,) = (await house.get("/api/v1/oncall?schedule=payments_primary")).json()["items"]
    assert (after["person"], after["source"], after["until"]) == ("lee", "override", "2026-03-02T10:00:00.000Z")
    assert len((await house.get("/api/v1/oncall/overrides")).json()["items"]) == 1
    token = await house.token("lee")
    gone = await house.http.delete(
        f"/api/v1/oncall/overrides/{made.json()['id']}", headers={"Authorization": f"Bearer {token}"}
    )
    assert gone.status_code == 204
    (again,) = (await house.get("/api/v1/oncall?schedule=payments_primary")).json()["items"]
    assert again["person"] == "raj"
    assert (await house.get("/api/v1/oncall/gaps?days=7")).json()["items"] == []
    assert (await house.get("/api/v1/oncall?schedule=nope")).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [({"to_at": "2026-03-01T00:00:00Z"}, "to_at"), ({"schedule": "nope"}, "schedule"), ({"person": "nobody"}, "person"),
     ({"from_at": "yesterday"}, "from_at"), ({"from_at": "2026-03-02T02:00:00"}, "from_at")],
)  # fmt: skip
async def test_an_override_that_cannot_be_is_refused(house: House, change: dict[str, Any], field: str) -> None:
    body = {
        "schedule": "payments_primary", "person": "raj", "from_at": "2026-03-02T02:00:00Z",
        "to_at": "2026-03-02T10:00:00Z",
    } | change  # fmt: skip
    answer = await house.post("/api/v1/oncall/overrides", body, None)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(field)


async def test_tokens_are_made_by_administrators_and_shown_once(house: House) -> None:
    made = await house.post("/api/v1/tokens", {"person": "sam", "days": 1}, None)
    assert made.status_code == 201
    assert {"token", "person", "expires_at"} <= set(made.json())
    assert (made.json()["person"], made.json()["level"]) == ("sam", "approver")
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    assert (await house.http.get("/api/v1/me", headers=headers)).json() == {
        "person": "sam", "machine": None, "name": house.parts.playbooks.catalog.people["sam"].name,
        "level": "approver", "scopes": [],
    }  # fmt: skip
    listed = (await house.get("/api/v1/tokens", None)).json()["items"]
    assert "token" not in listed[0]
    assert (await house.post("/api/v1/tokens", {"person": "sam"}, "ana")).status_code == 403
    assert (await house.post("/api/v1/tokens", {"person": "nobody"}, None)).status_code == 422
    assert (await house.post("/api/v1/tokens", {"person": "sam", "level": "administrator"}, None)).status_code == 422
    assert (await house.post(f"/api/v1/tokens/{made.json()['id']}/revoke", {}, None)).status_code == 200
    assert (await house.http.get("/api/v1/me", headers=headers)).status_code == 401


async def test_health_says_who_does_not_answer(house: House) -> None:
    assert (await house.http.get("/healthz")).json() == {"status": "ok"}
    ready = await house.http.get("/readyz")
    assert (ready.status_code, ready.json()["temporal"], ready.json()["records"]) == (200, "ok", "ok")
    house.gateway.silent = True
    ready = await house.http.get("/readyz")
    assert (ready.status_code, ready.json()["temporal"]) == (200, "silent")  # alerts are still taken in
    house.parts.draining = True
    assert (await house.http.get("/readyz")).status_code == 503


async def test_metrics_name_routes_and_never_ids(house: House) -> None:
    incident = await house.declared()
    await house.get(f"/api/v1/incidents/{incident}")
    text = (await house.http.get("/metrics")).text
    assert 'route="/api/v1/incidents/{incident}"' in text
    assert incident not in text


async def test_the_document_of_the_api_names_every_path_of_the_design(house: House) -> None:
    paths = (await house.http.get("/openapi.json")).json()["paths"]
    wanted = [
        "timeline", "votes", "acks", "accepts", "declines", "completions", "updates", "updates/{n}/correct", "notes",
        "severity", "roles", "status", "impact", "events", "steps", "candidate", "merge", "reopen", "delegations",
        "vendor-replies", "hold-outward", "overrides",
    ]  # fmt: skip
    assert {f"/api/v1/incidents/{{incident}}/{name}" for name in wanted} <= set(paths)
    assert {"/webhooks/{source}", "/api/v1/incidents", "/healthz", "/readyz", "/metrics"} <= set(paths)


async def test_what_does_not_exist_is_a_problem_too(house: House) -> None:
    answer = await house.http.get("/api/v1/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    answer = await house.http.delete("/healthz")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    token = await house.token("ana")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = await house.http.post("/api/v1/incidents", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
