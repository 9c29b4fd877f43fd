"""A refusal at the door says with names who is meant: never `raj`, `owner` or `machine:ci`."""

from __future__ import annotations

from typing import Any

from tests.starter.conftest import House

SHIFT = {
    "schedule": "payments_primary", "person": "lee", "from_at": "2026-03-02T00:00:00Z", "to_at": "2026-03-03T00:00:00Z",
    "reason": "r",
}  # fmt: skip


async def detail(house: House, path: str, body: Any, person: str | None) -> str:
    answer = await house.post(path, body, person)
    assert answer.status_code in (403, 422), answer.text
    return str(answer.json()["detail"])


async def with_token(house: House, name: str, **body: Any) -> str:
    """Who has such a token, under a name of ours."""
    answer = await house.post("/api/v1/tokens", body, None)
    assert answer.status_code == 201, answer.text
    house.tokens[name] = answer.json()["token"]
    return name


async def test_of_a_token_s_scopes(house: House) -> None:
    incident = await house.declared()
    person = await with_token(house, "limited", person="raj", scopes=["read"])
    machine = await with_token(house, "ci", machine="ci-pipeline", scopes=["read"])
    note = {"text": "n"}
    path = f"/api/v1/incidents/{incident}/notes"
    assert await detail(house, path, note, person) == "the token of Raj Patel is for read only"
    assert await detail(house, path, note, machine) == "the token of ci-pipeline (a program) is for read only"


async def test_of_what_takes_a_person(house: House) -> None:
    incident = await house.declared()
    said = "the owner never votes, acknowledges or accepts; it takes a person's token"
    assert await detail(house, f"/api/v1/incidents/{incident}/acks", {"page": "p"}, None) == said


async def test_of_an_administrator_s_doors(house: House) -> None:
    assert await detail(house, "/api/v1/tokens", {"person": "lee"}, "raj") == "Raj Patel is no administrator"


async def test_of_a_level_that_nobody_gave(house: House) -> None:
    said = await detail(house, "/api/v1/tokens", {"person": "raj", "level": "administrator"}, None)
    assert said == "level: Raj Patel is responder, not administrator"


async def test_of_shifts_on_call(house: House) -> None:
    said = await detail(house, "/api/v1/oncall/overrides", SHIFT, "sam")
    assert said == "Sam Reilly may take a shift, or give their own away, not move Lee Carter"
    made = await house.post("/api/v1/oncall/overrides", SHIFT, "lee")
    assert made.status_code == 201, made.text
    headers = {"Authorization": f"Bearer {await house.token('sam')}"}
    answer = await house.http.delete(f"/api/v1/oncall/overrides/{made.json()['id']}", headers=headers)
    assert answer.json()["detail"] == "Sam Reilly takes back their own overrides, not that of Lee Carter"
