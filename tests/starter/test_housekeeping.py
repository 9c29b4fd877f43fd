"""Old alerts go, with their bodies; what waits to be forwarded never does."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from mayday.domain.incident import AlertEvent
from mayday.records import InboxItem
from mayday.records.schema import DELIVERIES
from starter.housekeeping import forget_old
from tests.starter.conftest import House


async def kept(house: House, *keys: str) -> list[int]:
    """Alerts of one delivery, by row."""
    items = [
        InboxItem(
            event=AlertEvent(
                source="x", dedupe_key=key, alert_key=key, state="firing", title=key, received_at=house.clock()
            )
        )
        for key in keys
    ]
    return [row.id for row in await house.parts.records.inbox.commit(items, source="x", body=keys[0].encode())]


async def bodies(house: House) -> list[bytes]:
    async with house.parts.records.store.read() as connection:
        return sorted(await connection.scalars(sa.select(DELIVERIES.c.body)))


async def test_what_was_handled_long_ago_goes(house: House) -> None:
    inbox = house.parts.records.inbox
    old, waiting = await kept(house, "old", "waiting")
    [other] = await kept(house, "other")
    await inbox.settle([old, other], "forwarded")
    house.clock.forward(days=91)
    [young] = await kept(house, "young")
    await inbox.settle([young], "done")
    assert await forget_old(inbox, house.clock() - timedelta(days=90), pause_s=0) == 2
    assert {row.id for row in await inbox.find()} == {waiting, young}
    assert await bodies(house) == [b"old", b"young"]
    await inbox.settle([waiting], "forwarded")
    house.clock.forward(days=91)
    assert await forget_old(inbox, house.clock() - timedelta(days=90), pause_s=0) == 2
    assert await bodies(house) == []
