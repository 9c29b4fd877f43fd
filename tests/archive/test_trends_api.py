"""Trends over HTTP and on the command line."""

from __future__ import annotations

import csv
import io

import pytest

from mayday.records import IncidentRecord
from mayday.records.errors import RecordsUnavailable
from starter.trends import read_ahead
from tests.archive.test_trends import START, opened, resolved, timeline
from tests.starter.conftest import House, house, playbooks

__all__ = ["house", "playbooks"]


async def test_the_trends_are_json_or_csv_and_follow_what_is_stored(house: House) -> None:
    records = house.parts.records
    for number, minutes in ((1, 30), (2, 90)):
        await records.timeline.append(f"INC-{number}", timeline(opened(), resolved(minutes)))
        await records.incidents.opened(
            IncidentRecord(
                id=f"INC-{number}", workflow_id=f"incident/{number}", title="t", severity="SEV1", status="resolved",
                service="payments", opened_at=START, ended_at=START, seq=2,
            )
        )  # fmt: skip
        found = (await house.get("/api/v1/reports/kpi", params={"by": "service"})).json()
        mttr = next(each for each in found["total"]["measures"] if each["name"] == "MTTR")
        assert (mttr["n"], mttr["value"]) == (number, 1800.0 if number == 1 else 3600.0)
        assert mttr["definition"]
        assert mttr["source"] == "opened, status_changed"
    answer = await house.http.get(
        "/api/v1/reports/kpi", headers={"Authorization": f"Bearer {await house.token('ana')}", "Accept": "text/csv"}
    )
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["group"] for row in rows} == {"2026-03", "all"}
    assert next(row for row in rows if row["measure"] == "MTTR")["value"] == "3600.0"
    later = (await house.get("/api/v1/reports/kpi", params={"from": "2026-04-01"})).json()
    assert later["incidents"] == 0
    assert (await house.get("/api/v1/reports/kpi", params={"by": "person"})).status_code == 422
    turned = await house.get("/api/v1/reports/kpi", params={"from": "2026-04-01", "to": "2026-03-01"})
    assert (turned.status_code, turned.json()["detail"]) == (422, "to: 2026-03-01 is not after from, 2026-04-01")


async def test_what_trends_are_made_of_is_read_before_somebody_asks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends = house.parts.records.trends
    await house.parts.records.timeline.append("INC-1", timeline(opened(), resolved(30)))
    await house.parts.records.incidents.opened(
        IncidentRecord(
            id="INC-1", workflow_id="incident/1", title="t", severity="SEV1", status="resolved", service="payments",
            opened_at=START, ended_at=START, seq=2,
        )
    )  # fmt: skip
    await trends.renew()
    await read_ahead(house.parts)

    async def nothing_to_read() -> None:
        raise AssertionError("it was read before")

    monkeypatch.setattr(trends, "_read_changed", nothing_to_read)
    assert (await house.get("/api/v1/reports/kpi")).json()["incidents"] == 1


async def test_a_store_that_is_away_at_the_start_keeps_nobody_from_starting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise RecordsUnavailable("away")

    monkeypatch.setattr(house.parts.records.trends, "find", away)
    await read_ahead(house.parts)
