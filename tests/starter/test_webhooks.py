"""The webhook's door: who gets in, what is refused and how, and what the answer looks like."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from mayday.records.errors import RecordsUnavailable
from tests.starter.conftest import WEBHOOK_TOKEN, House

BODY = {
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "PaymentsDown", "service": "payments", "severity": "critical"},
            "startsAt": "2026-03-02T02:09:00Z",
        }
    ]
}
BEARER = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}


async def test_a_firing_alert_opens_an_incident(house: House) -> None:
    answer = await house.http.post("/webhooks/alertmanager", json=BODY, headers=BEARER)
    assert answer.status_code == 202
    (line,) = answer.json()["incidents"]
    assert line["action"] == "opened"
    assert line["id"].startswith("INC-")
    assert line["workflow_id"].startswith("incident/")
    start = house.run(line["id"]).start
    assert (start.service, start.severity, start.declare) == ("payments", "SEV1", "auto")
    assert start.plan["runbook"]["metadata"]["name"] == "payments_sev1"
    assert start.base_url == house.parts.settings.base_url
    assert start.plan["schedules"]["major_incident_manager"]["on_call"]
    shown = await house.get(f"/api/v1/incidents/{line['id']}")
    assert shown.json()["services"] == ["payments"]


@pytest.mark.parametrize(
    "credentials",
    [
        {"headers": BEARER},
        {"headers": {"Authorization": "Basic " + base64.b64encode(f"any:{WEBHOOK_TOKEN}".encode()).decode()}},
        {"params": {"token": WEBHOOK_TOKEN}},
    ],
)
async def test_the_token_may_come_in_three_ways(house: House, credentials: dict[str, Any]) -> None:
    assert (await house.http.post("/webhooks/alertmanager", json=BODY, **credentials)).status_code == 202


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"headers": {"Authorization": "Bearer wrong"}},
        {"headers": {"Authorization": f"Bearer {WEBHOOK_TOKEN}x"}},
        {"headers": {"Authorization": "Basic !!!"}},
        {"headers": {"Authorization": "Basic " + base64.b64encode(WEBHOOK_TOKEN.encode()).decode()}},
        {"params": {"token": ""}},
        {"params": {"token": "ünïcode"}},
    ],
)
async def test_without_the_token_nobody_gets_in(house: House, credentials: dict[str, Any]) -> None:
    answer = await house.http.post("/webhooks/alertmanager", json=BODY, **credentials)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Bearer" in answer.headers["www-authenticate"]
    assert answer.json()["code"] == "unauthenticated"
    assert WEBHOOK_TOKEN not in answer.text
    assert house.gateway.runs == {}


async def test_a_source_that_is_not_set_up_is_shut(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(house.parts.settings), "webhook_token", lambda self, source: None)
    answer = await house.http.post("/webhooks/alertmanager?token=", json=BODY)
    assert answer.status_code == 401
    assert answer.json()["hint"] == "set MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN"


async def test_an_unknown_source_is_not_found(house: House) -> None:
    answer = await house.http.post("/webhooks/pigeons", json=BODY, headers=BEARER)
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_source"
    assert "alertmanager" in answer.json()["detail"]


async def test_a_broken_body_is_refused_with_field_and_reason_and_nothing_is_kept(house: House) -> None:
    answer = await house.http.post("/webhooks/alertmanager", content=b"{not json", headers=BEARER)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("not JSON")
    answer = await house.http.post("/webhooks/alertmanager", json={"alerts": [{"labels": 5}]}, headers=BEARER)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "alerts[0].labels", "reason": "expected an object, got a number"}]
    assert await house.parts.records.inbox.count() == {}


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_refused_while_it_is_read(house: House, chunked: bool) -> None:
    read = 0

    async def chunks() -> Any:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b"x" * 8192

    content: Any = chunks() if chunked else b"x" * (5 * 1024 * 1024)
    answer = await house.http.post("/webhooks/alertmanager", content=content, headers=BEARER)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"
    assert read < 1000


async def test_while_temporal_is_silent_the_answer_says_queued(house: House) -> None:
    house.gateway.silent = True
    answer = await house.http.post("/webhooks/alertmanager", json=BODY, headers=BEARER)
    assert answer.status_code == 202
    (line,) = answer.json()["incidents"]
    assert (line["id"], line["action"]) == (None, "queued")
    assert line["workflow_id"]


async def test_with_everything_down_the_sender_is_asked_to_try_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise RecordsUnavailable("no disk")

    monkeypatch.setattr(house.parts.records.inbox, "commit", down)
    house.gateway.silent = True
    answer = await house.http.post("/webhooks/alertmanager", json=BODY, headers=BEARER)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"


async def test_a_group_over_three_services_of_one_cause_is_one_line(house: House) -> None:
    alerts = [
        {**BODY["alerts"][0], "labels": {"alertname": "Down", "service": service, "severity": "critical"}}
        for service in ("checkout", "payments", "gateway")
    ]
    answer = await house.http.post("/webhooks/alertmanager", json={"alerts": alerts}, headers=BEARER)
    assert [line["action"] for line in answer.json()["incidents"]] == ["opened"]
    (run,) = house.gateway.runs.values()
    assert len(run.start.events) == 3


async def test_an_alert_that_matches_no_route_is_proposed_and_pages_somebody(house: House) -> None:
    alerts = [{"status": "firing", "labels": {"alertname": "Odd"}, "startsAt": "2026-03-02T02:09:00Z"}]
    answer = await house.http.post("/webhooks/alertmanager", json={"alerts": alerts}, headers=BEARER)
    start = house.run(answer.json()["incidents"][0]["id"]).start
    assert start.declare == "propose"
    assert start.page
    assert start.accept_within
