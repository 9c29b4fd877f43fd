"""Random nights on the virtual clock and on Temporal's time-skipping server: the same timeline, and nothing wedges.

Hypothesis draws the nights, always the same; `make hunt` draws others. Each is played on the virtual clock, where
chance says what people do next. Then 25 of them are sung on one server, all at the same time.

What the server alone decides is in which order the answers of one moment come: its activities end in any order. So
each night is played on the virtual clock once more, with that order. Then nothing is left to chance, and the two
timelines have to be the same entry by entry, hash by hash, and so does what every command was answered
(docs/adr/0107). The rules hold in that order too, and the history replays.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, seed, settings
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from mayday.domain.commands import Answer
from mayday.domain.timeline import Entry, first_broken
from mayday.simulator.on_temporal import BUILD
from mayday.temporal.plugin import build_plugin
from tests.fuzz.chorus import Singer, sung_by_a_chorus
from tests.fuzz.play import Night, compiled, play, play_in_order
from tests.fuzz.referee import broken_rules
from tests.fuzz.strategies import calm_nights
from tests.fuzz.words import Body
from workflows.rehearsal import RehearsedIncident

#: nights that share a server, and of how many of them one is replayed as well
TOGETHER, REPLAYED = 25, 10
#: entries of one second; a handler that sets itself off writes hundreds, which take a real server a minute
MOST_AT_ONCE, SPARE = 60, 5
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


#: 50 nights in the tests, 1,000 more in the soak that are always the same, and as many fresh ones in the hunt
BATCHES = [
    *(pytest.param(number, id=f"few-{number}") for number in range(2)),
    *(pytest.param(number, id=f"many-{number}", marks=[pytest.mark.soak]) for number in range(2, 42)),
    *(pytest.param(None, id=f"fresh-{number}", marks=[pytest.mark.hunt]) for number in range(40)),
]


@pytest.mark.temporal
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", BATCHES)
async def test_random_nights_are_the_same_on_both_engines(number: int | None) -> None:
    nights = drawn(random.getrandbits(32) if number is None else number)
    assert len(nights) == TOGETHER
    async with sung_by_a_chorus([each.night for each in nights]) as singers:
        for place, (each, singer) in enumerate(zip(nights, singers, strict=True)):
            virtual, entries = play_in_order(each.night, singer.answered()), await singer.sung()
            histories = await singer.histories()
            found = [
                *differences(virtual, entries),
                *otherwise_answered(virtual, singer),
                *broken_rules(virtual.record),
                *(f"workflow task failed: {event}" for event in failed_tasks(histories)),
            ]
            assert not found, f"{each.name}: {found}\n{each.told}"
            assert entries[-1].kind == "finished", f"{each.name} has not ended\n{each.told}"
            if place % REPLAYED == 0:
                await every_one_replays(histories)


def differences(virtual: Night, entries: list[Entry]) -> Iterator[str]:
    """The first entry that differs: the chain's hashes say that there is one, whatever it is that differs in it."""
    if first_broken(entries) is not None:
        yield "the chain is broken"
    expected = virtual.entries
    for mine, theirs in zip(expected, entries, strict=False):
        if mine.hash != theirs.hash:
            yield f"on the virtual clock {_words(mine)}, on the server {_words(theirs)}"
            return
    for side, longer, length in (("virtual clock", expected, len(entries)), ("server", entries, len(expected))):
        if len(longer) > length:
            yield f"only the {side} has {_words(longer[length])}"


def otherwise_answered(virtual: Night, singer: Singer) -> Iterator[str]:
    """Commands that got another answer."""
    expected = [(cue.command, cue.answer) for cue in virtual.cues if cue.command is not None]
    for (command, mine), theirs in zip(expected, singer.answers, strict=True):
        if _short(mine) != _short(theirs):
            yield f"{command}: {_short(mine)} became {_short(theirs)}"


def failed_tasks(histories: list[WorkflowHistory]) -> Iterator[str]:
    """Workflow tasks that failed. One that took too long for the server is a busy machine's, and is given again."""
    for history in histories:
        for event in history.events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                yield str(event.workflow_task_failed_event_attributes)


async def every_one_replays(histories: list[WorkflowHistory]) -> None:
    for history in histories:
        # without the SDK's watch for deadlocks, which a busy machine looks like
        replayer = Replayer(workflows=[RehearsedIncident], plugins=[build_plugin()], build_id=BUILD, debug_mode=True)
        await replayer.replay_workflow(history)


def _words(entry: Entry) -> str:
    return f"{entry.seq} {entry.at} {entry.kind} {entry.step or '-'} by {entry.actor} {entry.data}"


def _short(answer: Answer | None) -> tuple[str | None, str | None]:
    code = answer.refusal.code if answer and answer.refusal else None
    return (answer.state if answer else None), code
