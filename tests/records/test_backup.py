"""A copy of the records taken while they are in use is whole, and can take their place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mayday.records import Records
from mayday.records.backup import NotHere, backup, restore


async def test_a_copy_taken_during_writes_opens_and_holds_what_was_committed(tmp_path: Path) -> None:
    place, copy = tmp_path / "records.db", tmp_path / "copies" / "night.db"
    async with await Records.open(place) as records:
        await records.plans.put("before", {})
        writes = [asyncio.create_task(records.plans.put(f"during{n}", {})) for n in range(20)]
        await backup(place, copy)
        await asyncio.gather(*writes)
        await records.plans.put("after", {})

    await restore(copy, f"sqlite:///{place}")
    async with await Records.open(place) as records:
        assert await records.plans.get("before") == {}
        assert await records.plans.get("after") is None
    assert [path.name for path in copy.parent.iterdir()] == ["night.db"]


async def test_what_is_no_copy_of_records_is_not_put_in_their_place(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all, but long enough to be read as the header of one" * 20)
    async with await Records.open(tmp_path / "records.db") as records:
        await records.plans.put("kept", {})
    with pytest.raises(ValueError, match="no SQLite database"):
        await restore(other, tmp_path / "records.db")
    (tmp_path / "empty.db").write_bytes(b"")
    with pytest.raises(ValueError, match="no records database"):
        await restore(tmp_path / "empty.db", tmp_path / "records.db")
    async with await Records.open(tmp_path / "records.db") as records:
        assert await records.plans.get("kept") == {}


async def test_a_postgresql_has_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(NotHere):
        await backup("postgresql://host/mayday", tmp_path / "x.db")
