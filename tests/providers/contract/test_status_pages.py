"""What every status page has to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mayday.domain.errors import ProviderError, Unreachable
from mayday.domain.ports import StatusUpdate
from mayday.language.catalog import Catalog
from mayday.providers.statuspage import page as statuspage
from tests.doubles.server import Double
from tests.doubles.statuspage import Statuspage
from tests.providers.contract.outcomes import HOSTILE, LONG, OUTCOMES, Outcome, raises_cleanly
from tests.providers.contract.stand import Stand, incident, named, stand

VENDORS: list[type[Double]] = [Statuspage]


@pytest.fixture(params=[*VENDORS, None], ids=named)
async def status_page(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    monkeypatch.setattr(statuspage, "EVERY_S", 0.0)
    async with stand(request.param, "status_page", "status_pages", tmp_path, catalog, monkeypatch) as opened:
        yield opened


@pytest.fixture(params=VENDORS, ids=named)
async def outside(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    """The same without the desk, which has no network to fail."""
    monkeypatch.setattr(statuspage, "EVERY_S", 0.0)
    async with stand(request.param, "status_page", "status_pages", tmp_path, catalog, monkeypatch) as opened:
        yield opened


def update(key: str = "INC-1/customer_update#1", text: str = "We are on it.", **card: str) -> StatusUpdate:
    return StatusUpdate(effect_key=key, incident=incident(**card), title="Payments are disturbed", text=text)


async def said(page: Stand) -> list[str]:
    if isinstance(page.vendor, Statuspage):
        return page.vendor.updates()
    return [each.text for each in await page.records.desk.outbox.status_posts(incident().id)]


async def test_each_update_is_said_once(status_page: Stand) -> None:
    first = await status_page.port.post(update())
    assert first.channel == "status_page"
    assert await status_page.port.post(update()) == first
    await status_page.port.post(update("INC-1/customer_update#2", "Still on it."))
    await status_page.port.post(update("INC-1/customer_update#3", "Still on it."))  # the same words, later
    assert await said(status_page) == ["We are on it.", "Still on it.", "Still on it."]


async def test_a_word_too_early_is_taken_back_and_the_component_with_it(outside: Stand) -> None:
    """STORIES 6: the page says resolved, and it is not."""
    assert isinstance(outside.vendor, Statuspage)
    await outside.port.post(update())
    await outside.port.post(update("INC-1/customer_update#2", "Resolved.", status="resolved"))
    assert set(outside.vendor.components.values()) == {"operational"}
    await outside.port.post(update("INC-1/correction#1", "Not resolved: we are watching it.", status="mitigated"))
    assert set(outside.vendor.components.values()) == {"major_outage"}
    assert (await said(outside))[-1] == "Not resolved: we are watching it."


@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
@pytest.mark.parametrize("status", ["investigating", "resolved"])
async def test_an_update_whose_answer_is_lost_is_found_again(outside: Stand, how: str, status: str) -> None:
    await outside.port.post(update())
    outside.double.fail(how, path="/v1/pages/kctbh9vrtdwd/incidents/p")  # type: ignore[arg-type]
    wanted = update("INC-1/customer_update#2", "Better.", status=status)
    try:
        await outside.port.post(wanted)
    except ProviderError as error:
        assert error.retryable  # noqa: PT017 - which of the two happens depends on the request that fails
        await outside.port.post(wanted)
    await outside.port.post(wanted)
    assert await said(outside) == ["We are on it.", "Better."]


@pytest.mark.parametrize("zone", ["Z", "+00:00", ""])
def test_an_update_is_known_again_however_its_time_is_written(zone: str) -> None:
    """There is no other way to find out whether words have left whose answer was lost."""
    theirs = {"body": "We are on it.\n", "created_at": f"2026-03-02T02:00:00.000{zone}"}
    began_at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    assert statuspage._same(theirs, "We are on it.", began_at)
    assert not statuspage._same(theirs, "We are on it.", began_at + timedelta(minutes=5))


async def test_a_long_and_hostile_text_is_taken(status_page: Stand) -> None:
    for number, text in enumerate((LONG, HOSTILE)):
        await status_page.port.post(update(f"INC-1/u#{number}", text))
    assert all(len(text) <= 40_000 for text in await said(status_page))


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_every_failure_has_its_error(outside: Stand, outcome: Outcome) -> None:
    outcome.arrange(outside.double)
    with raises_cleanly(outcome.errors, outside.double):
        await outside.port.post(update())


async def test_who_is_not_there_is_unreachable(outside: Stand) -> None:
    await outside.double.stop()
    with raises_cleanly((Unreachable,), outside.double):
        await outside.port.post(update())
