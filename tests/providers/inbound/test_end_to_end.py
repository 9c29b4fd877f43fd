"""A whole mayday, and its vendors over HTTP: what people do there arrives on the incident's timeline."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.night import RUNBOOKS
from tests.house import House, firing

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]

SECRET, TOKEN = "pagerduty-of-this-test-house", "token-of-this-test-house"
SETTINGS = {
    "MAYDAY_WEBHOOK_GRAFANA_TOKEN": TOKEN,
    "MAYDAY_WEBHOOK_PAGERDUTY_SECRET": SECRET,
    "MAYDAY_WEBHOOK_SERVICENOW_TOKEN": TOKEN,
}


async def pagerduty(house: House, key: str, kind: str, event: str) -> dict[str, Any]:
    """A signed event about our own page."""
    agent = {"id": "PVE0ZR9", "type": "user_reference", "summary": "Raj P."}
    data = {"id": "Q2CKYRLH85UNN4", "type": "incident", "incident_key": key, "status": kind, "title": "shop"}
    body = json.dumps(
        {
            "event": {
                "id": event,
                "event_type": f"incident.{kind}",
                "resource_type": "incident",
                "agent": agent,
                "data": data,
            }
        }
    ).encode()
    signature = "v1=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    answer = await house.http.post("/webhooks/pagerduty", content=body, headers={"X-PagerDuty-Signature": signature})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def servicenow(house: House, **record: Any) -> None:
    answer = await house.http.post("/webhooks/servicenow", json=record, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 202, answer.text


async def test_answers_at_pagerduty_and_servicenow_reach_the_incident(tmp_path: Path) -> None:
    async with House(tmp_path / "house", RUNBOOKS, settings=SETTINGS) as house:
        labels = {"alertname": "ShopDown", "service": "shop", "severity": "critical"}
        body = {**firing([labels], started_at="2026-11-22T08:00:00Z"), "orgId": 1, "title": "[FIRING:1]"}
        opened = await house.http.post("/webhooks/grafana", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        incident = opened.json()["incidents"][0]["id"]
        paged = await house.happened(incident, "paged", page="page_oncall", people=["raj"])
        channel = paged["data"]["channels"][0].removeprefix("raj: ")
        key = f"{incident}/page_oncall#1/raj/{channel}"

        assert await pagerduty(house, key, "triggered", "E1") == {"incidents": []}
        (told,) = (await pagerduty(house, key, "acknowledged", "E2"))["callbacks"]
        assert told["state"] == "applied"
        acknowledged = await house.happened(incident, "acknowledged", page="page_oncall", channel="pagerduty")
        assert acknowledged["actor"] == "raj"
        assert "Raj P. acknowledged in PagerDuty" in (await house.happened(incident, "noted"))["data"]["words"]
        # delivered once more, and resolved by our own close of the page: nothing happens again
        await pagerduty(house, key, "acknowledged", "E2")
        (late,) = (await pagerduty(house, key, "resolved", "E3"))["callbacks"]
        assert late["state"] == "refused"

        await house.happened(incident, "vendor_engaged")
        case = f"{incident}/vendor_case#1/case"
        await servicenow(house, number="CS1", sys_mod_count="1", correlation_id=case, comments="a fix is on its way")
        replied = await house.happened(incident, "vendor_replied", channel="servicenow", reply="reply")
        assert replied["step"] == "vendor_case"
        await servicenow(house, number="INC7", sys_mod_count="2", correlation_id=f"{incident}/ticket#1", state="2")
        await house.happened(incident, "noted", channel="servicenow")

        kinds = [entry["kind"] for entry in await house.timeline(incident)]
        assert kinds.count("acknowledged") == 1
        listed = (await house.get("/api/v1/incidents"))["items"]
        assert [item["id"] for item in listed] == [incident], "no page and no ticket of ours became an incident"
