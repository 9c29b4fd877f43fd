"""Archiving by hand over HTTP."""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from temporalio.client import Client

from mayday.archive.collecting import Collector
from mayday.archive.dossier import Document
from mayday.records.incidents import IncidentRecord
from mayday.records.schema import TIMELINE
from tests.console.nights import keep
from tests.starter.conftest import House, house, playbooks

__all__ = ["house", "playbooks"]


class WithoutRuns(Collector):
    async def _runs(self, record: IncidentRecord) -> list[Document]:
        return []


async def test_a_timeline_that_was_edited_in_the_store_is_named_and_does_not_reach_the_archive(house: House) -> None:
    records = house.parts.records
    house.parts.collector = WithoutRuns(cast(Client, None), records)
    incident = await keep(records)
    assert (await house.post(f"/api/v1/reviews/{incident}/archive", {})).status_code == 200
    before = await records.archives.get(incident)
    async with records.store.write() as connection:
        edited = sa.update(TIMELINE).where(TIMELINE.c.incident_id == incident, TIMELINE.c.seq == 5)
        await connection.execute(edited.values(actor="somebody.else"))
    refused = await house.post(f"/api/v1/reviews/{incident}/archive", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "timeline_broken")
    assert "entry 5" in refused.json()["detail"]
    assert (await records.archives.get(incident)).timeline() == before.timeline()
