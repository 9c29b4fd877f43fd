"""Activities over the embedded desk in a SQLite file, with providers that fail on request in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from temporalio.testing import ActivityEnvironment

from activities.dependencies import Dependencies
from mayday.catalogs import FixedCatalog
from mayday.domain.effects import ClosePage, IncidentCard, SentVia
from mayday.domain.errors import ProviderError
from mayday.domain.ports import Call
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import load_catalog
from mayday.providers.embedded.ledger import RecordsIntake, RecordsLedger, RecordsMemory, RecordsReviews
from mayday.providers.embedded.pager import DeskJournal
from mayday.providers.holiday_calendar import open_hours
from mayday.providers.registry import desk_ports
from mayday.records import Records
from tests.stores import Clock, clock, in_file

__all__ = ["clock"]

Request = TypeVar("Request")
Receipt = TypeVar("Receipt")


class VendorPager:
    """A pager of a vendor: carries calls on some channels, or fails as it is told to."""

    def __init__(self, channels: set[str], name: str = "vendor") -> None:
        self.name = name
        self.channels = frozenset(channels)
        self.failure: ProviderError | None = None
        self.failures: dict[str, ProviderError] = {}
        self.calls: list[Call] = []

    async def call(self, call: Call) -> SentVia:
        failure = self.failure or self.failures.get(call.channel)
        if failure is not None:
            raise failure
        self.calls.append(call)
        return SentVia(channel=call.channel, provider=self.name, ref=str(len(self.calls)))

    async def close(self, closing: ClosePage) -> int:
        if self.failure is not None:
            raise self.failure
        return len(self.calls)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    loaded = load_catalog(Path(__file__).parents[2] / "runbooks" / "catalog").catalog
    assert loaded is not None
    return loaded


@pytest.fixture
async def records(tmp_path: Path, clock: Clock) -> AsyncIterator[Records]:
    async with in_file(tmp_path / "records.db", clock) as opened:
        yield opened


@pytest.fixture
def dependencies(records: Records, catalog: Catalog, clock: Clock) -> Dependencies:
    source = FixedCatalog(catalog)
    ports = desk_ports(records, source, "https://mayday.example")
    return Dependencies(
        ports=ports, drills=replace(ports), catalog=source, ledger=RecordsLedger(records),
        intake=RecordsIntake(records),
        reviews=RecordsReviews(records), memory=RecordsMemory(records), journal=DeskJournal(records.desk),
        open_hours=open_hours, now=clock,
    )  # fmt: skip


@pytest.fixture
def card() -> IncidentCard:
    return IncidentCard(id="INC-1", title="Payments down", severity="SEV1", status="investigating", service="payments")


@pytest.fixture
def run() -> Callable[..., Awaitable[Any]]:
    """Run an activity as a worker would."""

    async def run_it(activity: Callable[[Request], Awaitable[Receipt]], request: Request) -> Receipt:
        return await ActivityEnvironment().run(activity, request)

    return run_it
