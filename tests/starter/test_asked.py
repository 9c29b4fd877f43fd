"""What an address of the API does not know is refused with what it knows; vendors are never refused for it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from starter.app import create_app
from starter.asked import AskedRoute
from starter.reference.description import every_route
from tests.starter.conftest import House
from tests.starter.test_webhooks import BEARER, BODY


@pytest.mark.parametrize(
    ("path", "named", "meant"),
    [
        ("/api/v1/incidents?sevrity=SEV1", "sevrity", "did you mean severity?"),
        ("/api/v1/incidents?status=open&limt=5", "limt", "did you mean limit?"),
        ("/api/v1/reviews?onwer=me", "onwer", "did you mean owner?"),
        ("/api/v1/actions?over_due=true", "over_due", "did you mean overdue?"),
        ("/api/v1/queue?persons=ana", "persons", "did you mean person?"),
        ("/api/v1/reports/kpi?groupby=month", "groupby", None),
        ("/api/v1/tokens?all=1", "all", None),
    ],
)
async def test_a_misspelt_filter_is_not_passed_over(house: House, path: str, named: str, meant: str | None) -> None:
    answer = await house.get(path)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "invalid"
    assert problem["detail"].startswith(f"{named}: unknown parameter")
    assert problem["errors"] == [{"field": named, "reason": "unknown parameter"}]
    assert problem.get("hint") == meant


async def test_it_says_what_is_known_or_that_nothing_is(house: House) -> None:
    incident = await house.declared()
    known = (await house.get(f"/api/v1/incidents/{incident}/timeline?since=3")).json()["detail"]
    assert known.startswith("since: unknown parameter; known are after,")
    none = (await house.get(f"/api/v1/incidents/{incident}?full=1&fast=1")).json()
    assert none["detail"] == "full: unknown parameter; this address takes none (and 1 more)"
    assert [error["field"] for error in none["errors"]] == ["full", "fast"]


async def test_a_drill_in_the_wrong_place_is_no_incident(house: House) -> None:
    body = {"title": "only a test", "service": "payments", "severity": "SEV2"}
    answer = await house.post("/api/v1/incidents?drill=true", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "drill")
    assert (await house.get("/api/v1/incidents")).json()["items"] == []
    keyed = await house.post("/api/v1/incidents?drill=true", body, key="k")
    assert keyed.status_code == 422
    assert (await house.post("/api/v1/incidents", body, key="k")).status_code == 201, "the key is free again"


async def test_who_may_not_ask_hears_nothing_of_it(house: House) -> None:
    answer = await house.http.get("/api/v1/incidents?sevrity=SEV1")
    assert answer.status_code == 401
    assert "sevrity" not in answer.text


async def test_a_name_that_somebody_sent_is_cut_and_stays_text(house: House) -> None:
    name = "<script>" + "x" * 200
    problem = (await house.get("/api/v1/incidents", params={name: "1"})).json()
    assert len(problem["errors"][0]["field"]) == 60
    many: dict[str, Any] = {f"p{number}": "1" for number in range(50)}
    assert len((await house.get("/api/v1/incidents", params=many)).json()["errors"]) == 10


async def test_vendors_pages_and_health_take_whatever_is_appended(house: House) -> None:
    told = await house.http.post("/webhooks/alertmanager?team=payments&x=1", json=BODY, headers=BEARER)
    assert told.status_code == 202
    assert (await house.http.post("/chat/slack?x=1", content=b"")).status_code != 422
    for path in ("/healthz?x=1", "/openapi.json?v=2", "/docs?x=1"):
        assert (await house.http.get(path)).status_code == 200, path


async def test_every_route_of_the_api_is_so_strict_and_no_other(house: House) -> None:
    for route in every_route(create_app(house.parts)):
        assert isinstance(route, APIRoute)
        strict = isinstance(route, AskedRoute)
        assert strict == bool(re.match("/api/", route.path)), route.path
