"""Keys on answers that hold secrets, and lists that are read page by page."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from mayday.records.reviews import ReviewRecord
from mayday.records.schema import IDEMPOTENCY
from tests.starter.conftest import House
from tests.starter.test_login import logged_in


@pytest.mark.parametrize(
    ("path", "body", "secret"),
    [
        ("/api/v1/tokens", {"person": "sam"}, "token"),
        ("/api/v1/access/links", {"person": "sam"}, "url"),
        ("/api/v1/access/codes", {"person": "sam", "count": 2}, "items"),
        ("/api/v1/access/signing-keys", {}, "id"),
    ],
)
async def test_a_secret_is_made_once_a_key_and_told_again_only_to_who_asked(
    house: House, path: str, body: dict[str, Any], secret: str
) -> None:
    first = await house.post(path, body, None, key="k1")
    assert first.status_code == 201, first.text
    again = await house.post(path, body, None, key="k1")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json() == first.json()
    made = json.dumps(first.json()[secret])
    async with house.parts.records.store.read() as connection:
        stored = [json.dumps(row.body) for row in await connection.execute(sa.select(IDEMPOTENCY))]
    assert len(stored) == 1
    assert made not in stored[0]
    assert (await house.post(path, {**body, "extra": 1}, None, key="k1")).json()["code"] == "idempotency_key_reused"
    assert (await house.post(path, body, None, key="k2")).json() != first.json()


async def test_another_cookie_of_the_session_cannot_read_the_answer(house: House) -> None:
    owner = await logged_in(house, None)
    mine = {"X-CSRF-Token": await owner.csrf(), "Idempotency-Key": "k1"}
    path, body = "/api/v1/tokens", {"person": "sam"}
    first = await owner.api(path, body, **mine)
    assert first.status_code == 201
    assert (await owner.api(path, body, **mine)).json() == first.json()
    async with house.parts.records.store.write() as connection:
        await connection.execute(sa.update(IDEMPOTENCY).values(body={"sealed": "A" * 80}))
    assert (await owner.api(path, body, **mine)).json()["code"] == "answered_before"


async def pages(house: House, path: str, limit: int, **wanted: str) -> list[list[str]]:
    """Ids of each page."""
    found, cursor = [], None
    while True:
        answer = await house.get(path, params={**wanted, "limit": limit, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found.append([item.get("id") or item["incident_id"] for item in answer.json()["items"]])
        cursor = answer.json()["next"]
        if cursor is None:
            return found


async def reviews(house: House, count: int) -> list[str]:
    at = house.clock.at
    made = []
    for number in range(count):
        incident = f"INC-{number:026}"
        board = {
            "incident_id": incident, "title": "t", "severity": "SEV1", "service": "s", "opened_at": at.isoformat(),
            "resolved_at": at.isoformat(), "state": "closed" if number % 2 else "draft", "owner": "ana",
            "finished": bool(number % 2),
        }  # fmt: skip
        record = ReviewRecord(
            incident_id=incident, workflow_id=f"review/{incident}", state=str(board["state"]), owner="ana", data=board
        )
        await house.parts.records.reviews.save(record)
        made.append(incident)
        house.clock.forward(minutes=1 if number % 2 else 0)
    return made


async def test_reviews_are_read_page_by_page(house: House) -> None:
    made = await reviews(house, 7)
    whole = await pages(house, "/api/v1/reviews", 100)
    assert sorted(whole[0]) == made
    parts = await pages(house, "/api/v1/reviews", 2)
    assert [len(part) for part in parts] == [2, 2, 2, 1]
    assert [each for part in parts for each in part] == whole[0]
    open_ones = await pages(house, "/api/v1/reviews", 2, state="open", owner="ana")
    assert sorted(each for part in open_ones for each in part) == made[::2]


async def test_overrides_are_read_page_by_page(house: House) -> None:
    body = {"schedule": "payments_primary", "person": "ana", "from_at": "2026-03-02T20:00:00Z"}
    made = []
    for day in range(3, 6):
        answer = await house.post("/api/v1/oncall/overrides", {**body, "to_at": f"2026-03-{day:02}T06:00:00Z"})
        made.append(answer.json()["id"])
    assert await pages(house, "/api/v1/oncall/overrides", 2) == [made[:2], made[2:]]


@pytest.mark.parametrize(
    "path", ["/api/v1/reviews", "/api/v1/actions", "/api/v1/oncall/overrides", "/api/v1/incidents"]
)
@pytest.mark.parametrize("cursor", ["x", "MjAyMC0wMS0wMXx4", "////", "é"])
async def test_a_cursor_of_another_list_is_refused(house: House, path: str, cursor: str) -> None:
    answer = await house.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
