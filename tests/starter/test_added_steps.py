"""A step added by hand is held to the checks of the file, with code and hint; the incident decides what is left."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.domain.timeline import GENESIS, append
from mayday.records.errors import RecordsUnavailable
from tests.starter.conftest import House


@pytest.mark.parametrize(
    ("step", "code", "words"),
    [
        ({"lgo": "hello"}, "S201", "lgo"),
        ({"log": "{{ incident.titel }}"}, "T402", "titel"),
        ({"page": "schedule.nobody", "message": "come"}, "R301", "nobody"),
    ],
)
async def test_what_is_wrong_is_said_before_it_is_sent(
    house: House, step: dict[str, Any], code: str, words: str
) -> None:
    incident = await house.declared()
    answer = await house.post(f"/api/v1/incidents/{incident}/steps", step)
    assert answer.status_code == 422
    body = answer.json()
    assert code in [error["code"] for error in body["errors"]]
    assert words in body["detail"]
    assert house.run(incident).commands == []


async def test_a_step_may_use_what_an_earlier_one_brought(house: House) -> None:
    incident = await house.declared()
    step = {"log": "{{ steps.first.result.ok }}"}
    refused = await house.post(f"/api/v1/incidents/{incident}/steps", step)
    assert refused.status_code == 422
    ask = {"to": "role.deputy", "question": "Up?", "due": "5m", "on_overdue": {"notify": "role.deputy"}}
    ask["fields"] = {"ok": {"type": "boolean"}}
    body = {"id": "first", "ask": ask}
    written = append(GENESIS, 1, house.clock(), "step_added", "ana", "first", {"verb": "ask", "step_body": body})
    house.run(incident).entries.append(written)
    assert (await house.post(f"/api/v1/incidents/{incident}/steps", step)).status_code == 200


async def test_a_store_that_is_away_leaves_the_judgement_to_the_incident(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await house.declared()

    async def away(digest: str) -> None:
        raise RecordsUnavailable("down")

    monkeypatch.setattr(house.parts.records.plans, "get", away)
    answer = await house.post(f"/api/v1/incidents/{incident}/steps", {"lgo": "hello"})
    assert answer.status_code == 200
    assert [envelope.command.kind for envelope in house.run(incident).commands] == ["add_step"]
