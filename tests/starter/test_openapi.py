"""The whole OpenAPI document, played against as each role: schemathesis makes up the requests.

No 5xx, no answer that is not documented, and nothing done that the role may not do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mayday.settings import load_settings
from starter.app import create_app
from starter.parts import assemble
from starter.playbooks import Playbooks
from tests.starter.conftest import RUNBOOKS, WEBHOOK_TOKEN, House
from tests.starter.doubles import Clock, FakeGateway
from tests.stores import in_memory

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: a person of each level in the catalog that comes with mayday; None: nobody at all
ROLES: dict[str, str | None] = {
    "nobody": None, "viewer": "lee", "responder": "raj", "approver": "sam", "administrator": "ana", "owner": None,
    "machine": "machine:ci",
}  # fmt: skip
PERSONS_WORD = (
    "/votes",
    "/acks",
    "/accepts",
    "/declines",
    "/delegations",
    "/releases",
    "/rewrites",
    "/findings",
    "/settlements",
)
ADMINISTERED = ("/api/v1/tokens", "/api/v1/access")
#: what may be sent twice: it says again how it is
KEYLESS = frozenset({"/api/v1/reviews/{incident}/archive", "/api/v1/incidents/{incident}/previews"})
#: open to everybody, or with credentials of their own
OPEN = ("/healthz", "/readyz", "/metrics", "/webhooks/", "/chat/", "/callbacks/")


def limits_of(role: str) -> dict[str, Any]:
    """What the token of a role is made for."""
    return {"scopes": ["read", "act"]} if role == "machine" else {"level": role}


class Stage:
    """A starter in an event loop of its own, so that plain tests can speak to it."""

    def __init__(self, playbooks: Playbooks, data: Path) -> None:
        self._runner = asyncio.Runner()
        self._playbooks = playbooks
        self._data = data
        self.tokens: dict[str, str] = {}
        self._runner.run(self._open())

    async def _open(self) -> None:
        given_settings = load_settings(data=self._data, runbooks=RUNBOOKS, max_body_bytes=64 * 1024)
        clock, gateway = Clock(), FakeGateway()
        self.records = await in_memory(clock)
        self._playbooks.attach(self.records)
        parts = assemble(given_settings, self.records, gateway, self._playbooks, clock=clock)
        self.app = create_app(parts)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://mayday")
        self.house = House(self.http, parts, gateway, clock)
        for role, person in ROLES.items():
            if role != "nobody":
                self.tokens[role], _ = await self.records.tokens.create(person, **limits_of(role))
        self.incident = await self.house.declared("payments")

    def ask(self, case: schemathesis.Case, role: str) -> httpx.Response:
        return self._runner.run(self._ask(case, role))

    async def _ask(self, case: schemathesis.Case, role: str) -> httpx.Response:
        sent = case.as_transport_kwargs(base_url="http://mayday")
        headers = {name: value for name, value in dict(sent.get("headers") or {}).items() if value is not None}
        headers.pop("Authorization", None)
        if role in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        elif case.path.startswith("/webhooks/"):
            headers["Authorization"] = f"Bearer {WEBHOOK_TOKEN}"
        body = {name: sent[name] for name in ("json", "data", "files", "params") if sent.get(name) is not None}
        if isinstance(body.get("data"), bytes | str):
            body["content"] = body.pop("data")
        answer = await self.http.request(sent["method"], sent["url"], headers=headers, **body)
        await answer.aread()
        answer.elapsed = timedelta(0)
        return answer

    def close(self) -> None:
        self._runner.run(self.http.aclose())
        self._runner.run(self.house.parts.drain())
        self._runner.run(self.records.close())
        self._runner.close()


@pytest.fixture
def stage(playbooks: Playbooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN", WEBHOOK_TOKEN)
    opened = Stage(playbooks, tmp_path)
    yield opened
    opened.close()


def operations(stage: Stage) -> list[Any]:
    schema = schemathesis.openapi.from_dict(stage.app.openapi())
    found = [result.ok() for result in schema.get_all_operations()]
    return [one for one in found if not one.path.endswith("/stream")]  # it never ends


def beyond(role: str, case: schemathesis.Case, status: int) -> str | None:
    """What a role got that it may not have."""
    path, changes = case.path, case.method.upper() != "GET"
    if status >= 300 or path.startswith(OPEN):
        return None
    if role == "nobody":
        return "nobody is let in"
    if path.startswith(ADMINISTERED) and role not in ("administrator", "owner"):
        return "only administrators administer"
    if role == "viewer" and changes:
        return "a viewer changes nothing"
    if role in ("owner", "machine") and changes and path.endswith(PERSONS_WORD):
        return "only a person gives a person's word"
    return None


def play(stage: Stage, examples: int) -> None:
    """Every operation, each request as each role in turn."""
    wrong: list[str] = []
    for operation in operations(stage):

        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(), real=st.booleans())
        def one(case: schemathesis.Case, real: bool) -> None:
            if real and "incident" in (case.path_parameters or {}):
                case.path_parameters["incident"] = stage.incident
            for role in ROLES:
                answer = stage.ask(case, role)
                too_much = beyond(role, case, answer.status_code)
                assert too_much is None, f"{case.method} {case.path} {answer.status_code}: {too_much}"
                if not (answer.status_code == 503 and case.path.endswith("/archive")):  # no Temporal to read from here
                    case.validate_response(answer, checks=CHECKS)

        try:
            one()
        except (AssertionError, BaseExceptionGroup) as failure:
            wrong.append(told(operation, failure))
    assert not wrong, "\n\n".join(wrong)


def told(operation: Any, failure: BaseException) -> str:
    """All that was wrong with one operation, in a few lines."""
    parts = failure.exceptions if isinstance(failure, BaseExceptionGroup) else [failure]
    return "\n".join([f"{operation.method.upper()} {operation.path}", *(str(part)[:600] for part in parts)])


@pytest.mark.timeout(300)
def test_every_operation_answers_as_it_says(stage: Stage) -> None:
    play(stage, 2)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_every_operation_answers_as_it_says_for_long(stage: Stage) -> None:
    play(stage, 12)


def test_every_post_of_the_api_names_its_key_and_every_answer_its_fields(stage: Stage) -> None:
    plain = []
    for path, methods in stage.app.openapi()["paths"].items():
        for method, operation in methods.items():
            if method == "post" and path.startswith("/api/"):
                names = {parameter["name"] for parameter in operation["parameters"]}
                assert "Idempotency-Key" in names or path in KEYLESS, path
            for status, answer in operation["responses"].items():
                schema = answer.get("content", {}).get("application/json", {}).get("schema", {"$ref": ""})
                if status.startswith("2") and not ({"$ref", "allOf", "required"} & set(schema)):
                    plain.append(f"{method} {path} {status}")
                rows = schema.get("properties", {}).get("items", {}).get("items", {"$ref": ""})
                if not ({"$ref", "allOf", "required"} & set(rows)):
                    plain.append(f"{method} {path} {status}: its rows")
    assert plain == []


def test_every_way_to_be_refused_is_documented(stage: Stage) -> None:
    for path, methods in stage.app.openapi()["paths"].items():
        for method, operation in methods.items():
            if not path.startswith("/api/"):
                continue
            refusals = {"401", "403", "503"} | ({"404"} if "{" in path else set())
            refusals |= {"409"} if "{incident}" in path else set()  # a short id may mean two of them
            assert refusals <= set(operation["responses"]), f"{method} {path}"
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], f"{method} {path} {status}"
    assert not re.search("HTTPValidationError", str(stage.app.openapi()))
