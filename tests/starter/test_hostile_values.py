"""Values that are valid JSON and nothing anybody means: every field of every request gets each of them once.

No 5xx, and no status that the document does not name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from mayday.domain.commands import Answer, CommandEnvelope
from starter.minting import review_workflow_id
from tests.starter.conftest import House
from tests.starter.test_door_table import ACTIONS, REVIEW_ACTIONS

MORE: list[tuple[str, dict[str, Any]]] = [
    ("/api/v1/incidents", {"title": "x", "service": "search", "impact": "high", "urgency": "high", "summary": "s",
                           "customers_affected": 3, "runbook": "none", "inputs": {"a": "b"}, "drill": True,
                           "injects": [{"at": "1m"}]}),
    ("/api/v1/incidents/{incident}/votes", {"decision": "d", "choice": "approve", "reason": "r", "on_behalf_of": "sam",
                                            "heard_by": "kim"}),
    ("/api/v1/incidents/{incident}/completions", {"task": "t", "result": {"a": "b"}}),
    ("/api/v1/incidents/{incident}/notes", {"text": "x", "occurred_at": "2026-03-02T00:00:00Z"}),
    ("/api/v1/incidents/{incident}/events", {"name": "deployed", "data": {"a": "b"}}),
    ("/api/v1/incidents/{incident}/impact", {"started_at": "2026-03-02T00:00:00Z", "ended_at": "2026-03-02T01:00:00Z"}),
    ("/api/v1/incidents/{incident}/overrides", {"step": "s", "action": "complete", "reason": "r", "to": "kim",
                                                "result": {"a": "b"}}),
    ("/api/v1/incidents/{incident}/drill", {"action": "pause", "reason": "r"}),
    ("/api/v1/oncall/overrides", {"schedule": "payments_primary", "person": "raj", "reason": "r",
                                  "from_at": "2026-03-02T00:00:00Z", "to_at": "2026-03-03T00:00:00Z"}),
    ("/api/v1/tokens", {"machine": "ci", "scopes": ["read"], "days": 3, "note": "n"}),
    ("/api/v1/reviews/{incident}/closing-form", {"cause_code": "c", "caused_by_change": True, "change": "x",
                                                 "detected_by": "m", "impact_started_at": "2026-03-02T00:00:00Z",
                                                 "impact_ended_at": "2026-03-02T01:00:00Z"}),
    ("/api/v1/reviews/{incident}/actions", {"title": "t", "owner": "lee", "priority": "high",
                                            "due_at": "2026-06-02T01:00:00Z"}),
]  # fmt: skip
VALUES: list[Any] = [
    "\ud800", "a\x00b", "../..", float("nan"), 1e400, 10**30, -1, True, None, [], {"\ud800": 1}, {"x": ["a\x00\ud800"]},
    {"x": float("nan")}, {"x": 10**30, "y": 0.1}, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
]  # fmt: skip
IN_PATHS = ["%00", "%ff", "%ed%a0%80", "a%0ab", "%F0%9F%94%A5", "x" * 5_000, str(10**30), "-1", "INC-", "%25", "..;"]
IN_QUERIES = [
    *IN_PATHS,
    "nan",
    "0001-01-01T00:00:00%2B23:59",
    "9999-12-31T23:59:59-23:59",
    str(2**63),
    "",
    "W10=",
    "eyJ9",
]


def statuses(house: House, method: str, path: str) -> set[int]:
    """What the document names for this address."""
    transport: Any = house.http._transport
    for known, methods in transport.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", known), path) and method in methods:
            return {int(status) for status in methods[method]["responses"]}
    raise AssertionError(f"{method} {path} is not in the document")


@pytest.fixture(autouse=True)
def _no_traces() -> Iterator[None]:
    """A trace with all its variables takes seconds to print."""
    with capture_logs():
        yield


@pytest.fixture
async def busy(house: House) -> House:
    """With an incident, its review, and a Temporal that writes down what it is sent, as the real client does."""
    taken = house.gateway.command

    async def written(workflow_id: str, envelope: CommandEnvelope, chain: str | None = None) -> Answer:
        json.loads(envelope.model_dump_json())
        return await taken(workflow_id, envelope, chain)

    house.gateway.command = written  # type: ignore[method-assign]
    house.tokens["ana"], _ = await house.parts.records.tokens.create("ana", level="administrator")
    return house


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_no_value_in_a_body_breaks_anything(busy: House) -> None:
    incident, other = await busy.declared("payments"), await busy.declared("mainframe")
    busy.gateway.runs[review_workflow_id(incident)] = busy.run(incident)
    headers = {"Authorization": f"Bearer {await busy.token('ana')}", "Content-Type": "application/json"}
    wrong = []
    for path, template in [*((path, body) for path, body, _ in [*ACTIONS, *REVIEW_ACTIONS]), *MORE]:
        if path.endswith(("/reopen", "/signing-keys")):
            continue
        address = path.format(incident=incident)
        body = {
            name: value.format(other=other) if isinstance(value, str) else value for name, value in template.items()
        }
        for field in body:
            for value in VALUES:
                sent = json.dumps({**body, field: value})
                answer = await busy.http.post(address, content=sent, headers=headers)
                if answer.status_code not in statuses(busy, "post", address):
                    wrong.append(f"POST {path} {field}={value!r:.40}: {answer.status_code} {answer.text[:90]}")
    assert wrong == []


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_no_value_in_an_address_breaks_anything(busy: House) -> None:
    incident = await busy.declared("payments")
    transport: Any = busy.http._transport
    wrong = []
    for path, methods in transport.app.openapi()["paths"].items():
        if path.endswith("/stream"):
            continue
        for method, operation in methods.items():
            names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
            there = re.sub(r"{\w+}", "1", path.replace("{incident}", incident))
            tried = [(re.sub(r"{\w+}", value, path), "") for value in IN_PATHS if "{" in path]
            tried += [(there, f"?{name}={value}") for name in names for value in IN_QUERIES]
            for address, query in tried:
                headers = {"Authorization": f"Bearer {await busy.token('ana')}"}
                answer = await busy.http.request(method, address + query, headers=headers)
                documented = {int(status) for status in operation["responses"]} | {404, 405}
                if answer.status_code not in documented:
                    wrong.append(f"{method} {address[:80]}{query[:60]}: {answer.status_code} {answer.text[:90]}")
    assert wrong == []


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "steps", '{"id": "\\ud800", "log": "x"}'),
        ("POST", "events", '{"name": "n", "data": {"x": NaN}}'),
        ("POST", "events", '{"name": "n", "data": {"\\udfff": 1}}'),
        ("POST", "impact", '{"started_at": "0001-01-01T00:00:00+23:59"}'),
        ("GET", "timeline?after=9223372036854775808", ""),
        ("GET", "timeline?after=-1", ""),
        ("GET", "/oncall?at=9999-12-31T23:59:59-23:59", ""),
        ("GET", "/oncall/gaps?at=0001-01-01T00:00:00%2B23:59", ""),
        ("GET", "/incidents?opened_from=9999-12-31T23:59:59-23:59", ""),
    ],
)
async def test_what_once_broke_something_is_refused(busy: House, method: str, address: str, body: str) -> None:
    incident = await busy.declared("payments")
    headers = {"Authorization": f"Bearer {await busy.token('ana')}", "Content-Type": "application/json"}
    path = f"/api/v1{address}" if address[0] == "/" else f"/api/v1/incidents/{incident}/{address}"
    answer = await busy.http.request(method, path, content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["Last-Event-ID", "If-None-Match", "Idempotency-Key", "Mayday-Channel", "Accept"])
async def test_no_value_in_a_header_breaks_anything(busy: House, name: str) -> None:
    incident = await busy.declared("payments")
    bearer = f"Bearer {await busy.token('ana')}".encode()
    for value in (b"\xff\xfe", b"9" * 40, b"x" * 9_000, b"-1", b'"', b"*", b";;,=", quote("\U0001f525").encode()):
        headers = [(b"Authorization", bearer), (name.encode(), value)]
        for method, path in (("GET", "/api/v1/incidents"), ("GET", f"/api/v1/incidents/{incident}/timeline"),
                             ("POST", f"/api/v1/incidents/{incident}/notes"), ("GET", "/api/v1/reviews")):  # fmt: skip
            answer = await busy.http.request(
                method, path, headers=headers, json={"text": "x"} if method == "POST" else None
            )
            assert answer.status_code < 500, f"{method} {path} {name}={value!r:.30}: {answer.text[:200]}"
