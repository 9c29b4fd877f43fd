"""A storm: how many alerts a second are accepted for one incident, beside one signal an alert.

An alert counts as accepted when its request is answered 202: it is in the inbox, or signalled. `handled` is the rate
until the incident has them all. Rounds of signals and of alerts alternate, and what stands in the middle counts.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from temporalio.client import Client

from bench.figures import Figure
from bench.house import House, mayday_up, workshop
from bench.progress import say
from bench.raw_worker import QUEUE, raw_client, raw_worker
from bench.raw_workflows import SignalSink
from bench.scenario import Stage
from bench.sender import Sender, batches, notification
from bench.sizes import Sizes
from mayday.domain.incident import Board

NAME = "storm"
RATIO_AIMED_AT = 5.0
HANDLED_WITHIN_SECONDS = 120


class Round(NamedTuple):
    """Alerts accepted, alerts handled, and raw signals: each a second."""

    accepted: float
    handled: float
    signals: float


async def run(sizes: Sizes, stage: Stage) -> Figure:
    rounds: list[Round] = []
    with workshop() as folder:
        async with mayday_up(folder) as house:
            client = await raw_client(house.temporal)
            opened = await _open(house)
            for number in range(sizes.storm_rounds):
                async with raw_worker(client):
                    signals = await _signals(client, sizes, number)
                accepted, handled = await _storm(house, opened, sizes, number)
                rounds.append(Round(accepted, handled, signals))
                say(f"  {accepted:,.0f} alerts/s against {signals:,.0f} signals/s")

    def middle(of: Callable[[Round], float]) -> float:
        return statistics.median(map(of, rounds))

    ratio = {
        "accepted": middle(lambda each: each.accepted / each.signals),
        "handled": middle(lambda each: each.handled / each.signals),
    }
    return Figure(
        name=NAME,
        what=f"alerts accepted (202) in notifications of {sizes.storm_alerts_a_body} over {sizes.storm_connections} "
        "connections, all of one incident; floor: one signal an alert to a hand-written workflow",
        aim=f"at least {RATIO_AIMED_AT} x the raw signal rate",
        measured={
            "accepted_per_s": middle(lambda each: each.accepted),
            "handled_per_s": middle(lambda each: each.handled),
        },
        floor={"signals_per_s": middle(lambda each: each.signals)},
        ratio=ratio,
        met=ratio["accepted"] >= RATIO_AIMED_AT,
        detail={
            "alerts": sizes.storm_alerts,
            "signals": sizes.storm_signals,
            "rounds": [{"accepted": round(each.accepted), "signals": round(each.signals)} for each in rounds],
        },
    )


async def _signals(client: Client, sizes: Sizes, number: int) -> float:
    """Signals a second, `storm_signals_at_once` under way."""
    handle = await client.start_workflow(SignalSink.run, id=f"storm-{number}", task_queue=QUEUE)
    labels = {"alertname": "PaymentsDown", "service": "payments", "severity": "critical", "instance": "10.0.0.1:9100"}
    left = iter(range(sizes.storm_signals))

    async def send() -> None:
        for number in left:
            await handle.signal(SignalSink.alert, {**labels, "case": f"case-{number}"})

    started = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(sizes.storm_signals_at_once)))
    rate = sizes.storm_signals / (time.perf_counter() - started)
    await handle.signal(SignalSink.end)
    await handle.result()
    return rate


async def _open(house: House) -> str:
    """The workflow id of the incident that the storm is about."""
    async with Sender(house.url) as sender:
        [touched] = await sender.post(sender.request(notification(NAME, ["first"], number=999_999)))
    return str(touched["workflow_id"])


async def _storm(house: House, workflow_id: str, sizes: Sizes, number: int) -> tuple[float, float]:
    """Alerts accepted, and handled by the incident, a second."""
    before, bodies = await _seen(house, workflow_id), list(_bodies(sizes, number))
    waiting = iter(bodies)

    async def send() -> None:
        async with Sender(house.url) as sender:
            for body in waiting:
                await sender.post(sender.request(body))

    started = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(sizes.storm_connections)))
    accepted = time.perf_counter() - started
    async with asyncio.timeout(HANDLED_WITHIN_SECONDS):
        while await _seen(house, workflow_id) < before + sizes.storm_alerts:  # noqa: ASYNC110 - only a query can tell
            await asyncio.sleep(0.05)
    handled = time.perf_counter() - started
    return sizes.storm_alerts / accepted, sizes.storm_alerts / handled


def _bodies(sizes: Sizes, storm: int) -> Iterator[bytes]:
    for number, count in enumerate(batches(sizes.storm_alerts, sizes.storm_alerts_a_body), storm * sizes.storm_alerts):
        yield notification(NAME, [f"{number}-{index}" for index in range(count)], number=number)


async def _seen(house: House, workflow_id: str) -> int:
    board: Board = await house.client.get_workflow_handle(workflow_id).query("board", result_type=Board)
    return board.alerts
