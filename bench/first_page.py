"""From the webhook to the first page: what an outage costs before anybody is woken."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from temporalio import activity

from activities.bundle import Bundles
from bench.figures import Figure, spread
from bench.house import Activity, mayday_up, workshop
from bench.progress import say
from bench.raw_worker import BEGUN, QUEUE, raw_client, raw_worker
from bench.raw_workflows import FirstActivity
from bench.scenario import Stage
from bench.sender import Sender, notification
from bench.sizes import Sizes
from mayday.domain.bundles import BUNDLE
from mayday.domain.effects import PAGE, PageReceipt, PageRequest

NAME = "first_page"
RATIO_AIMED_AT = 1.5
PATIENCE_SECONDS = 30
SETTLES_SECONDS = 0.1


class FirstPages:
    """When the first page of each incident reached its activity."""

    def __init__(self) -> None:
        self._rang: dict[str, asyncio.Future[float]] = {}

    def of(self, incident: str) -> asyncio.Future[float]:
        return self._rang.setdefault(incident, asyncio.get_running_loop().create_future())

    def watch(self, each: Activity) -> Activity:
        name = activity._Definition.must_from_callable(each).name
        if name == BUNDLE:  # a page may also come with other calls
            bundles: Bundles = each.__self__  # type: ignore[attr-defined]
            watched = bundles.bundled[PAGE]._replace(does=self._watched(bundles.bundled[PAGE].does))
            bundles.bundled = {**bundles.bundled, PAGE: watched}
        return self._watched(each) if name == PAGE else each

    def _watched(self, does: Activity) -> Activity:
        @activity.defn(name=PAGE)
        async def page_responder(request: PageRequest) -> PageReceipt:
            now, rang = time.perf_counter(), self.of(request.incident.id)
            if not rang.done():
                rang.set_result(now)
            receipt: PageReceipt = await does(request)
            return receipt

        return page_responder


async def run(sizes: Sizes, stage: Stage) -> Figure:
    pages = FirstPages()
    ours: list[float] = []
    theirs: list[float] = []
    with workshop() as folder:
        async with mayday_up(folder, watch=pages.watch) as house:
            client = await raw_client(house.temporal)
            async with raw_worker(client), Sender(house.url) as sender:
                for number in range(-sizes.first_page_warm_ups, sizes.first_page_samples):
                    request = sender.request(
                        notification(NAME, [f"case-{number}"], number=number + sizes.first_page_warm_ups)
                    )
                    started = time.perf_counter()
                    [touched] = await sender.post(request)
                    mine = await asyncio.wait_for(pages.of(touched["id"]), PATIENCE_SECONDS) - started
                    await _calm(house.client, touched["workflow_id"])

                    started = time.perf_counter()
                    handle = await client.start_workflow(
                        FirstActivity.run, "Payments down", id=f"raw-{number}", task_queue=QUEUE,
                        request_eager_start=True,
                    )  # fmt: skip
                    await handle.result()
                    raw = BEGUN[handle.id] - started
                    if number >= 0:
                        ours.append(mine)
                        theirs.append(raw)
                    if number % 20 == 0:
                        say(f"  {mine * 1000:.1f} ms against {raw * 1000:.1f} ms")
    mine_spread, raw_spread = spread(ours), spread(theirs)
    ratio = {name: mine_spread[f"{name}_ms"] / raw_spread[f"{name}_ms"] for name in ("p50", "p99")}
    ratio["paired_p50"] = statistics.median(mine / raw for mine, raw in zip(ours, theirs, strict=True))
    return Figure(
        name=NAME,
        what="POST of an Alertmanager notification to the first page's activity, payments_sev1, one incident after the "
        "other; floor: eager start of a hand-written workflow to its first activity",
        aim=f"p50 and p99 at most {RATIO_AIMED_AT} x raw start-to-first-activity",
        measured=mine_spread,
        floor=raw_spread,
        ratio=ratio,
        met=ratio["p50"] <= RATIO_AIMED_AT and ratio["p99"] <= RATIO_AIMED_AT,
        detail={"samples": len(ours)},
    )


async def _calm(client: Any, workflow_id: str) -> None:
    """Let the incident do what else it begins with, then take it away: every sample meets the same machine."""
    await asyncio.sleep(SETTLES_SECONDS)
    await client.get_workflow_handle(workflow_id).terminate("measured")
    await asyncio.sleep(SETTLES_SECONDS)
