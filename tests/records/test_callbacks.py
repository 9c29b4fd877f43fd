"""What vendors told of our own calls, as both databases keep it: each deed once, one head a lane, oldest first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mayday.providers.calls import OurCall
from mayday.providers.inbound import Callback, Delivery
from mayday.records import Records
from starter.couriers import Courier


async def test_the_inbox_of_callbacks_is_the_same_on_both_databases(records: Records) -> None:
    """Lanes by age, one head a lane, each deed once."""
    call = OurCall("INC-01KB2C3D4E5F6G7H8J9KAMBNCP", "page_mim", 1, "ana", "push")
    delivery = Delivery(raw=b"{}", received_at=records.store.now())
    outcomes: list[str] = []

    class Incident:
        async def lane(self, source: str, callback: Callback) -> str:
            return callback.ticket

        async def deliver(self, source: str, callback: Callback, at: Any) -> dict[str, Any]:
            outcomes.append(callback.id)
            return {"state": "applied"}

    courier = Courier(records, Incident(), records.store.now)  # type: ignore[arg-type]
    told = [Callback(id=str(n), kind="note", call=call, ticket=f"lane {n % 2}") for n in range(4)]
    take: Callable[[], Awaitable[list[dict[str, Any]]]] = lambda: courier.take("jira", delivery, told)  # noqa: E731
    assert [each["state"] for each in await take()] == ["applied"] * 4
    assert [each["state"] for each in await take()] == ["applied"] * 4
    assert sorted(outcomes) == ["0", "1", "2", "3"]
    assert [each for each in outcomes if each in "02"] == ["0", "2"]
    assert await records.callbacks.lanes() == []
