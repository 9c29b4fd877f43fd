"""A bundle: many calls in one activity, each with its own tries, its own limits and its own answer."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from datetime import timedelta
from typing import Any, get_type_hints

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.bundle import Bundles
from activities.dependencies import Dependencies
from activities.registry import build
from mayday.domain.bundles import BUNDLED, Bundle, BundledCall, BundleReceipt, CallOutcome
from mayday.domain.effects import PAGE, RESOLVE
from mayday.temporal.bundles import carried, one_or_all


def calls(*kinds: str, one_try_s: float = 5, tries: int = 3) -> Bundle:
    """A call of each kind, under a key of its own."""
    return Bundle(
        incident_id="INC-1",
        calls=[
            BundledCall(key=f"{kind}#1", kind=kind, payload={"of": kind}, one_try_s=one_try_s, tries=tries)
            for kind in kinds
        ],
    )


class House:
    """Does calls: `errors` by kind are raised one after the other, what is in `hanging` waits for `let_go`."""

    def __init__(self, errors: dict[str, list[Exception]] | None = None, hanging: set[str] | None = None) -> None:
        self.errors = errors or {}
        self.hanging = hanging or set()
        self.let_go = asyncio.Event()
        self.asked: Counter[str] = Counter()
        self.told: list[list[CallOutcome]] = []
        self.cancelled: list[str] = []

    async def carry(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.asked[kind] += 1
        if kind in self.hanging:
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                self.cancelled.append(kind)
                raise
        if self.errors.get(kind):
            raise self.errors[kind].pop(0)
        return {"did": payload["of"]}

    async def tell(self, incident: str, outcomes: list[CallOutcome]) -> None:
        assert incident == "INC-1"
        self.told.append(outcomes)
        if sum(len(each) for each in self.told) >= 2:
            self.let_go.set()


def by_key(receipt: BundleReceipt) -> dict[str, CallOutcome]:
    return {outcome.key.removesuffix("#1"): outcome for outcome in receipt.outcomes}


async def test_all_calls_are_under_way_at_the_same_time() -> None:
    together = asyncio.Barrier(3)

    async def carry(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        await together.wait()
        return payload

    receipt = await carried(calls("a", "b", "c"), carry)
    assert [outcome.value for outcome in receipt.outcomes] == [{"of": "a"}, {"of": "b"}, {"of": "c"}]


async def test_a_call_that_hangs_keeps_nobody_waiting() -> None:
    """What is known is told, once; the receipt has all of it."""
    house = House(hanging={"b"})
    receipt = await carried(calls("a", "b", "c"), house.carry, house.tell, patience_s=0.02)
    assert [[outcome.key for outcome in told] for told in house.told] == [["a#1", "c#1"]]
    assert [outcome.key for outcome in receipt.outcomes] == ["a#1", "c#1", "b#1"]


async def test_a_bundle_that_is_quick_tells_nothing_early() -> None:
    house = House()
    await carried(calls("a", "b"), house.carry, house.tell, patience_s=0.5)
    assert house.told == []


async def test_a_failure_that_may_pass_is_tried_again_and_the_others_are_not() -> None:
    house = House({"a": [ApplicationError("503", type="broken"), ApplicationError("503", type="broken")]})
    receipt = await carried(calls("a", "b"), house.carry, pause_s=0)
    assert by_key(receipt)["a"].value == {"did": "a"}
    assert house.asked == {"a": 3, "b": 1}


async def test_a_final_failure_is_not_tried_again() -> None:
    house = House({"a": [ApplicationError("nobody of that name", type="refused", non_retryable=True)]})
    outcome = by_key(await carried(calls("a", "b"), house.carry, pause_s=0))["a"]
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.message) == ("refused", "nobody of that name")
    assert house.asked["a"] == 1


async def test_tries_end_with_what_the_last_one_said() -> None:
    house = House({"a": [ApplicationError("502", type="broken"), ApplicationError("gone", type="unreachable")]})
    outcome = by_key(await carried(calls("a", tries=2), house.carry, pause_s=0))["a"]
    assert outcome.failure is not None
    assert outcome.failure.code == "unreachable"


async def test_a_try_that_is_never_answered_ends_and_is_told_as_a_timeout() -> None:
    house = House(hanging={"a"})
    outcome = by_key(await carried(calls("a", one_try_s=0.02, tries=2), house.carry, pause_s=0))["a"]
    assert outcome.failure is not None
    assert outcome.failure.code == "timeout"
    assert house.cancelled == ["a", "a"]


async def test_a_provider_that_wants_to_be_left_alone_for_long_is_called_outside_of_bundles() -> None:
    """Temporal holds such a call back; a bundle would keep its worker's place for as long."""
    busy = ApplicationError("429", type="rate_limited", next_retry_delay=timedelta(minutes=5))
    house = House({"a": [busy]})
    outcome = by_key(await carried(calls("a", "b"), house.carry))["a"]
    assert outcome.again
    assert (outcome.value, outcome.failure) == (None, None)
    assert house.asked["a"] == 1


async def test_a_short_pause_that_the_provider_asks_for_is_kept() -> None:
    soon = ApplicationError("429", type="rate_limited", next_retry_delay=timedelta(milliseconds=20))
    house = House({"a": [soon]})
    receipt = await carried(calls("a"), house.carry, pause_s=3600)
    assert by_key(receipt)["a"].value == {"did": "a"}


async def test_a_defect_of_one_call_is_a_failure_of_that_call() -> None:
    house = House({"a": [KeyError("a defect of ours")] * 3})
    outcomes = by_key(await carried(calls("a", "b"), house.carry, pause_s=0))
    assert outcomes["a"].failure is not None
    assert outcomes["a"].failure.code == "KeyError"
    assert outcomes["b"].value == {"did": "b"}


async def test_a_worker_that_stops_leaves_nothing_running() -> None:
    house = House(hanging={"a", "b"})
    bundle = asyncio.create_task(carried(calls("a", "b"), house.carry))
    while house.asked.total() < 2:
        await asyncio.sleep(0)
    bundle.cancel()
    with pytest.raises(asyncio.CancelledError):
        await bundle
    assert sorted(house.cancelled) == ["a", "b"]


async def test_one_activity_for_every_kind_takes_single_calls_and_bundles() -> None:
    house = House()
    assert await one_or_all("a", {"of": "a"}, house.carry) == {"did": "a"}
    receipt = await one_or_all("effects.bundle", calls("a", "b").model_dump(mode="json"), house.carry)
    assert [outcome["value"] for outcome in receipt["outcomes"]] == [{"did": "a"}, {"did": "b"}]


def test_the_worker_has_every_kind_that_comes_in_bundles(dependencies: Dependencies) -> None:
    """And takes for each what its activity takes."""
    [bundles] = [each.__self__ for each in build(dependencies) if isinstance(getattr(each, "__self__", None), Bundles)]
    assert set(bundles.bundled) == BUNDLED
    for kind, bundled in bundles.bundled.items():
        [name] = list(inspect.signature(bundled.does).parameters)
        assert get_type_hints(bundled.does)[name] is bundled.takes, kind


async def test_the_receipt_of_a_bundled_call_is_that_of_the_activity(dependencies: Dependencies) -> None:
    [bundles] = [each.__self__ for each in build(dependencies) if isinstance(getattr(each, "__self__", None), Bundles)]
    resolve = {"effect_key": "INC-1/a#1", "targets": ["person.ana"], "fallback": {}}
    bundle = Bundle(
        incident_id="INC-1",
        calls=[
            BundledCall(key="a#1", kind=RESOLVE, payload=resolve, one_try_s=5, tries=1),
            BundledCall(key="b#1", kind=PAGE, payload={"effect_key": "no page at all"}, one_try_s=5, tries=1),
            BundledCall(key="c#1", kind="change.execute", payload={}, one_try_s=5, tries=1),
        ],
    )
    receipt = await ActivityEnvironment().run(bundles.carry, bundle)
    resolved, unreadable, foreign = receipt.outcomes
    assert resolved.value is not None
    assert resolved.value["people"] == {"person.ana": ["ana"]}
    assert unreadable.failure is not None
    assert unreadable.failure.code == "ValidationError"
    assert foreign.failure is not None
    assert foreign.failure.code == "NotFoundError"
