"""`http.request` and the actions of the house, against a real HTTP server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from temporalio.common import RawValue
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.dependencies import Dependencies
from activities.http import HttpActivities
from mayday.catalogs import FixedCatalog
from mayday.domain.effects import ActionReceipt, ActionRequest, IncidentCard
from mayday.language.catalog import Catalog
from mayday.providers.http.caller import HouseCaller
from tests.http_doubles import HttpDouble, serve

Run = Callable[..., Any]


@pytest.fixture
async def house() -> AsyncIterator[HttpDouble]:
    async with serve() as double:
        yield double


@pytest.fixture
async def given(dependencies: Dependencies, catalog: Catalog, house: HttpDouble) -> AsyncIterator[Dependencies]:
    raw = catalog.model_dump(by_alias=True)
    raw["actions"]["cache.flush"] = {
        "effect": "reversible",
        "inputs": {"region": {"type": "string"}, "nodes": {"type": "integer"}},
        "outputs": {"job": {"type": "string"}, "done": {"type": "boolean"}},
        "http": {
            "url": f"{house.url}/caches/{{region}}/flush", "headers": {"X-Incident": "{incident.id}"},
            "body": {"nodes": "{nodes}", "why": "incident {incident.id}"}, "outputs": {"job": "job.id"},
        },
    }  # fmt: skip
    async with httpx.AsyncClient() as client:
        ports = replace(dependencies.ports, http=[HouseCaller(client)])
        yield replace(dependencies, ports=ports, catalog=FixedCatalog(Catalog.model_validate(raw)))


def ask(card: IncidentCard, action: str = "http.request", **inputs: Any) -> ActionRequest:
    return ActionRequest(effect_key="INC-1/step#1", incident=card, action=action, inputs=inputs)


async def house_action(given: Dependencies, request: ActionRequest) -> ActionReceipt:
    [payload] = pydantic_data_converter.payload_converter.to_payloads([request])
    environment = ActivityEnvironment()
    environment.payload_converter = pydantic_data_converter.payload_converter
    environment.info = replace(environment.info, activity_type=request.action)
    return await environment.run(HttpActivities(given).house, [RawValue(payload)])


async def test_a_request_carries_its_effect_key(
    given: Dependencies, house: HttpDouble, card: IncidentCard, run: Run
) -> None:
    house.answer(200, {"ok": True})
    receipt = await run(
        HttpActivities(given).request, ask(card, url=f"{house.url}/x", body={"a": 1}, headers={"X-A": "b"})
    )
    assert receipt.outputs == {"status": 200, "body": {"ok": True}}
    [seen] = house.seen
    assert (seen.method, seen.path, json.loads(seen.body)) == ("POST", "/x", {"a": 1})
    assert (seen.headers["idempotency-key"], seen.headers["x-a"]) == ("INC-1/step#1", "b")


@pytest.mark.parametrize(
    ("status", "code", "final"),
    [(400, "refused", True), (404, "refused", True), (401, "unauthorised", True), (500, "broken", False),
     (429, "rate_limited", False), (503, "broken", False)],
)  # fmt: skip
async def test_every_status_means_one_thing(
    given: Dependencies, house: HttpDouble, card: IncidentCard, run: Run, status: int, code: str, final: bool
) -> None:
    house.answer(status, {"secret": "s3cret"}, headers={"Retry-After": "9"} if status == 429 else {})
    with pytest.raises(ApplicationError) as failed:
        await run(HttpActivities(given).request, ask(card, url=f"{house.url}/?token=s3cret"))
    assert (failed.value.type, failed.value.non_retryable) == (code, final)
    assert "s3cret" not in str(failed.value)
    if status == 429:
        assert failed.value.next_retry_delay is not None
        assert failed.value.next_retry_delay.total_seconds() == 9


async def test_no_connection_garbage_and_silence(
    given: Dependencies, house: HttpDouble, card: IncidentCard, run: Run
) -> None:
    async def failure(**inputs: Any) -> ApplicationError:
        with pytest.raises(ApplicationError) as failed:
            await run(HttpActivities(given).request, ask(card, **inputs))
        return failed.value

    assert (await failure(url="http://127.0.0.1:1/")).type == "unreachable"
    assert (await failure(url="ftp://example.com/")).type == "refused"
    house.answer(200, b"<html>", headers={"Content-Type": "application/json"})
    assert (await failure(url=house.url)).type == "broken"
    house.hang_up()
    assert (await failure(url=house.url)).type == "ambiguous"  # it may have happened
    house.hang_up()
    assert (await failure(url=house.url, method="GET")).type == "unreachable"


async def test_an_action_of_the_house_is_a_mapped_request(
    given: Dependencies, house: HttpDouble, card: IncidentCard
) -> None:
    house.answer(200, {"job": {"id": "J1"}, "done": True})
    receipt = await house_action(given, ask(card, "cache.flush", region="eu/../x", nodes=3))
    assert receipt.outputs == {"job": "J1", "done": True}
    [seen] = house.seen
    assert seen.path == "/caches/eu%2F..%2Fx/flush"
    assert seen.headers["x-incident"] == "INC-1"
    assert json.loads(seen.body) == {"nodes": 3, "why": "incident INC-1"}


async def test_an_action_that_nobody_defined_is_refused(given: Dependencies, card: IncidentCard) -> None:
    with pytest.raises(ApplicationError) as failed:
        await house_action(given, ask(card, "no.such"))
    assert (failed.value.type, failed.value.non_retryable) == ("refused", True)


async def test_a_drill_calls_nothing_outside(
    given: Dependencies, house: HttpDouble, card: IncidentCard, run: Run
) -> None:
    drill = card.model_copy(update={"drill": True})
    with pytest.raises(ApplicationError) as failed:
        await run(HttpActivities(given).request, ask(drill, url=house.url))
    assert failed.value.type == "refused"
    assert house.seen == []
