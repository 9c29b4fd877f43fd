"""Tickets of a desk that sends no callbacks are looked at; what changed there is entered once."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from mayday.domain.commands import Note
from mayday.domain.errors import Refused, Unreachable
from mayday.domain.incident import Board
from mayday.providers.calls import OurCall
from mayday.providers.inbound import Callback
from mayday.records.reviews import FollowUp, ReviewRecord
from starter import ticket_watch
from starter.ticket_watch import TicketWatch
from tests.starter.conftest import House


class Desk:
    """Knows one ticket."""

    name = "bmc"

    def __init__(self) -> None:
        self.states = {"INC000000000430": "Assigned"}
        self.silent = False
        self.asked = 0

    async def state(self, ticket: str) -> tuple[str, bool]:
        self.asked += 1
        if self.silent:
            raise Unreachable("bmc is not reachable", provider="bmc")
        if ticket not in self.states:
            raise Refused("bmc has no such ticket", provider="bmc")
        return self.states[ticket], self.states[ticket] == "Resolved"


async def with_ticket(house: House, ticket: str, service: str = "payments") -> str:
    incident = await house.declared(service)
    known = await house.parts.records.incidents.get(incident)
    assert known is not None
    board = Board.model_validate({
        **known.model_dump(include={"id", "workflow_id", "title", "severity", "status", "services", "drill"}),
        "opened_at": known.opened_at, "priority": "P1", "service": "payments", "ticket": ticket,
    })  # fmt: skip
    await house.parts.records.incidents.save(known.model_copy(update={"board": board}))
    return incident


def watch_of(house: House, desk: Desk) -> TicketWatch:
    parts = house.parts
    return TicketWatch({"bmc": desk}, parts.records, parts.callbacks, parts.clock, every=60)


def notes(house: House, incident: str) -> list[str]:
    return [sent.command.text for sent in house.run(incident).commands if isinstance(sent.command, Note)]


async def test_a_change_is_entered_once_and_the_first_state_is_none(house: House) -> None:
    desk = Desk()
    incident = await with_ticket(house, "INC000000000430")
    watch = watch_of(house, desk)
    assert [await watch.look(), await watch.look()] == [0, 0]
    desk.states["INC000000000430"] = "Resolved"
    assert [await watch.look(), await watch.look()] == [1, 0]
    assert notes(house, incident) == ["somebody in bmc: INC000000000430 is Resolved now"]
    # another starter, or the same after a restart, remembers what was told
    assert await watch_of(house, desk).look() == 0


async def test_a_silent_desk_and_anothers_ticket_stop_nothing(house: House) -> None:
    desk = Desk()
    await with_ticket(house, "MI-1001")
    watch = watch_of(house, desk)
    assert await watch.look() == 0
    desk.silent = True
    assert await watch.look() == 0


async def test_a_ticket_that_breaks_the_look_keeps_no_other_from_being_seen(house: House) -> None:
    """A bug with one ticket is logged; the watch goes on."""

    class Odd(Desk):
        async def state(self, ticket: str) -> tuple[str, bool]:
            if ticket == "MI-1001":
                raise KeyError("result")
            return await super().state(ticket)

    desk = Odd()
    incident = await with_ticket(house, "INC000000000430")
    await with_ticket(house, "MI-1001", "search")
    watch = watch_of(house, desk)
    await watch.look()
    desk.states["INC000000000430"] = "Resolved"
    assert await watch.look() == 1
    assert notes(house, incident) == ["somebody in bmc: INC000000000430 is Resolved now"]


async def test_the_watch_outlives_whatever_happens_in_a_round(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, rounds = watch_of(house, Desk()), asyncio.Event()
    watch._every = 0.0
    tries: list[int] = []

    async def look() -> int:
        tries.append(1)
        if len(tries) > 2:
            rounds.set()
            await asyncio.Event().wait()
        raise RuntimeError("a bug")

    monkeypatch.setattr(watch, "look", look)
    running = asyncio.create_task(watch.run())
    async with asyncio.timeout(5):
        await rounds.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_round_asks_no_more_than_it_may(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket_watch, "MOST", 1)
    desk = Desk()
    await with_ticket(house, "INC000000000430")
    watch = watch_of(house, desk)
    await watch.look()
    await watch.look()
    assert desk.asked == 2


async def test_the_tickets_of_follow_ups_are_looked_after_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await house.declared()
    action = FollowUp(
        incident_id=incident, id="A1", owner="ana", due_at=house.parts.clock(), data={"ticket": "INC000000000430"}
    )
    review = ReviewRecord(incident_id=incident, workflow_id=f"review/{incident}", state="draft", revision=1)
    await house.parts.records.reviews.save(review, [action])
    desk = Desk()
    told: list[tuple[str, OurCall | None, str, bool]] = []

    async def deliver(source: str, callback: Callback, at: datetime) -> dict[str, Any]:
        told.append((source, callback.call, callback.text, callback.over))
        return {"state": "applied"}

    watch = watch_of(house, desk)
    monkeypatch.setattr(house.parts.callbacks, "deliver", deliver)
    assert await watch.look() == 0
    desk.states["INC000000000430"] = "Resolved"
    assert [await watch.look(), await watch.look()] == [1, 0]
    assert told == [("bmc", OurCall(incident, "review:actions:A1", 1), "INC000000000430 is Resolved now", True)]
