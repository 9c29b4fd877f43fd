"""A service that the catalog does not have: mistyped it is asked back, otherwise it is declared like any other."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.language.catalog import Catalog
from mayday.language.service_names import service_named, services_like
from tests.console.test_pages import look, press
from tests.starter.conftest import House
from tests.starter.test_chat_slack import ANA, Workspace, slack

__all__ = ["slack"]

CATALOG = Catalog.model_validate(
    {
        "services": {
            "payments": {"tier": 1}, "checkout": {"tier": 1}, "web": {"name": "Web shop", "tier": 1},
            "dns": {"tier": 1},
            "warehouse": {"tier": 2}, "warehouse_db": {"name": "Warehouse database", "tier": 2},
        }
    }
)  # fmt: skip
AT = "/api/v1/incidents"


def declared(service: str, **more: Any) -> dict[str, Any]:
    return {"title": "It is down", "service": service, "severity": "SEV1", **more}


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("payments", "payments"), (" Payments ", "payments"), ("warehouse-db", "warehouse_db"), ("Web shop", "web"),
        ("warehouse database", "warehouse_db"), ("DNS", "dns"), ("printers", "printers"),
    ],
)  # fmt: skip
def test_a_service_is_known_by_its_id_and_its_name_however_it_is_spelled(written: str, means: str) -> None:
    assert service_named(CATALOG, written) == means


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("paymets", ["payments"]), ("payment", ["payments"]), ("pay", ["payments"]), ("chekout", ["checkout"]),
        ("payments-api", ["payments"]), ("eu dns", ["dns"]), ("webshop", ["web"]),
        ("warehous", ["warehouse", "warehouse_db"]),
        ("payments", []), ("Web Shop", []), ("printers", []), ("vpn", []), ("???", []), ("x" * 200, []),
    ],
)  # fmt: skip
def test_a_mistyped_service_reminds_of_those_that_may_be_meant(written: str, near: list[str]) -> None:
    assert services_like(CATALOG, written) == near


async def test_a_mistyped_service_is_asked_back(house: House) -> None:
    answer = await house.post(AT, declared("paymets"))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "unknown_service"
    assert problem["detail"] == "service: paymets is not in the catalog; did you mean payments?"
    assert "unknown_service: true" in problem["hint"]
    assert house.gateway.runs == {}


async def test_it_is_declared_as_written_when_somebody_says_so(house: House) -> None:
    answer = await house.post(AT, declared("paymets", unknown_service=True))
    assert answer.status_code == 201
    assert answer.json()["services"] == ["paymets"]


async def test_what_nobody_has_listed_is_declared_at_once_and_says_what_that_means(house: House) -> None:
    """At 3 a.m. nobody adds a service to the catalog first."""
    answer = await house.post(AT, declared("printers"))
    assert answer.status_code == 201
    assert answer.json()["warnings"] == [
        "printers is not in the catalog: it has no owner to page, and only alerts of that name belong to it"
    ]
    assert "warnings" not in (await house.post(AT, declared("payments"))).json()


async def test_chat_asks_back_too(slack: Workspace) -> None:
    said = await slack.says(ANA, "declare paymets sev1 Cards are refused")
    assert "did you mean payments?" in said
    assert "declare unlisted paymets SEV1 TITLE" in said
    assert slack.house.gateway.all_runs == []
    assert "declared" in await slack.says(ANA, "declare unlisted paymets sev1 Cards are refused")
    assert "not in the catalog" in await slack.says(ANA, "declare printers sev3 Out of paper")


async def test_the_console_takes_what_is_not_in_its_list(house: House) -> None:
    form = {"title": "Cards fail", "severity": "SEV1"}
    assert 'name="unlisted"' in (await look(house, "/declare")).text
    back = await press(house, "/declare", {**form, "unlisted": "paymets"})
    assert back.status_code == 422
    assert "did you mean payments?" in back.text
    assert 'name="unknown_service"' in back.text
    assert (await press(house, "/declare", form)).status_code == 422
    there = await press(house, "/declare", {**form, "unlisted": "paymets", "unknown_service": "yes"})
    assert there.status_code == 303
    assert [run.start.service for run in house.gateway.runs.values()] == ["paymets"]
    await press(house, "/declare", {**form, "unlisted": "Checkout"})
    assert {run.start.service for run in house.gateway.runs.values()} == {"paymets", "checkout"}
