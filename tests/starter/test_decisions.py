"""People over HTTP: declare, decide, and be refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.domain.commands import Answer
from mayday.records.errors import RecordsUnavailable
from tests.starter.conftest import House

DECLARE = {"title": "Checkout returns 5xx", "service": "checkout", "severity": "SEV2"}


async def test_declaring_answers_with_the_item_and_its_address(house: House) -> None:
    answer = await house.post("/api/v1/incidents", DECLARE, "sam")
    assert answer.status_code == 201
    item = answer.json()
    assert set(item) == {"id", "workflow_id", "title", "severity", "status", "services", "opened_at", "drill", "url"}
    assert item["opened_at"] == "2026-03-02T02:10:00.000Z"
    assert answer.headers["location"] == item["url"]
    start = house.run(item["id"]).start
    assert (start.declared_by, start.declare, start.severity) == ("sam", "manual", "SEV2")


async def test_declaring_what_is_open_answers_with_the_open_one(house: House) -> None:
    first = (await house.post("/api/v1/incidents", DECLARE)).json()
    again = await house.post("/api/v1/incidents", {**DECLARE, "service": "payments", "title": "Cards fail"}, "raj")
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert len(house.gateway.runs) == 1
    (note,) = house.run(first["id"]).commands  # what raj saw is told to those who are on it
    assert (note.command.actor, note.command.text) == ("raj", "Declared again, as SEV2 on payments: Cards fail")
    assert (await house.post("/api/v1/incidents", DECLARE, "sam")).status_code == 200
    assert len(house.run(first["id"]).commands) == 1, "a form that was sent twice says nothing new"
    house.gateway.refusals["note"] = ("closed", "it ends")
    assert (await house.post("/api/v1/incidents", {**DECLARE, "title": "Still"}, "raj")).status_code == 200


async def test_a_drill_never_meets_the_real_thing(house: House) -> None:
    drill = (await house.post("/api/v1/incidents", {**DECLARE, "drill": True})).json()
    real = await house.post("/api/v1/incidents", DECLARE)
    assert real.status_code == 201
    assert real.json()["id"] != drill["id"]
    assert (drill["drill"], real.json()["drill"]) == (True, False)


async def test_severity_comes_from_impact_and_urgency(house: House) -> None:
    body = {"title": "Slow", "service": "search", "impact": "medium", "urgency": "high"}
    assert (await house.post("/api/v1/incidents", body)).json()["severity"] == "SEV2"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"severity": None}, "severity, or impact and urgency"),
        ({"severity": "SEV9"}, "severity"),
        ({"severity": 1}, "severity"),
        ({"title": ""}, "title"),
        ({"title": "x" * 500}, "title"),
        ({"customers_affected": -1}, "customers_affected"),
        ({"customers": 5}, "customers"),
        ({"impact": "high"}, "give either severity"),
        ({"runbook": "nope"}, "no runbook nope"),
        ({"inputs": {"nope": 1}}, "inputs.nope"),
    ],
)
async def test_a_declaration_that_is_wrong_says_where(house: House, change: dict[str, Any], field: str) -> None:
    answer = await house.post("/api/v1/incidents", DECLARE | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in answer.json()["detail"]
    assert house.gateway.runs == {}


async def test_inputs_are_those_of_the_runbook(house: House) -> None:
    body = {"title": "Down", "service": "payments", "severity": "SEV1", "inputs": {"region": "us"}}
    answer = await house.post("/api/v1/incidents", body)
    assert house.run(answer.json()["id"]).start.inputs == {"region": "us"}
    body["inputs"] = {"region": "mars"}
    answer = await house.post("/api/v1/incidents", {**body, "service": "search", "runbook": "payments_sev1"})
    assert answer.status_code == 422
    assert "eu, us" in answer.json()["detail"]


COMMANDS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("votes", {"decision": "dr", "choice": "approve", "reason": "ok"}, "vote", {"decision": "dr", "choice": "approve"}),
    ("acks", {"page": "page_it", "joined": True}, "ack", {"page": "page_it", "joined": True}),
    ("accepts", {"role": "deputy"}, "accept", {"target": "deputy"}),
    ("accepts", {"task": "ask_it"}, "accept", {"target": "ask_it"}),
    ("declines", {"role": "deputy", "reason": "ill"}, "decline", {"target": "role:deputy", "reason": "ill"}),
    ("declines", {"page": "wake", "reason": "ill"}, "decline", {"target": "wake", "reason": "ill"}),
    ("completions", {"task": "t", "result": {"ok": True}}, "complete", {"task": "t", "result": {"ok": True}}),
    ("updates", {"audience": "executives", "text": "hello"}, "update", {"audience": "executives"}),
    ("updates/2/correct", {"text": "no"}, "correct", {"n": 2, "text": "no"}),
    ("notes", {"text": "saw it", "occurred_at": "2026-03-02T01:00:00+01:00"}, "note", {"text": "saw it"}),
    ("severity", {"severity": "SEV3", "reason": "less"}, "severity", {"severity": "SEV3"}),
    ("status", {"status": "mitigated", "reason": "fine"}, "status", {"status": "mitigated"}),
    ("roles", {"role": "scribe", "person": "raj"}, "role", {"role": "scribe", "person": "raj"}),
    ("events", {"name": "deploy.rolled_back", "data": {"n": 1}}, "event", {"data": {"n": 1}}),
    ("steps", {"id": "more", "log": "hello"}, "add_step", {"step": {"id": "more", "log": "hello"}}),
    ("candidate", {"accept": True, "reason": "yes"}, "candidate", {"accept": True}),
    ("delegations", {"to": "max"}, "delegate", {"to": "max", "decision": None}),
    ("impact", {"customers_affected": 12}, "impact", {"customers_affected": 12}),
    ("vendor-replies", {"step": "gateway", "kind": "eta", "text": "1h"}, "vendor_reply", {"reply": "eta"}),
    ("hold-outward", {"on": True, "reason": "legal"}, "hold_outward", {"on": True}),
    ("overrides", {"step": "s", "action": "skip", "reason": "no"}, "override", {"step": "s", "action": "skip"}),
]


@pytest.mark.parametrize(("path", "body", "kind", "facts"), COMMANDS, ids=[row[0] for row in COMMANDS])
async def test_every_decision_reaches_the_incident_as_its_person(
    house: House, path: str, body: dict[str, Any], kind: str, facts: dict[str, Any]
) -> None:
    incident = await house.declared()
    house.clock.forward(minutes=3)
    answer = await house.post(f"/api/v1/incidents/{incident}/{path}", body, "sam")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "applied"
    command = house.run(incident).commands[-1].command
    assert command.kind == kind
    assert (command.actor, command.received_at) == ("sam", house.clock.at)
    assert facts.items() <= command.model_dump().items()
    (audited,) = [row for row in await house.parts.records.audit.find(incident_id=incident) if row.action == kind]
    assert (audited.actor, audited.outcome) == ("sam", "ok")


@pytest.mark.parametrize(("path", "body"), [(row[0], row[1]) for row in COMMANDS], ids=[row[0] for row in COMMANDS])
async def test_a_misspelt_field_is_refused(house: House, path: str, body: dict[str, Any]) -> None:
    incident = await house.declared()
    wrong = [body] if path == "steps" else {**body, "actor": "chris"}
    answer = await house.post(f"/api/v1/incidents/{incident}/{path}", wrong)
    assert answer.status_code == 422
    assert house.run(incident).commands == []


async def test_merging_names_the_other_incidents_run(house: House) -> None:
    one, two = await house.declared("payments"), await house.declared("search")
    answer = await house.post(f"/api/v1/incidents/{one}/merge", {"into": two, "reason": "same cause"})
    assert answer.status_code == 200
    command = house.run(one).commands[-1].command
    assert (command.into, command.into_workflow) == (two, house.run(two).start.workflow_id)  # type: ignore[union-attr]
    assert (await house.post(f"/api/v1/incidents/{one}/merge", {"into": one, "reason": "x"})).status_code == 422
    answer = await house.post(
        f"/api/v1/incidents/{one}/merge", {"into": "INC-01HZZZZZZZZZZZZZZZZZZZZZZZ", "reason": "x"}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("status", ["merged", "resolved", "cancelled"])
async def test_what_is_over_takes_nothing_over(house: House, status: str) -> None:
    """Its gates and clocks would be lost, or reach the next incident of the same cause, whose run has the same id."""
    one, two = await house.declared("payments"), await house.declared("search")
    record = await house.parts.records.incidents.get(two)
    assert record is not None
    await house.parts.records.incidents.save(record.model_copy(update={"status": status}))
    answer = await house.post(f"/api/v1/incidents/{one}/merge", {"into": two, "reason": "same cause"})
    assert (answer.status_code, answer.json()["code"]) == (409, "closed")
    assert f"{two} is {status}" in answer.json()["detail"]
    assert house.run(one).commands == []


async def test_a_drill_is_not_merged_into_the_real_thing(house: House) -> None:
    one, two = await house.declared("payments"), await house.declared("search", drill=True)
    for here, there in ((one, two), (two, one)):
        answer = await house.post(f"/api/v1/incidents/{here}/merge", {"into": there, "reason": "same cause"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    ("code", "status"),
    [("not_open", 409), ("closed", 409), ("not_a_voter", 409), ("excluded", 409), ("not_yours", 409), ("unknown", 409),
     ("invalid", 422)],
)  # fmt: skip
async def test_a_refusal_carries_the_workflows_code_and_reason(house: House, code: str, status: int) -> None:
    incident = await house.declared()
    house.gateway.refusals["vote"] = (code, "because of the rule")
    answer = await house.post(f"/api/v1/incidents/{incident}/votes", {"decision": "d", "choice": "approve"}, "sam")
    assert answer.status_code == status
    assert answer.json() == {
        "type": f"urn:mayday:problem:{code}",
        "title": answer.json()["title"],
        "status": status,
        "detail": "because of the rule",
        "code": code,
    }
    (audited, *_) = await house.parts.records.audit.find(incident_id=incident)
    assert (audited.action, audited.outcome) == ("vote", code)


async def test_an_answer_that_no_worker_takes_in_time_is_pending_and_signalled(house: House) -> None:
    incident = await house.declared()
    house.gateway.asleep = True
    answer = await house.post(f"/api/v1/incidents/{incident}/acks", {"page": "p"}, "sam", key="k1")
    assert answer.status_code == 202
    assert answer.json()["state"] == "pending"
    assert "signal_command" in house.gateway.calls
    assert house.run(incident).commands[0].command.id == answer.json()["command"]


async def test_an_ended_incident_is_closed_and_an_unknown_one_unknown(house: House) -> None:
    incident = await house.declared()
    house.gateway.end(house.run(incident).start.workflow_id, house.clock())
    answer = await house.post(f"/api/v1/incidents/{incident}/notes", {"text": "late"})
    assert (answer.status_code, answer.json()["code"]) == (409, "closed")
    for unknown in ("INC-01HZZZZZZZZZZZZZZZZZZZZZZZ", "nonsense", "INC-1"):
        answer = await house.post(f"/api/v1/incidents/{unknown}/notes", {"text": "late"})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_incident")


async def test_what_is_sent_to_an_ended_incident_never_reaches_the_next_one(house: House) -> None:
    ended = await house.declared()
    workflow_id = house.run(ended).start.workflow_id
    house.gateway.end(workflow_id, house.clock(), "cancelled")
    next_one = await house.declared()
    assert house.run(next_one).start.workflow_id == workflow_id
    for _ in range(2):
        body = {"status": "resolved", "reason": "it was nothing"}
        answer = await house.post(f"/api/v1/incidents/{ended}/status", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "closed")
    assert house.run(next_one).commands == []
    assert (await house.post(f"/api/v1/incidents/{next_one}/notes", {"text": "x"})).status_code == 200


async def test_another_starters_reopening_is_noticed(house: House) -> None:
    incident = await house.declared()
    run = house.run(incident)
    run.run_id = "a run that another starter began"
    assert (await house.post(f"/api/v1/incidents/{incident}/notes", {"text": "x"})).status_code == 200


async def test_with_temporal_silent_people_are_asked_to_try_again(house: House) -> None:
    incident = await house.declared()
    house.gateway.silent = True
    answer = await house.post(f"/api/v1/incidents/{incident}/notes", {"text": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_the_owner_declares_and_administers_but_gives_nobodys_word(house: House) -> None:
    answer = await house.post("/api/v1/incidents", DECLARE, None)
    assert answer.status_code == 201
    incident = answer.json()["id"]
    for path, body in (
        ("votes", {"decision": "d", "choice": "approve"}), ("acks", {"page": "p"}), ("accepts", {"role": "deputy"}),
        ("declines", {"role": "deputy", "reason": "ill"}),
        ("delegations", {"to": "max"}),
    ):  # fmt: skip
        answer = await house.post(f"/api/v1/incidents/{incident}/{path}", body, None)
        assert (answer.status_code, answer.json()["code"]) == (403, "needs_a_person")
    answer = await house.post(f"/api/v1/incidents/{incident}/status", {"status": "resolved", "reason": "x"}, None)
    assert answer.status_code == 200
    assert house.run(incident).commands[-1].command.actor == "owner"


async def test_a_viewer_may_only_look(house: House) -> None:
    incident = await house.declared()
    house.tokens["kim"], _ = await house.parts.records.tokens.create("kim", level="viewer")
    assert (await house.get(f"/api/v1/incidents/{incident}", "kim")).status_code == 200
    answer = await house.post(f"/api/v1/incidents/{incident}/notes", {"text": "x"}, "kim")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nope", "Basic abc"])
async def test_without_a_token_nothing_is_shown(house: House, header: str | None) -> None:
    answer = await house.http.get("/api/v1/incidents", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"


async def test_a_revoked_token_and_one_of_somebody_who_left_do_not_open_the_door(house: House) -> None:
    secret, token = await house.parts.records.tokens.create("sam")
    gone, _ = await house.parts.records.tokens.create("nobody_any_more")
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await house.http.get("/api/v1/me", headers=headers)).json()["person"] == "sam"
    await house.parts.records.tokens.revoke(token.id)
    assert (await house.http.get("/api/v1/me", headers=headers)).status_code == 401
    answer = await house.http.get("/api/v1/me", headers={"Authorization": f"Bearer {gone}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_catalog")


async def test_people_can_act_while_the_store_is_down(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await house.declared()
    await house.get("/api/v1/me", "sam")

    def down(*_: object, **__: object) -> Any:
        raise RecordsUnavailable("no disk")

    monkeypatch.setattr(type(house.parts.records.store), "read", down)
    monkeypatch.setattr(type(house.parts.records.store), "write", down)
    answer = await house.post(f"/api/v1/incidents/{incident}/acks", {"page": "p"}, "sam", key="k")
    assert answer.status_code == 200, answer.text
    house.clock.forward(minutes=20)
    answer = await house.post(f"/api/v1/incidents/{incident}/acks", {"page": "p"}, "sam")
    assert (answer.status_code, answer.json()["code"]) == (503, "records_unavailable")


async def test_the_same_key_is_answered_twice_and_done_once(house: House) -> None:
    incident = await house.declared()
    path, body = f"/api/v1/incidents/{incident}/notes", {"text": "once"}
    first, again = await house.post(path, body, key="n1"), await house.post(path, body, key="n1")
    assert first.json() == again.json()
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert len(house.run(incident).commands) == 1
    other = await house.post(path, {"text": "other"}, key="n1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await house.post(path, body, "sam", key="n1")).status_code == 200
    assert len(house.run(incident).commands) == 2


async def test_a_declaration_sent_twice_with_a_key_is_created_twice_in_words_and_once_in_fact(house: House) -> None:
    first = await house.post("/api/v1/incidents", DECLARE, key="d1")
    again = await house.post("/api/v1/incidents", DECLARE, key="d1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_a_refusal_is_replayed_and_a_failure_may_be_tried_again(house: House) -> None:
    incident = await house.declared()
    path, body = f"/api/v1/incidents/{incident}/notes", {"text": "x"}
    house.gateway.silent = True
    assert (await house.post(path, body, key="a")).status_code == 503
    house.gateway.silent = False
    assert (await house.post(path, body, key="a")).status_code == 200
    house.gateway.refusals["note"] = ("closed", "over")
    assert (await house.post(path, body, key="b")).status_code == 409
    del house.gateway.refusals["note"]
    again = await house.post(path, body, key="b")
    assert (again.status_code, again.json()["code"]) == (409, "closed")
    assert again.headers["content-type"] == "application/problem+json"
    assert (await house.post(path, body, key="")).status_code == 400


async def test_a_person_reopens_what_they_led(house: House) -> None:
    incident = await house.declared()
    run = house.run(incident)
    house.gateway.end(run.start.workflow_id, house.clock(), "resolved")
    house.gateway.left_behind = {"roles": {"incident_commander": {"role": "incident_commander", "person": "ana"}}}
    refused = await house.post(f"/api/v1/incidents/{incident}/reopen", {"reason": "back"}, "raj")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_yours")
    house.gateway.review = Answer(detail={"head": "c" * 64, "next_seq": 20})
    answer = await house.post(f"/api/v1/incidents/{incident}/reopen", {"reason": "it is back"}, "ana")
    assert answer.status_code == 200, answer.text
    assert answer.json()["entry"] == 20
    again = house.run(incident).start
    assert (again.reopened_by, again.reopen_reason) == ("ana", "it is back")
    assert (again.state or {})["head"] == "c" * 64


async def test_who_merges_or_reopens_need_not_say_why(house: House) -> None:
    one, two = await house.declared("payments"), await house.declared("search")
    assert (await house.post(f"/api/v1/incidents/{one}/merge", {"into": two})).status_code == 200
    assert house.run(one).commands[-1].command.reason == "no reason given"  # type: ignore[union-attr]
    house.gateway.end(house.run(two).start.workflow_id, house.clock(), "resolved")
    house.gateway.left_behind = {"roles": {"incident_commander": {"role": "incident_commander", "person": "ana"}}}
    house.gateway.review = Answer(detail={"head": "c" * 64, "next_seq": 20})
    assert (await house.post(f"/api/v1/incidents/{two}/reopen", {}, "ana")).status_code == 200
    assert house.run(two).start.reopen_reason == "no reason given"


@pytest.mark.parametrize(("status", "hours"), [("cancelled", 1), ("merged", 1), ("resolved", 25)])
async def test_what_ended_otherwise_or_long_ago_stays_ended(house: House, status: str, hours: int) -> None:
    incident = await house.declared()
    house.gateway.end(house.run(incident).start.workflow_id, house.clock(), status)
    house.clock.forward(hours=hours)
    answer = await house.post(f"/api/v1/incidents/{incident}/reopen", {"reason": "x"}, None)
    assert (answer.status_code, answer.json()["code"]) == (409, "closed")


async def test_a_body_that_is_not_said_to_be_json_is_told_what_to_say(house: House) -> None:
    """What curl sends with -d alone."""
    headers = {
        "Authorization": f"Bearer {await house.token('sam')}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = await house.http.post("/api/v1/incidents", content=b'{"title": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.json()["hint"] == "Content-Type: application/json"


@pytest.mark.parametrize(
    ("path", "body", "hint"),
    [
        ("votes", {"decision": "ratify:dr", "choice": "approve", "reason": "ok"}, "findings"),
        ("completions", {"task": "confirm:dr:raj", "result": {"confirmed": True}}, "findings"),
        ("votes", {"decision": "dr", "choice": "approve", "reason": "ok"}, "reopened"),
    ],
)
async def test_what_comes_after_the_end_is_told_where_to_go(
    house: House, path: str, body: dict[str, Any], hint: str
) -> None:
    incident = await house.declared()
    house.gateway.end(house.run(incident).start.workflow_id, house.clock())
    answer = await house.post(f"/api/v1/incidents/{incident}/{path}", body, "raj")
    assert (answer.status_code, answer.json()["code"]) == (409, "closed")
    assert hint in answer.json()["hint"]
