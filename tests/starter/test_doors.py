"""What tokens are for, who is turned away, and what stays of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.starter.conftest import House


async def made(house: House, name: str, **body: Any) -> str:
    answer = await house.post("/api/v1/tokens", body, person=None)
    assert answer.status_code == 201, answer.text
    house.tokens[name] = answer.json()["token"]
    return str(answer.json()["id"])


DECLARED = {"title": "x", "service": "payments", "severity": "SEV1"}


@pytest.mark.parametrize(
    ("scopes", "looks", "declares", "notes", "status"),
    [
        (["read"], 200, 403, 403, 403),
        (["declare"], 403, 201, 403, 403),
        (["notes"], 403, 403, 200, 403),
        (["read", "act"], 200, 201, 200, 200),
        ([], 200, 201, 200, 200),
    ],
)
async def test_a_token_is_good_for_its_scopes(
    house: House, scopes: list[str], looks: int, declares: int, notes: int, status: int
) -> None:
    await made(house, "limited", person="ana", scopes=scopes)
    incident = await house.declared("search")
    assert (await house.get("/api/v1/incidents", "limited")).status_code == looks
    assert (await house.post("/api/v1/incidents", DECLARED, "limited")).status_code == declares
    path = f"/api/v1/incidents/{incident}"
    assert (await house.post(f"{path}/notes", {"text": "n"}, "limited")).status_code == notes
    changed = await house.post(f"{path}/status", {"status": "identified", "reason": "r"}, "limited")
    assert changed.status_code == status
    assert (await house.get("/api/v1/me", "limited")).json()["scopes"] == sorted(scopes)
    assert (await house.get("/api/v1/tokens", "limited")).status_code == (403 if scopes else 200)


async def test_a_machine_acts_under_its_own_name_and_never_decides(house: House) -> None:
    await made(house, "ci", machine="ci-pipeline", scopes=["read", "act"])
    assert (await house.get("/api/v1/me", "ci")).json()["machine"] == "ci-pipeline"
    opened = await house.post("/api/v1/incidents", DECLARED, "ci")
    incident = opened.json()["id"]
    assert house.run(incident).start.declared_by == "machine:ci-pipeline"
    path = f"/api/v1/incidents/{incident}"
    assert (await house.post(f"{path}/notes", {"text": "deployed"}, "ci")).status_code == 200
    assert house.run(incident).commands[-1].command.actor == "machine:ci-pipeline"
    for word, body in (
        ("votes", {"decision": "d", "choice": "approve"}),
        ("acks", {"page": "p"}),
        ("accepts", {"task": "t"}),
    ):
        refused = await house.post(f"{path}/{word}", body, "ci")
        assert (refused.status_code, refused.json()["code"]) == (403, "needs_a_person")
    assert (await house.get("/api/v1/tokens", "ci")).json()["code"] == "out_of_scope"
    assert (await house.http.post("/login", data={"code": house.tokens["ci"]})).status_code == 401
    shift = {"schedule": "payments_primary", "person": "ana", "from_at": "2026-03-02T00:00:00Z",
             "to_at": "2026-03-03T00:00:00Z"}  # fmt: skip
    assert (await house.post("/api/v1/oncall/overrides", shift, "ci")).status_code == 403


@pytest.mark.parametrize(
    "body",
    [{}, {"person": "ana", "machine": "ci", "scopes": ["read"]}, {"machine": "ci"},
     {"machine": "Bad Name", "scopes": ["read"]},
     {"machine": "ci", "scopes": ["administer"]}, {"machine": "ci", "scopes": ["vote"]},
     {"machine": "ci", "scopes": ["read"], "level": "administrator"}],
)  # fmt: skip
async def test_a_token_that_makes_no_sense_is_not_made(house: House, body: dict[str, Any]) -> None:
    assert (await house.post("/api/v1/tokens", body, person=None)).status_code == 422


async def test_a_revoked_token_is_nobody_at_once(house: House) -> None:
    token = await made(house, "ci", machine="ci", scopes=["read"])
    assert (await house.get("/api/v1/incidents", "ci")).status_code == 200
    await house.post(f"/api/v1/tokens/{token}/revoke", {}, person=None)
    assert (await house.get("/api/v1/incidents", "ci")).status_code == 401


async def test_who_was_turned_away_is_in_the_audit(house: House) -> None:
    incident = await house.declared()
    await house.post(f"/api/v1/incidents/{incident}/votes", {"decision": "d", "choice": "approve"}, person=None)
    await house.post(f"/api/v1/incidents/{incident}/votes", {"decision": "d", "choice": "approve"}, None, key="k1")
    await house.get("/api/v1/tokens", "kim")
    await house.http.get("/api/v1/incidents")
    await house.http.post("/webhooks/alertmanager", json={}, headers={"Authorization": "Bearer wrong"})
    rows = [
        (row.actor, row.action, row.outcome) for row in await house.parts.records.audit.find() if row.channel == "door"
    ]
    assert rows == [
        ("unknown", "POST /webhooks/{source}", "unauthenticated"),
        ("unknown", "GET /api/v1/incidents", "unauthenticated"),
        ("kim", "GET /api/v1/tokens", "forbidden"),
        ("owner", "POST /api/v1/incidents/{incident}/votes", "needs_a_person"),
        ("owner", "POST /api/v1/incidents/{incident}/votes", "needs_a_person"),
    ]


async def test_knocking_again_and_again_does_not_fill_the_audit(house: House) -> None:
    for _ in range(40):
        await house.http.get("/api/v1/incidents")
    assert len(await house.parts.records.audit.find()) == 30
    house.clock.forward(minutes=1)
    await house.http.get("/api/v1/incidents")
    assert len(await house.parts.records.audit.find()) == 31


async def test_an_override_is_taken_back_by_whom_it_concerns(house: House) -> None:
    shift = {"schedule": "payments_primary", "person": "kim", "from_at": "2026-03-02T00:00:00Z",
             "to_at": "2026-03-03T00:00:00Z"}  # fmt: skip
    override = (await house.post("/api/v1/oncall/overrides", shift, "kim")).json()["id"]
    path = f"/api/v1/oncall/overrides/{override}"

    async def takes_back(person: str) -> int:
        return (
            await house.http.delete(path, headers={"Authorization": f"Bearer {await house.token(person)}"})
        ).status_code

    assert await takes_back("lee") == 403
    assert await takes_back("kim") == 204
    assert await takes_back("kim") == 404


async def test_a_signing_key_is_retired_when_nobody_needs_it(house: House) -> None:
    incident = await house.declared()
    (first,) = (await house.get("/api/v1/access/signing-keys", None)).json()["items"]
    path = f"/api/v1/access/signing-keys/{first['id']}/retire"
    assert (await house.post(path, {}, None)).json()["code"] == "key_in_use"
    house.clock.forward(hours=1)
    added = await house.post("/api/v1/access/signing-keys", {}, None)
    assert added.status_code == 201
    refused = await house.post(path, {}, None)
    assert (refused.status_code, incident in refused.json()["detail"]) == (409, True)
    house.clock.forward(minutes=2)
    later = await house.declared("search")
    assert len(house.run(later).start.decision_keys) == 2
    record = await house.parts.records.incidents.get(incident)
    assert record is not None
    await house.parts.records.incidents.save(
        record.model_copy(update={"ended_at": house.clock(), "status": "resolved"})
    )
    assert (await house.post(path, {}, None)).status_code == 200
    assert [key["id"] for key in (await house.get("/api/v1/access/signing-keys", None)).json()["items"]] == [
        added.json()["id"]
    ]
    assert (await house.post(path, {}, None)).status_code == 404
