"""On-call schedules that live at a vendor: asked for, kept, answered from memory, and the catalog's own as fallback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.effects import NextHandoff
from mayday.domain.errors import ProviderError, Unreachable
from mayday.domain.schedules import ExternalSchedule
from mayday.language.catalog import Catalog
from mayday.providers.rosters import CachedRoster, Shift
from mayday.records import Records
from tests.docs.provider_tables import offers
from tests.doubles.given import offer_of
from tests.doubles.opsgenie import Jsm, Opsgenie
from tests.doubles.pagerduty import PagerDuty
from tests.doubles.server import Double

NIGHT = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


@pytest.fixture
def known(catalog: Catalog) -> FixedCatalog:
    """The library's people, with ids at vendors."""
    ids = {"raj": {"pagerduty": "PT23IWX", "jsm": "557058:raj"}, "lee": {"opsgenie": "lee@example.com"}}
    people = {
        name: person.model_copy(update={"ids": ids.get(name, {}), "email": f"{name}@example.com"})
        for name, person in catalog.people.items()
    }
    return FixedCatalog(catalog.model_copy(update={"people": people}))


VENDORS: list[type[Double]] = [PagerDuty, Opsgenie, Jsm]


@pytest.fixture(params=VENDORS)
async def source(
    request: pytest.FixtureRequest, http: httpx.AsyncClient, store: Records, known: FixedCatalog
) -> AsyncIterator[tuple[Any, CachedRoster]]:
    async with request.param() as double:
        if isinstance(double, PagerDuty):
            double.on_duty("PI7DH85", "PT23IWX", "2026-03-01T20:00:00Z", "2026-03-02T08:00:00Z")
            double.on_duty("PI7DH85", "PLEE001", "2026-03-02T08:00:00Z", "2026-03-02T20:00:00Z")
        else:
            double.oncalls["PI7DH85"] = ["557058:raj" if isinstance(double, Jsm) else "raj@example.com"]
        roster = offer_of(double, http, store, known).roster
        assert isinstance(roster, CachedRoster)
        yield double, roster
        assert double.violations == []


async def test_the_vendor_says_who_is_on_call(source: tuple[Any, CachedRoster]) -> None:
    _, roster = source
    assert await roster.on_call("PI7DH85", NIGHT) == ["raj"]
    assert roster.stale_since("PI7DH85") is None
    assert await roster.on_call("nobodys", NIGHT) == []


async def test_an_answer_is_kept_for_a_minute(source: tuple[Any, CachedRoster]) -> None:
    double, roster = source
    now = [NIGHT]
    roster._now = lambda: now[0]
    for seconds in (0, 30, 29):
        now[0] += timedelta(seconds=seconds)
        assert await roster.on_call("PI7DH85", now[0]) == ["raj"]
    assert len(double.asked) == 1
    now[0] += timedelta(seconds=2)
    await roster.on_call("PI7DH85", now[0])
    assert len(double.asked) == 2


@pytest.mark.parametrize("name", ["pagerduty", "opsgenie", "jsm"])
async def test_the_catalog_says_where_a_schedule_lives_and_how_long_an_answer_is_good(
    name: str, known: FixedCatalog
) -> None:
    """Each vendor that keeps schedules can be named; `cache` counts."""
    entry = ExternalSchedule.model_validate({"source": name, "id": "PI7DH85", "cache": "3m"})
    catalog = known.current().model_copy(update={"schedules": {"payments_primary": entry}})

    class Counted:
        asked = 0

        async def shifts(self, schedule: str, at: datetime, until: datetime) -> list[Shift]:
            self.asked += 1
            return [Shift("nobody", "raj@example.com")]

    counted, now = Counted(), [NIGHT]
    roster = CachedRoster(name, counted, FixedCatalog(catalog), lambda: now[0])
    for minutes in (0, 2, 4):
        now[0] = NIGHT + timedelta(minutes=minutes)
        assert await roster.on_call("PI7DH85", now[0]) == ["raj"]
    assert counted.asked == 2


def test_every_vendor_with_schedules_can_be_named_as_a_source() -> None:
    serve = {name for name, offer in offers().items() if offer.roster is not None}
    assert serve == set(get_args(ExternalSchedule.model_fields["source"].annotation))
    assert serve == {double.name for double in VENDORS}


async def test_a_silent_vendor_is_answered_for_from_memory_and_the_answer_is_called_old(
    source: tuple[Any, CachedRoster],
) -> None:
    double, roster = source
    now = [NIGHT]
    roster._now = lambda: now[0]
    await roster.on_call("PI7DH85", now[0])
    double.fail("status", 500, times=100)
    now[0] += timedelta(minutes=20)
    assert await roster.on_call("PI7DH85", now[0]) == ["raj"]
    assert roster.stale_since("PI7DH85") == NIGHT
    asked = len(double.asked)
    await roster.on_call("PI7DH85", now[0] + timedelta(seconds=5))  # it is not asked again at once
    assert len(double.asked) == asked
    double.recover()
    now[0] += timedelta(minutes=1)
    await roster.on_call("PI7DH85", now[0])
    assert roster.stale_since("PI7DH85") is None


async def test_with_nothing_in_memory_the_error_leaves(source: tuple[Any, CachedRoster]) -> None:
    double, roster = source
    double.fail("timeout_before")
    with pytest.raises(ProviderError):
        await roster.on_call("PI7DH85", NIGHT)


async def test_shifts_that_were_seen_hand_over_while_the_vendor_is_silent(
    http: httpx.AsyncClient, store: Records, known: FixedCatalog
) -> None:
    async with PagerDuty() as double:
        double.on_duty("P1", "PT23IWX", "2026-03-01T20:00:00Z", "2026-03-02T08:00:00Z")
        double.on_duty("P1", "PLEE001", "2026-03-02T08:00:00Z", "2026-03-02T20:00:00Z")
        roster = offer_of(double, http, store, known).roster
        assert isinstance(roster, CachedRoster)
        now = [NIGHT]
        roster._now = lambda: now[0]
        assert await roster.on_call("P1", now[0]) == ["raj"]
        double.fail("status", 500, times=100)
        now[0] = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        assert await roster.on_call("P1", now[0]) == ["lee"]  # by mail address: the catalog has no id of hers
        now[0] = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
        with pytest.raises(ProviderError):  # older than half a day
            await roster.on_call("P1", now[0])


async def test_who_is_not_in_the_catalog_is_nobody_we_page(known: FixedCatalog) -> None:
    class Strangers:
        async def shifts(self, schedule: str, at: datetime, until: datetime) -> list[Shift]:
            if schedule == "down":
                raise Unreachable("no answer", provider="x")
            return [
                Shift("U-nobody", "nobody@elsewhere.example"),
                Shift("x", "RAJ@example.com"),
                Shift("y", "raj@example.com"),
            ]

    roster = CachedRoster("x", Strangers(), known, lambda: NIGHT)
    assert await roster.on_call("s", NIGHT) == ["raj"]
    for _ in range(2):
        with pytest.raises(Unreachable):
            await roster.on_call("down", NIGHT)


async def test_the_next_hand_off_is_read_from_the_vendors_shifts(known: FixedCatalog) -> None:
    """A shift of the same person right after is none; what lies beyond what was asked for is not known."""

    class Rota:
        async def shifts(self, schedule: str, at: datetime, until: datetime) -> list[Shift]:
            hours = [at + timedelta(hours=number) for number in range(24)]
            return {
                "P1": [
                    Shift("PT23IWX", from_at=hours[0], to_at=hours[1]),
                    Shift("PT23IWX", from_at=hours[1], to_at=hours[3]),
                    Shift("", "lee@example.com", from_at=hours[3], to_at=hours[20]),
                ],
                "gap": [Shift("PT23IWX", from_at=hours[0], to_at=hours[1])],
                "long": [Shift("PT23IWX", from_at=hours[0], to_at=hours[14])],
                "endless": [Shift("PT23IWX")],
            }[schedule]

    roster = CachedRoster("pagerduty", Rota(), known, now=lambda: NIGHT)
    assert await roster.next_handoff("P1", NIGHT) == NextHandoff(at=NIGHT + timedelta(hours=3), incoming="lee")
    assert await roster.next_handoff("gap", NIGHT) == NextHandoff(at=NIGHT + timedelta(hours=1), incoming=None)
    assert await roster.next_handoff("long", NIGHT) is None
    assert await roster.next_handoff("endless", NIGHT) is None
