"""Every source over HTTP: what gets in, what is refused and how, and who vouches for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from mayday.language.catalog import VENDOR_SOURCES, WORDED_SOURCES
from mayday.providers.sources import MAPPED, NAMES
from mayday.records.errors import RecordsUnavailable
from mayday.settings import load_settings
from tests.providers.inbound.conftest import TOKEN
from tests.providers.inbound.samples import needed, sample
from tests.starter.conftest import House

pytestmark = needed
BEARER = {"Authorization": f"Bearer {TOKEN}"}

#: a body of each source that opens an incident
FIRING = {
    "alertmanager": "alertmanager/firing_single_v4",
    "grafana": "grafana/unified_firing_v11_values",
    "datadog": "datadog/constructed_custom_triggered",
    "splunk": "splunk/missing_search_name",
    "newrelic": "newrelic/workflow_issue_activated",
    "dynatrace": "dynatrace/constructed_webhook_all_placeholders_open",
    "aws": "aws/sns_cloudwatch_alarm",
    "azure": "azure/metric_static_threshold_fired",
    "gcp": "gcp/mock_open_5xx_uppercase_state",
    "pagerduty": "pagerduty/incident_triggered",
    "servicenow": "servicenow/constructed_business_rule_minimal_insert",
    "opsgenie": "opsgenie/create",
    "jira": "opsgenie/constructed_jsm_create",
}
#: Twilio and Zoom tell of our own calls and meetings only, and have tests of their own
EVERY = [name for name in (*NAMES, *MAPPED) if name not in ("twilio", "zoom")]
BMC_RECORD = {
    "values": {
        "Incident Number": "INC000000000101", "Description": "Checkout is down", "Status": "Assigned",
        "Priority": "Critical", "ServiceCI": "checkout", "Last Modified Date": "2026-03-02T02:09:00.000+0000",
    }
}  # fmt: skip


def body_of(source: str) -> bytes:
    if source in MAPPED:
        return json.dumps({"id": "probe-7", "title": "Probe fails", "service": "checkout", "state": "firing"}).encode()
    return json.dumps(BMC_RECORD).encode() if source == "bmc" else sample(FIRING[source])


async def post(house: House, source: str, body: bytes, headers: dict[str, str] | None = None, **more: Any) -> Any:
    return await house.http.post(f"/webhooks/{source}", content=body, headers=headers or {}, **more)


def reload(house: House, monkeypatch: pytest.MonkeyPatch, **settings: str | None) -> None:
    """Settings of webhooks anew: `AZURE_TOKEN=None` takes one away."""
    for name, value in settings.items():
        key = f"MAYDAY_WEBHOOK_{name}"
        monkeypatch.delenv(key, raising=False) if value is None else monkeypatch.setenv(key, value)
    known = house.parts.settings
    house.parts.settings = load_settings(data=known.data, runbooks=known.runbooks, max_body_bytes=known.max_body_bytes)


@pytest.mark.parametrize("source", EVERY)
async def test_an_alert_opens_an_incident_once_and_its_body_is_kept(ready: House, source: str) -> None:
    first, again = [await post(ready, source, body_of(source), BEARER) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202), first.text
    (line,) = first.json()["incidents"]
    assert line["action"] == "opened"
    assert again.json()["incidents"] == [{**line, "action": "attached"}]
    assert len(ready.run(line["id"]).events) == 1
    (row,) = await ready.parts.records.inbox.find()
    assert (row.source, await ready.parts.records.inbox.body(row.id)) == (source, body_of(source))


def test_every_source_of_the_public_interface_is_one() -> None:
    promised = (
        "alertmanager grafana datadog splunk newrelic dynatrace aws azure gcp pagerduty servicenow opsgenie jira bmc "
        "everbridge twilio zoom generic"
    )
    assert {*NAMES, *MAPPED} == set(promised.split())
    assert (set(NAMES), set(MAPPED)) == (VENDOR_SOURCES, WORDED_SOURCES), "what the catalog's checks know"


@pytest.mark.parametrize("source", EVERY)
async def test_without_credentials_nobody_gets_in(ready: House, source: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-Mayday-Token": TOKEN[:-1]}):
        answer = await post(ready, source, body_of(source), headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unauthenticated"
        assert TOKEN not in answer.text
    assert ready.gateway.runs == {}


@pytest.mark.parametrize("source", EVERY)
async def test_a_source_that_is_not_set_up_is_shut(ready: House, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reload(ready, monkeypatch, **{f"{source.upper()}_TOKEN": None})
    answer = await post(ready, source, body_of(source), BEARER)
    assert answer.status_code == 401
    assert f"MAYDAY_WEBHOOK_{source.upper()}_TOKEN" in answer.json()["hint"]


@pytest.mark.parametrize("source", EVERY)
async def test_a_body_that_is_none_says_what_is_wrong(ready: House, source: str) -> None:
    for body in (b"{not json", b"[1, 2]" if source not in MAPPED else b"[1]", b"{}"):
        answer = await post(ready, source, body, BEARER)
        assert answer.status_code == 400, (body, answer.text)
        assert answer.json()["code"] == "malformed"
        assert answer.json()["detail"]
    assert await ready.parts.records.inbox.count() == {}


@pytest.mark.parametrize("source", EVERY)
async def test_a_body_that_is_too_large_is_refused(ready: House, source: str) -> None:
    assert (await post(ready, source, b"x" * 70_000, BEARER)).status_code == 413


@pytest.mark.parametrize("source", EVERY)
async def test_with_inbox_and_temporal_down_the_sender_tries_again(
    ready: House, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*args: Any, **more: Any) -> Any:
        raise RecordsUnavailable("down")

    monkeypatch.setattr(type(ready.parts.records.inbox), "commit", down)
    ready.gateway.silent = True
    answer = await post(ready, source, body_of(source), BEARER)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        BEARER, {"X-Mayday-Token": TOKEN}, {"X-Api-Key": TOKEN},
        {"Authorization": "Basic " + base64.b64encode(f"u:{TOKEN}".encode()).decode()},
    ],
)  # fmt: skip
async def test_the_token_may_stand_in_any_header_that_a_sender_can_set(ready: House, headers: dict[str, str]) -> None:
    assert (await post(ready, "dynatrace", body_of("dynatrace"), headers)).status_code == 202


async def test_an_address_list_narrows_a_token_in_the_address(ready: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def from_(client: str) -> int:
        transport = httpx.ASGITransport(ready.http._transport.app, client=(client, 4711))  # type: ignore[attr-defined]
        async with httpx.AsyncClient(transport=transport, base_url="http://mayday") as http:
            answer = await http.post("/webhooks/splunk", params={"token": TOKEN}, content=body_of("splunk"))
            return answer.status_code

    reload(ready, monkeypatch, SPLUNK_ADDRESSES="192.0.2.0/24, 2001:db8::/32")
    found = {client: await from_(client) for client in ("192.0.2.7", "2001:db8::1", "::ffff:192.0.2.8", "198.51.100.1")}
    assert found == {"192.0.2.7": 202, "2001:db8::1": 202, "::ffff:192.0.2.8": 202, "198.51.100.1": 401}
    reload(ready, monkeypatch, SPLUNK_ADDRESSES="a.b.c.d")
    assert await from_("192.0.2.7") == 401


# signatures over HTTP -------------------------------------------------------------------------------------------


def hmac_of(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


SIGNED = {
    "pagerduty": lambda body: {"X-PagerDuty-Signature": "v1=" + hmac_of("s3cret", body).hex()},
    "grafana": lambda body: {"X-Grafana-Alerting-Signature": hmac_of("s3cret", body).hex()},
    "bmc": lambda body: {"X-Mayday-Signature": "sha256=" + hmac_of("s3cret", body).hex()},
    "servicenow": lambda body: {"X-Mayday-Signature": "sha256=" + hmac_of("s3cret", body).hex()},
    "splunk": lambda body: {"X-SFX-Signature": base64.b64encode(hmac_of("s3cret", body)).decode()},
    "jira": lambda body: {"X-Hub-Signature": "sha256=" + hmac_of("s3cret", body).hex()},
}


@pytest.mark.parametrize("source", SIGNED)
async def test_a_signature_vouches_without_a_token(ready: House, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reload(ready, monkeypatch, **{f"{source.upper()}_TOKEN": None, f"{source.upper()}_SECRET": "new-one,s3cret"})
    body = sample("splunk/observability_cloud_detector") if source == "splunk" else body_of(source)
    good = SIGNED[source](body)
    assert (await post(ready, source, body, good)).status_code == 202
    for bad in (body + b" ", body.replace(b"e", b"a", 1)):
        answer = await post(ready, source, bad, good)
        assert answer.status_code == 401
        assert "s3cret" not in answer.text
    assert (await post(ready, source, body)).status_code == 401


@pytest.mark.parametrize("source", ["pagerduty", "grafana", "servicenow"])
async def test_where_both_are_configured_both_are_needed(
    ready: House, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload(ready, monkeypatch, **{f"{source.upper()}_SECRET": "s3cret"})
    body = body_of(source)
    signature = SIGNED[source](body)
    assert (await post(ready, source, body, signature)).status_code == 401
    assert (await post(ready, source, body, BEARER)).status_code == 401
    assert (await post(ready, source, body, {**signature, **BEARER})).status_code == 202


async def test_splunks_two_forms_are_vouched_for_differently(ready: House, monkeypatch: pytest.MonkeyPatch) -> None:
    reload(ready, monkeypatch, SPLUNK_SECRET="s3cret")
    search, detector = body_of("splunk"), sample("splunk/observability_cloud_detector")
    assert (await post(ready, "splunk", search, params={"token": TOKEN})).status_code == 202
    assert (await post(ready, "splunk", search)).status_code == 401
    assert (await post(ready, "splunk", detector, SIGNED["splunk"](detector))).status_code == 202
    assert (await post(ready, "splunk", detector, params={"token": TOKEN})).status_code == 401
