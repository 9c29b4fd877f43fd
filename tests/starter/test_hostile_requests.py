"""Those who knock too often, walk around in paths, or put lines into headers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from starter.app import create_app
from starter.knocking import Knocking
from tests.starter.conftest import WEBHOOK_TOKEN, House
from tests.starter.test_login import Browser, link_for

GOOD = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
ALERT: dict[str, Any] = {
    "version": "4", "groupKey": "g", "status": "firing", "receiver": "r", "groupLabels": {}, "commonLabels": {},
    "commonAnnotations": {}, "externalURL": "http://am",
    "alerts": [{"status": "firing", "labels": {"alertname": "Down", "service": "payments"}, "annotations": {},
                "startsAt": "2026-03-02T02:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "f"}],
}  # fmt: skip


async def test_who_shows_wrong_credentials_waits_and_who_shows_right_ones_does_not(house: House) -> None:
    for _ in range(60):
        assert (await house.http.post("/webhooks/alertmanager", json=ALERT)).status_code == 401
    told = await house.http.post("/webhooks/alertmanager", json=ALERT)
    assert (told.status_code, told.headers["retry-after"], told.json()["code"]) == (429, "60", "too_many")
    assert (await house.http.get("/api/v1/incidents")).status_code == 429
    assert (await house.http.post("/webhooks/alertmanager", json=ALERT, headers=GOOD)).status_code == 202
    assert (await house.get("/api/v1/incidents")).status_code == 200
    house.clock.forward(minutes=2)
    assert (await house.http.post("/webhooks/alertmanager", json=ALERT)).status_code == 401


async def test_a_webhook_that_comes_while_too_many_are_kept_is_asked_to_come_again(house: House) -> None:
    app = Knocking(create_app(house.parts), clock=house.clock, at_once=1)
    house.gateway.gate = asyncio.Event()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mayday") as http:
        first = asyncio.create_task(http.post("/webhooks/alertmanager", json=ALERT, headers=GOOD))
        while not house.gateway.calls:
            await asyncio.sleep(0)
        busy = await http.post("/webhooks/alertmanager", json=ALERT, headers=GOOD)
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "2")
        assert (await http.get("/healthz")).status_code == 200
        house.gateway.gate.set()
        assert (await first).status_code == 202
        assert (await http.post("/webhooks/alertmanager", json=ALERT, headers=GOOD)).status_code == 202


WALKS = ["../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/pyproject.toml", "....//....//etc/passwd",
         "..\\..\\settings.py", "%00", "/etc/passwd", "file:///etc/passwd"]  # fmt: skip


BELOW = ["/api/v1/incidents/", "/api/v1/reviews/", "/assets/", "/runbooks/", "/login/", "/docs/", "/webhooks/",
         "/incidents/", "/desk/tickets/", "/bridges/", "/reviews/", "/chat/"]  # fmt: skip


async def test_no_path_leads_out_of_the_house(house: House) -> None:
    for below in BELOW:
        for walk in WALKS:
            answer = await house.get(f"{below}{walk}", None)
            assert answer.status_code in (303, 404, 405, 422), f"{below}{walk}: {answer.text}"
            assert "root:" not in answer.text
            assert "[project]" not in answer.text


@pytest.mark.parametrize(
    "poison", ["x\r\nSet-Cookie: a=b", "x\nX-Evil: 1", "x%0d%0aX-Evil:%201", "\u010d\u010aX-Evil: 1"]
)
async def test_what_people_type_makes_no_header(house: House, poison: str) -> None:
    browser = Browser(house)
    answers = [
        await browser.get("/login", params={"next": poison}),
        await browser.send("/login", {"code": "guess", "next": poison}),
        await browser.get(f"/incidents/{poison.encode('unicode_escape').decode()}"),
        await browser.send(await link_for(house, "ana"), {"next": poison}),
        await house.post("/api/v1/incidents", {"title": poison, "service": poison, "severity": "SEV3"}),
    ]
    for answer in answers:
        assert "x-evil" not in answer.headers
        assert all(cookie.startswith("mayday") for cookie in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize("key", ["", " ", "k" * 256, "kéy", "a\tb"])
async def test_a_key_that_cannot_be_one_is_refused(house: House, key: str) -> None:
    bearer = {"Authorization": f"Bearer {await house.token('ana')}"}
    raw = [(b"Idempotency-Key", key.encode()), *[(name.encode(), value.encode()) for name, value in bearer.items()]]
    answer = await house.http.post("/api/v1/incidents", json={}, headers=raw)
    assert answer.status_code in (400, 422)


async def test_a_sender_that_leaves_in_the_middle_of_its_body_is_no_defect_of_ours(house: House) -> None:
    headers = [(b"authorization", GOOD["Authorization"].encode()), (b"content-type", b"application/json")]
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/webhooks/alertmanager", "raw_path": b"/webhooks/alertmanager", "query_string": b"",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    coming = [{"type": "http.request", "body": b'{"alerts": [', "more_body": True}, {"type": "http.disconnect"}]
    said: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        said.append(message)

    with capture_logs() as logs:
        await create_app(house.parts)(scope, receive, send)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == []
    assert [message["status"] for message in said if "status" in message] == [400]
    assert house.gateway.calls == []
