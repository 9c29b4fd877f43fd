"""Archives in the records: whole or refused by name, never shortened, and nothing else is affected."""

from __future__ import annotations

import zlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mayday.archive.dossier import Document
from mayday.archive.errors import ArchiveDamaged, NothingArchived, OtherFormat
from mayday.records import IncidentRecord, Records
from mayday.records.schema import ARCHIVE_PARTS, ARCHIVES
from tests.stores import Clock

VERSION = "0.1.0"


def history(run: str, events: int = 10, *, ended: bool = True) -> Document:
    return Document("history", run, f"events of {run}: {events}".encode(), events, ended, "incident/1")


def timeline(entries: int) -> Document:
    return Document("timeline", "", f"[{entries}]".encode(), entries)


async def test_what_was_archived_comes_back(records: Records) -> None:
    await records.archives.add("INC-1", VERSION, [history("run-1"), timeline(7)])
    found = await records.archives.get("INC-1")
    assert [part.title for part in found.manifest.parts] == ["history run-1", "timeline"]
    assert found.content(found.parts("timeline")[0]) == b"[7]"
    with pytest.raises(NothingArchived):
        await records.archives.get("INC-2")


async def test_runs_are_added_and_an_open_one_grows_until_it_ends(records: Records) -> None:
    archives = records.archives
    await archives.add("INC-1", VERSION, [history("run-1")])
    await archives.add("INC-1", VERSION, [history("run-2", 5, ended=False)])
    assert await archives.archived_runs(["run-1", "run-2", "run-3"]) == {"run-1"}
    await archives.add("INC-1", VERSION, [history("run-2", 20)])
    assert await archives.archived_runs(["run-1", "run-2"]) == {"run-1", "run-2"}
    before = await archives.manifest("INC-1")
    await archives.add("INC-1", VERSION, [history("run-2", 19), timeline(0)])  # seen before it ended, come late
    after = await archives.manifest("INC-1")
    assert before is not None
    assert after is not None
    assert after.parts[:2] == before.parts


async def test_the_same_again_changes_nothing(records: Records, clock: Clock) -> None:
    first = await records.archives.add("INC-1", VERSION, [history("run-1")])
    clock.forward(hours=1)
    assert await records.archives.add("INC-1", VERSION, [history("run-1")]) == first


async def test_an_ended_incident_is_behind_until_its_last_entry_is_archived(records: Records, clock: Clock) -> None:
    for name, ended in (("INC-1", True), ("INC-2", False)):
        await records.incidents.opened(
            IncidentRecord(
                id=name, workflow_id=f"incident/{name}", title="t", severity="SEV1", status="resolved", service="s",
                opened_at=clock.at, ended_at=clock.at + timedelta(hours=1) if ended else None, seq=9,
            )
        )  # fmt: skip
    assert [each.incident_id for each in await records.archives.behind()] == ["INC-1"]
    await records.archives.add("INC-1", VERSION, [timeline(8)])
    assert [each.incident_id for each in await records.archives.behind()] == ["INC-1"]
    await records.archives.add("INC-1", VERSION, [timeline(9)])
    assert await records.archives.behind() == []


async def test_a_damaged_archive_is_named_and_refused_and_the_others_are_read(records: Records) -> None:
    archives = records.archives
    for name in ("edited", "cut", "gone", "garbled", "manifest", "newer", "whole"):
        await archives.add(name, VERSION, [history("run-1"), timeline(7)])

    async def damage(incident: str, statement: sa.Update | sa.Delete) -> None:
        table = ARCHIVES if statement.table is ARCHIVES else ARCHIVE_PARTS
        async with records.store.write() as connection:
            await connection.execute(statement.where(table.c.incident_id == incident))

    content = sa.update(ARCHIVE_PARTS).where(ARCHIVE_PARTS.c.kind == "timeline")
    await damage("edited", content.values(content=zlib.compress(b"[8]")))
    await damage("cut", content.values(content=zlib.compress(b"[7")))
    await damage("garbled", content.values(content=b"nothing that was compressed"))
    await damage("gone", sa.delete(ARCHIVE_PARTS).where(ARCHIVE_PARTS.c.kind == "timeline"))
    manifest = await archives.manifest("manifest")
    assert manifest is not None
    shorter = manifest.model_copy(update={"parts": manifest.parts[:1]})
    await damage("manifest", sa.update(ARCHIVES).values(manifest=shorter.canonical()))
    newer = manifest.model_copy(update={"format": 2})
    await damage("newer", sa.update(ARCHIVES).values(manifest=newer.canonical()))

    for incident, said in (
        ("edited", "the archive of edited: timeline has another digest"),
        ("cut", "the archive of cut: timeline is cut off after 2 of 3 bytes"),
        ("garbled", "the archive of garbled: timeline is missing"),
        ("gone", "the archive of gone: timeline is missing"),
        ("manifest", "the archive of manifest: the manifest has another digest"),
    ):
        with pytest.raises(ArchiveDamaged, match=said):
            await archives.get(incident)
    with pytest.raises(OtherFormat, match="format 2, this version of mayday reads 1"):
        await archives.get("newer")
    with pytest.raises(ArchiveDamaged):  # what is damaged is not made good by adding to it
        await archives.add("manifest", VERSION, [history("run-9")])
    assert (await archives.get("whole")).parts("timeline")[0].count == 7
