"""What a workflow task asks for travels together, and what one provider does holds up nobody else: on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from mayday.domain import effects as fx
from mayday.domain.bundles import BUNDLE, TOLD_SIGNAL, BundledCall, BundleNotice, CallOutcome
from mayday.domain.incident import StartInput
from mayday.signing import Signer
from mayday.simulator.desk import ScenarioDesk
from mayday.temporal.bundles import Tell, calls_of
from mayday.temporal.histories import replay
from tests.workflows.test_on_a_real_server import Providers, client, opened, until, worker
from tests.workflows.test_signed_decisions import pinned, records, refusals, signer
from workflows import bundles
from workflows.bundles import Parcel
from workflows.errands import Errands
from workflows.incident import IncidentWorkflow

__all__ = ["client", "records", "signer"]

pytestmark = pytest.mark.temporal

Opening = tuple[StartInput, ScenarioDesk]
Run = WorkflowHandle[Any, Any]


async def kinds_of(handle: Run) -> list[str]:
    """The activities that the run asked for."""
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in (await handle.fetch_history()).events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]


async def replayed(handle: Run) -> None:
    await replay(await handle.fetch_history(), workflows=[IncidentWorkflow])


async def paged(handle: Run, providers: Providers, page: str) -> dict[str, Any]:
    """The entry that says whom a page reached, once it is there."""
    while True:
        waiting: list[dict[str, Any]] = await handle.query("timeline", 0, result_type=list[dict[str, Any]])
        for entry in [*providers.stored, *waiting]:
            if entry["kind"] == "paged" and entry["data"]["page"] == page:
                return entry
        await asyncio.sleep(0.05)


def telling(client: Client, signer: Signer) -> Tell:
    async def tell(incident: str, outcomes: list[CallOutcome]) -> None:
        info = activity.info()
        handle = client.get_workflow_handle(info.workflow_id or "", run_id=info.workflow_run_id)
        await handle.signal(TOLD_SIGNAL, await signer.for_bundle(incident, BundleNotice(outcomes=outcomes)))

    return tell


async def test_calls_of_one_task_leave_in_one_activity(client: Client, opening: Opening) -> None:
    start, desk = opening
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        await paged(handle, providers, "wake")
        asked = await calls_of(await handle.fetch_history())
        assert BUNDLE in await kinds_of(handle)
        assert fx.PAGE not in await kinds_of(handle)
        assert [payload["page"] for kind, payload in asked if kind == fx.PAGE].count("wake") == 1
        await replayed(handle)


async def test_a_start_of_before_asks_for_each_call_alone(client: Client, opening: Opening) -> None:
    start, desk = opening
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start.model_copy(update={"edition": 2}))
        await paged(handle, providers, "wake")
        kinds = await kinds_of(handle)
    assert BUNDLE not in kinds
    assert fx.PAGE in kinds


async def test_a_page_that_hangs_keeps_no_answer_waiting(client: Client, opening: Opening, signer: Signer) -> None:
    """The first call hangs for as long as a try may take; whom the other one reached is known long before."""
    start, desk = await pinned(opening, signer, "hangs")
    providers = Providers(desk, slow={fx.PAGE: 60.0})
    providers.tell = telling(client, signer)
    async with worker(client, providers):
        handle = await opened(client, start)
        async with asyncio.timeout(10):
            await paged(handle, providers, "wake")
        pending = (await handle.describe()).raw_description.pending_activities
        assert [each.activity_type.name for each in pending] == [BUNDLE]
        await paged(handle, providers, "change")  # by its second try
        waiting: list[dict[str, Any]] = await handle.query("timeline", 0, result_type=list[dict[str, Any]])
        entries = {entry["hash"]: entry for entry in [*providers.stored, *waiting]}
        pages = [entry["data"]["page"] for entry in entries.values() if entry["kind"] == "paged"]
        assert sorted(pages) == ["change", "wake"]
        assert not await refusals(handle, providers)
        await replayed(handle)


async def test_nobody_outside_can_answer_for_a_provider(client: Client, opening: Opening, signer: Signer) -> None:
    start, desk = await pinned(opening, signer, "forged")
    providers = Providers(desk, slow={fx.PAGE: 60.0})
    notice = BundleNotice(outcomes=[CallOutcome(key="wake#1", value={"paged": [{"person": "mallory", "target": "x"}]})])
    async with worker(client, providers):
        handle = await opened(client, start)
        await until(handle, providers, "gate_opened")
        made_up = {"command": notice.model_dump(mode="json")}
        for envelope in (made_up, await signer.for_bundle("INC-other", notice), {"command": {"outcomes": 7}}, None):
            await handle.signal(TOLD_SIGNAL, envelope)
        refused = await refusals(handle, providers)
        assert [entry["data"]["code"] for entry in refused] == ["unsigned", "unsigned", "invalid", "invalid"]
        waiting: list[dict[str, Any]] = await handle.query("timeline", 0, result_type=list[dict[str, Any]])
        assert "mallory" not in str([*providers.stored, *waiting])
        await replayed(handle)


async def test_what_nobody_awaits_changes_nothing(client: Client, opening: Opening, signer: Signer) -> None:
    start, desk = await pinned(opening, signer, "unasked")
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        before = await paged(handle, providers, "wake")
        notice = BundleNotice(outcomes=[CallOutcome(key="wake#1", value={}), CallOutcome(key="none#1", value={})])
        await handle.signal(TOLD_SIGNAL, await signer.for_bundle(start.id, notice))
        assert await paged(handle, providers, "wake") == before
        assert not await refusals(handle, providers)
        await replayed(handle)


class OldWorker(Providers):
    """Knows every call and no bundle, as the version before did."""

    def activity(self) -> Any:
        whole = super().activity()

        @activity.defn(dynamic=True)
        async def any_effect(args: Sequence[RawValue]) -> dict[str, Any]:
            if activity.info().activity_type == BUNDLE:
                raise ApplicationError("the catalog has no action effects.bundle", type="refused", non_retryable=True)
            answer: dict[str, Any] = await whole(args)
            return answer

        return any_effect


async def test_a_worker_that_knows_no_bundles_loses_no_page(client: Client, opening: Opening) -> None:
    """Two versions beside each other while they are exchanged: what the old one cannot carry is asked for alone."""
    start, desk = opening
    providers = OldWorker(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        await paged(handle, providers, "wake")
        await paged(handle, providers, "change")
        kinds = await kinds_of(handle)
        await replayed(handle)
    assert kinds.count(fx.PAGE) == providers.calls.count(fx.PAGE) == 2


async def test_a_provider_that_wants_a_long_pause_gets_it_from_temporal(client: Client, opening: Opening) -> None:
    start, desk = opening
    providers = Limited(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        await paged(handle, providers, "change")
        kinds = await kinds_of(handle)
        [held_back] = (await handle.describe()).raw_description.pending_activities
        await replayed(handle)
    assert kinds.count(fx.PAGE) == 1
    assert held_back.activity_type.name == fx.PAGE
    assert held_back.current_retry_interval.seconds == Limited.PAUSE.seconds


class Limited(Providers):
    """A pager that takes no call for `wake` for a long while."""

    PAUSE = timedelta(minutes=7)

    async def carry_out(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        if payload.get("page") == "wake":
            raise ApplicationError("429", type="rate_limited", next_retry_delay=self.PAUSE)
        return await super().carry_out(kind, payload)


def parcel(key: str, answers: list[str]) -> Parcel:
    async def alone() -> None:
        raise AssertionError("nothing is asked for twice")

    call = BundledCall(key=key, kind=fx.PAGE, payload={}, one_try_s=1, tries=1)
    return Parcel(call=call, summary=key, alone=alone, then=lambda answer: answers.append(f"{key}: {answer}"))


async def test_each_answer_of_a_bundle_takes_its_own_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that follows from one comes before the next, as if they had come one by one; told twice, it counts once."""

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(bundles, "_carried", never)
    errands, answers = Errands(), list[str]()
    ours = bundles.Bundles(errands, "INC-1")
    ours.add(parcel("a", answers))
    ours.add(parcel("b", answers))
    ours.leave()
    assert errands.asked == 1
    ours.told([CallOutcome(key="a", value={"n": 1}), CallOutcome(key="b", value={"n": 2})])
    ours.told([CallOutcome(key="a", value={"n": 3})])
    assert answers == []
    assert errands.take()
    assert answers == ["a: {'n': 1}"]
    assert errands.take()
    assert not errands.take()
    assert answers == ["a: {'n': 1}", "b: {'n': 2}"]
    assert not errands.none_out  # the bundle itself is not back
