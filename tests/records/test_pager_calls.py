"""What vendors were asked to ring is written down before it leaves, once."""

from __future__ import annotations

from datetime import timedelta

from mayday.records import Records
from tests.stores import Clock

VALUES = {
    "incident_id": "INC-1", "page": "page_payments", "purpose": "page", "person": "raj", "target": "person.raj",
    "channel": "push", "urgent": True,
}  # fmt: skip
KEY = "INC-1/page_payments#1/raj/push"


async def test_the_second_try_learns_of_the_first(records: Records, clock: Clock) -> None:
    calls = records.pager_calls
    assert await calls.begin(KEY, "twilio", VALUES) is None
    clock.forward(seconds=3)
    earlier = await calls.begin(KEY, "twilio", VALUES)
    assert earlier is not None
    assert (earlier.state, earlier.ref, clock() - earlier.begun_at) == ("calling", None, timedelta(seconds=3))
    assert await calls.begin(KEY, "opsgenie", VALUES) is None  # another vendor's call is another one
    await calls.forget(KEY, "twilio")
    assert await calls.begin(KEY, "twilio", VALUES) is None


async def test_what_was_answered_or_stopped_never_rings_again(records: Records) -> None:
    calls = records.pager_calls
    await calls.begin(KEY, "twilio", VALUES)
    assert await calls.note(KEY, "twilio", "ringing", "CA1")
    assert await calls.note(KEY, "twilio", "acknowledged")
    assert not await calls.note(KEY, "twilio", "ringing")
    assert await calls.note(KEY, "twilio", "closed")
    assert not await calls.note(KEY, "twilio", "closed")
    [call] = await calls.find(incident_id="INC-1", page="page_payments", states=["closed"])
    assert call.ref == "CA1"
    await calls.forget(KEY, "twilio")  # only a call of which nothing is known is forgotten
    assert len(await calls.find(provider="twilio")) == 1


async def test_calls_are_found_below_an_effect_and_the_newest_when_there_are_many(
    records: Records, clock: Clock
) -> None:
    calls = records.pager_calls
    for number in range(4):
        clock.forward(minutes=1)
        await calls.begin(f"INC-1/page_payments#{number}/raj/push", "twilio", VALUES)
    assert len(await calls.find(under="INC-1/page_payments#1")) == 1
    newest = await calls.find(limit=2, newest=True)
    assert [call.effect_key[20] for call in newest] == ["2", "3"]
    assert len(await calls.find(since=clock() - timedelta(seconds=90))) == 2
