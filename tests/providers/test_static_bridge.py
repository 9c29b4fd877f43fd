"""Standing bridges are lent one by one, and given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.errors import Refused
from mayday.domain.ports import Bridge, BridgeOrder
from mayday.language.catalog import Catalog, StandingBridge
from mayday.providers.offers import VendorSettings
from mayday.providers.static_bridge.offer import offer
from mayday.records import Records
from tests.providers.contract.stand import incident


@pytest.fixture
async def rooms(tmp_path: Path, catalog: Catalog) -> AsyncIterator[Bridge]:
    bridges = {name: StandingBridge(url=f"https://meet.example/{name}", phone="+44") for name in ("one", "two")}
    source = FixedCatalog(catalog.model_copy(update={"bridges": bridges}))
    async with await Records.open(tmp_path / "records.db") as records, httpx.AsyncClient() as http:
        offered = offer(VendorSettings(
            name="static_bridge", values={"rooms": "one, two"}, http=http, base_url="https://mayday.example",
            catalog=source, records=records,
        ))  # fmt: skip
        assert offered is not None
        assert offered.bridge is not None
        assert (await offered.checks[0]()).ok
        yield offered.bridge


def order(of: str) -> BridgeOrder:
    return BridgeOrder(effect_key=f"{of}/open_bridge#1", incident=incident(id=of), name="war room")


async def test_each_incident_has_a_room_of_its_own_until_it_gives_it_back(rooms: Bridge) -> None:
    first = await rooms.open(order("INC-1"))
    assert (first.url, first.phone) == ("https://meet.example/one", "+44")
    assert await rooms.open(order("INC-1")) == first
    assert (await rooms.open(order("INC-2"))).url == "https://meet.example/two"
    with pytest.raises(Refused, match="in use"):
        await rooms.open(order("INC-3"))
    assert await rooms.close("INC-1/archive#1", incident(id="INC-1")) == 1
    assert await rooms.close("INC-1/archive#1", incident(id="INC-1")) == 1
    assert (await rooms.open(order("INC-3"))).url == "https://meet.example/one"


async def test_two_incidents_at_once_get_two_rooms(rooms: Bridge) -> None:
    lent = await asyncio.gather(rooms.open(order("INC-1")), rooms.open(order("INC-2")))
    assert len({ref.url for ref in lent}) == 2
