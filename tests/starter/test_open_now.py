"""A refused id is answered with those that are open: nobody looks for brackets at four in the morning."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.domain.incident import Pending
from tests.starter.conftest import House
from tests.starter.test_pages import board

WAITING = [
    {"id": "other_gate", "kind": "decision"},
    {"id": "moves[1].emergency_change", "kind": "decision"},
    {"id": "moves[1].next_move", "kind": "task"},
    {"id": "confirm:declaration", "kind": "confirm"},
    {"id": "page_oncall", "kind": "page"},
    {"id": "role:deputy", "kind": "role"},
    {"id": "cadence:customer_update", "kind": "cadence"},
]


@pytest.mark.parametrize(
    ("command", "path", "body", "hint"),
    [
        ("vote", "votes", {"decision": "emergency_change", "choice": "approve"},
         "open now: moves[1].emergency_change, other_gate"),
        ("complete", "completions", {"task": "declaration", "result": {}},
         "open now: confirm:declaration, moves[1].next_move"),
        ("ack", "acks", {"page": "page_on_call"}, "open now: page_oncall"),
        ("accept", "accepts", {"role": "deputie"}, "open now: moves[1].next_move, deputy"),
        ("note", "notes", {"text": "x"}, None),
    ],
)  # fmt: skip
async def test_what_is_open_stands_in_the_hint(
    house: House, command: str, path: str, body: dict[str, Any], hint: str | None
) -> None:
    incident = await house.declared()
    waiting = [Pending.model_validate(item) for item in WAITING]
    house.run(incident).board = board(house, incident, pending=waiting)
    for code in ("not_open", "unknown"):
        house.gateway.refusals[command] = (code, "there is none")
        refused = await house.post(f"/api/v1/incidents/{incident}/{path}", body)
        assert (refused.status_code, refused.json().get("hint")) == (409, hint)
    house.gateway.refusals[command] = ("excluded", "asked for it")
    assert "hint" not in (await house.post(f"/api/v1/incidents/{incident}/{path}", body)).json()


async def test_a_long_list_is_cut_and_an_incident_that_does_not_answer_has_none(house: House) -> None:
    incident = await house.declared()
    house.gateway.refusals["vote"] = ("unknown", "there is none")
    vote = {"decision": "gate", "choice": "approve"}
    silent = await house.post(f"/api/v1/incidents/{incident}/votes", vote)
    assert "hint" not in silent.json()
    many = [Pending(id=f"loop[{number}].ask", kind="decision") for number in range(1, 9)]
    house.run(incident).board = board(house, incident, pending=many)
    cut = await house.post(f"/api/v1/incidents/{incident}/votes", vote)
    assert cut.json()["hint"].endswith("loop[5].ask and 3 more")
