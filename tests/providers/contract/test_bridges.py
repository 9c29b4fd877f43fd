"""What every bridge provider has to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mayday.domain.errors import ProviderError, Unreachable
from mayday.domain.ports import BridgeOrder
from mayday.language.catalog import Catalog
from tests.doubles.google import Google
from tests.doubles.graph import Graph
from tests.doubles.server import Double
from tests.doubles.zoom import Zoom
from tests.providers.contract.outcomes import HOSTILE, LONG, OUTCOMES, Outcome, assert_no_secret, raises_cleanly
from tests.providers.contract.stand import Stand, incident, named, stand

VENDORS: list[type[Double]] = [Zoom, Graph, Google]


@pytest.fixture(params=[*VENDORS, None], ids=named)
async def bridge(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    async with stand(request.param, "bridge", "bridges", tmp_path, catalog, monkeypatch) as opened:
        yield opened


@pytest.fixture(params=VENDORS, ids=named)
async def outside(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    """The same without the desk, which has no network to fail."""
    async with stand(request.param, "bridge", "bridges", tmp_path, catalog, monkeypatch) as opened:
        yield opened


def order(key: str = "INC-1/open_bridge#1", **more: object) -> BridgeOrder:
    return BridgeOrder.model_validate({"effect_key": key, "incident": incident(), "name": "INC0001 war room", **more})


async def test_a_bridge_can_be_joined_and_is_opened_once(bridge: Stand) -> None:
    first = await bridge.port.open(order())
    assert first.url.startswith("https://")
    assert await bridge.port.open(order()) == first
    other = await bridge.port.open(order("INC-1/management#1", name="management"))
    assert other.url != first.url


async def test_closing_ends_the_incidents_bridges_and_nobody_elses(bridge: Stand) -> None:
    await bridge.port.open(order())
    await bridge.port.open(order("INC-1/management#1"))
    theirs = incident(id="INC-2")
    await bridge.port.open(order("INC-2/open_bridge#1", incident=theirs))
    assert await bridge.port.close("INC-1/archive#1", incident()) == 2
    assert await bridge.port.close("INC-1/archive#1", incident()) == 2  # the first answer again
    assert await bridge.port.close("INC-2/archive#1", theirs) == 1
    assert await bridge.port.close("INC-3/archive#1", incident(id="INC-3")) == 0


async def test_a_long_and_hostile_name_is_taken(bridge: Stand) -> None:
    for number, name in enumerate((LONG, HOSTILE)):
        ref = await bridge.port.open(order(f"INC-1/b#{number}", name=name, incident=incident(title=name)))
        assert ref.url


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_every_failure_has_its_error(outside: Stand, outcome: Outcome) -> None:
    await outside.port.open(order("INC-1/before#1"))  # logged in
    outcome.arrange(outside.double)
    with raises_cleanly(outcome.errors, outside.double):
        await outside.port.open(order())


@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
async def test_a_bridge_whose_answer_is_lost_is_found_again(outside: Stand, how: str) -> None:
    await outside.port.open(order("INC-1/before#1"))  # logged in
    outside.double.fail(how)  # type: ignore[arg-type]
    ref = await _again(outside, order())
    assert await outside.port.open(order()) == ref
    assert await outside.port.close("INC-1/archive#1", incident()) == 2


async def test_a_bridge_that_never_came_about_is_opened_at_the_next_try(outside: Stand) -> None:
    await outside.port.open(order("INC-1/before#1"))
    outside.double.fail("timeout_before")
    try:
        await outside.port.open(order())
    except ProviderError as error:
        assert error.retryable  # noqa: PT017 - a vendor with a key of its own is simply asked again
        assert_no_secret(str(error), outside.double)
    assert (await outside.port.open(order())).url
    assert await outside.port.close("INC-1/archive#1", incident()) == 2


async def test_who_is_not_there_is_unreachable(outside: Stand) -> None:
    await outside.double.stop()
    with raises_cleanly((Unreachable,), outside.double):
        await outside.port.open(order())


async def test_two_tries_at_once_agree(bridge: Stand) -> None:
    refs = await asyncio.gather(*(bridge.port.open(order()) for _ in range(2)), return_exceptions=True)
    assert not [each for each in refs if not isinstance(each, ProviderError) and isinstance(each, BaseException)]
    assert len({each.url for each in refs if not isinstance(each, BaseException)}) == 1


async def _again(bridge: Stand, wanted: BridgeOrder) -> object:
    """As an activity does it: what a retry may help is tried again."""
    try:
        return await bridge.port.open(wanted)
    except ProviderError as error:
        assert error.retryable or error.ambiguous  # noqa: PT017 - depends on the request that fails
        return await bridge.port.open(wanted)
