"""Random nights on the virtual clock and on Temporal's time-skipping server: the same timeline, and nothing wedges.

Hypothesis draws the nights, always the same; `make hunt` draws others. Each is refereed on the virtual clock, then
some of them are sung on one server. One that differs is sung once more with the server to itself, since the server's
clock runs on while the machine is busy with others.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, seed, settings
from temporalio.api.enums.v1 import EventType
from temporalio.worker import Replayer

from mayday.domain.timeline import Entry, first_broken
from mayday.simulator.comparison import RECEIPTS, roots_of, same_timeline
from mayday.simulator.on_temporal import BUILD
from mayday.simulator.runner import ATTEMPTS
from mayday.simulator.stage import Stranded
from mayday.temporal.plugin import build_plugin
from tests.fuzz.chorus import chorus
from tests.fuzz.play import Night, compiled, play
from tests.fuzz.referee import broken_rules
from tests.fuzz.strategies import calm_nights
from tests.fuzz.words import Body
from workflows.rehearsal import RehearsedIncident

#: nights that share a server, and of how many of them one is replayed as well
TOGETHER, REPLAYED = 25, 10
#: entries of one second; a handler that sets itself off writes hundreds, for which a real server's second is too short
MOST_AT_ONCE, SPARE = 60, 5
FAILED = (EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT)
DRAW = settings(
    max_examples=TOGETHER + SPARE,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Drawn:
    """A night, and the runbooks and deeds it came from as JSON."""

    name: str
    night: Night
    told: str


def drawn(number: int) -> list[Drawn]:
    """The nights that a number stands for, played on the virtual clock; the rules held in each of them."""
    found: list[Drawn] = []

    def check(bodies: tuple[Body, Body, Body]) -> None:
        runbook, called, night = bodies
        plan, library = compiled(runbook, called)
        played = play(plan, library, night)
        assert broken_rules(played.record) == []
        if max(Counter(entry.at[:19] for entry in played.entries).values()) > MOST_AT_ONCE:
            return
        found.append(Drawn(f"night {len(found)} of {number}", played, json.dumps(bodies)))

    DRAW(seed(number)(given(calm_nights())(check)))()
    return found[:TOGETHER]


#: 50 nights in the tests; the hunt has 1,000 more that are always the same, and as many fresh ones
BATCHES = [
    *(pytest.param(number, id=f"few-{number}") for number in range(2)),
    *(pytest.param(number, id=f"many-{number}", marks=[pytest.mark.hunt]) for number in range(2, 42)),
    *(pytest.param(None, id=f"fresh-{number}", marks=[pytest.mark.hunt]) for number in range(40)),
]


@pytest.mark.temporal
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", BATCHES)
async def test_random_nights_are_the_same_on_both_engines(number: int | None) -> None:
    nights = drawn(random.getrandbits(32) if number is None else number)
    assert len(nights) == TOGETHER
    suspects = await looked_at(nights)
    for drawing in [each for each in nights if each.name in suspects]:
        alone = await looked_at([drawing], alone=True)
        assert not alone, f"{alone}\n{drawing.told}"


async def looked_at(nights: list[Drawn], *, alone: bool = False) -> dict[str, list[str]]:
    """What differs; sung on a new server where one has lost a night (mayday/simulator/stranded.py)."""
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(Stranded):
            return await differences(nights, alone=alone)
    return await differences(nights, alone=alone)


async def differences(nights: list[Drawn], *, alone: bool = False) -> dict[str, list[str]]:
    """How each night's timeline on the server differs, for those that do.

    `alone`: at a second look, an answer of an effect may come before or after what its lane does at the same moment.
    """
    found: dict[str, list[str]] = {}
    async with chorus() as together:
        singers = await together.sing([each.night for each in nights])
        for number, (each, singer) in enumerate(zip(nights, singers, strict=True)):
            entries = await singer.sung()
            expected, came = loosened(each.night.entries, alone), loosened(entries, alone)
            differs = [*singer.answered_otherwise, *same_timeline(expected, came, roots_of(each.night.plan))]
            if first_broken(entries) is not None:
                differs.append("the chain is broken")
            for history in await singer.histories():
                assert not [event for event in history.events if event.event_type in FAILED], each.told
                if number % REPLAYED == 0:
                    # without the SDK's watch for deadlocks, which a busy machine looks like
                    replayer = Replayer(
                        workflows=[RehearsedIncident], plugins=[build_plugin()], build_id=BUILD, debug_mode=True
                    )
                    await replayer.replay_workflow(history)
            if differs:
                found[each.name] = differs
    return found


def loosened(entries: list[Entry], alone: bool) -> list[Entry]:
    """The entries without an order that is left to chance.

    A brief lists what is open in the order in which it was opened, and a page's people come in the order in which their
    answers did; lanes have none within two seconds. `alone`: receipts stand in lanes of their own, whoever of several
    targets was asked first, and how long the night was is not counted to the second.
    """

    def loose(entry: Entry) -> Entry:
        brief = entry.data.get("brief")
        data = {**entry.data, "brief": sorted(brief.splitlines())} if isinstance(brief, str) else dict(entry.data)
        apart = alone and entry.kind in RECEIPTS
        if entry.kind == "page_exhausted":
            data["paged"] = sorted(data["paged"])
        if apart:
            data.pop("targets", None)
        if alone and entry.kind == "finished":
            data.pop("seconds", None)
        return entry.model_copy(update={"data": data, "step": f"receipts:{entry.step}" if apart else entry.step})

    return [loose(entry) for entry in entries]
