"""Who may what: the catalog's `access` at this moment, and never more than a token was made for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mayday.language.catalog import Catalog
from starter.access import level_of, people_behind
from tests.starter.conftest import House

CHRISTMAS = datetime(2026, 12, 25, 12, tzinfo=UTC)
CATALOG = Catalog.model_validate(
    {
        "people": {name: {"name": name} for name in ("ana", "raj", "max", "kim", "lee")},
        "groups": {"board": ["kim"]},
        "schedules": {
            "manager": {
                "tz": "Europe/London",
                "layers": [{"rotation": "weekly", "handoff": "Mon 09:00", "people": ["ana", "lee"]}],
                "overrides": [{"from": "2026-12-24T09:00", "to": "2026-12-27T09:00", "person": "raj"}],
            },
            "elsewhere": {"source": "pagerduty", "id": "P1"},
        },
        "access": {
            "viewer": ["person.max"],
            "approver": ["group.board", "schedule.elsewhere"],
            "administrator": ["schedule.manager", "schedule.nowhere"],
        },
    }
)


@pytest.mark.parametrize(
    ("person", "at", "level"),
    [
        ("raj", datetime(2026, 12, 24, 8, 59, tzinfo=UTC), "responder"),
        ("raj", datetime(2026, 12, 24, 9, tzinfo=UTC), "administrator"),
        ("raj", datetime(2026, 12, 27, 9, tzinfo=UTC), "responder"),  # standing in once is no office
        ("ana", CHRISTMAS, "administrator"),  # the rotation keeps its level, whoever's turn it is
        ("lee", CHRISTMAS, "administrator"),
        ("max", CHRISTMAS, "viewer"),
        ("kim", CHRISTMAS, "approver"),
        ("nobody", CHRISTMAS, "responder"),
    ],
)
def test_the_level_is_what_the_catalog_gives_at_that_moment(person: str, at: datetime, level: str) -> None:
    assert level_of(CATALOG, person, at) == level


def test_a_reference_that_means_nobody_gives_nothing() -> None:
    assert people_behind(CATALOG, ["schedule.elsewhere", "schedule.nowhere", "group.none"], CHRISTMAS) == set()


async def test_who_stood_in_is_no_administrator_afterwards(house: House) -> None:
    house.clock.at = CHRISTMAS
    made = await house.post("/api/v1/tokens", {"person": "raj"}, person=None)
    assert made.json()["level"] == "administrator"
    house.tokens["raj"] = made.json()["token"]
    assert (await house.get("/api/v1/tokens", person="raj")).status_code == 200
    house.clock.at = datetime(2026, 12, 27, 9, tzinfo=UTC)
    assert (await house.get("/api/v1/me", person="raj")).json()["level"] == "responder"
    assert (await house.get("/api/v1/tokens", person="raj")).status_code == 403


async def test_putting_oneself_on_a_schedule_makes_nobody_administrator(house: House) -> None:
    body = {
        "schedule": "major_incident_manager", "person": "kim",
        "from_at": "2026-03-02T00:00:00Z", "to_at": "2026-03-03T00:00:00Z",
    }  # fmt: skip
    assert (await house.post("/api/v1/oncall/overrides", body, person="kim")).status_code == 201
    assert (await house.get("/api/v1/me", person="kim")).json()["level"] == "responder"
    assert (await house.get("/api/v1/tokens", person="kim")).status_code == 403


async def test_a_token_gives_no_more_than_it_was_made_for(house: House) -> None:
    made = await house.post("/api/v1/tokens", {"person": "ana", "level": "viewer"}, person=None)
    house.tokens["ana"] = made.json()["token"]
    assert (await house.get("/api/v1/me", person="ana")).json()["level"] == "viewer"
    declared = {"title": "x", "service": "payments", "severity": "SEV1"}
    assert (await house.post("/api/v1/incidents", declared, person="ana")).status_code == 403
