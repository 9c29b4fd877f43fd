"""Where a port's suite meets its providers: an adapter against its double, or the desk, with a records store.

@pytest.fixture(params=[Zoom, None], ids=named)
async def bridge(request, stand): return await stand(request.param, "bridge")
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.effects import IncidentCard
from mayday.language.catalog import Catalog
from mayday.providers.receipts import Receipts
from mayday.providers.registry import desk_ports
from mayday.records import Records, RecordsUnavailable
from tests.doubles.given import offer_of
from tests.doubles.server import Double


@dataclass(frozen=True)
class Stand:
    """`port` is the adapter under test; `double` is None where it is the desk."""

    port: Any
    records: Records
    vendor: Double | None = None

    @property
    def double(self) -> Double:
        assert self.vendor is not None
        return self.vendor

    def forget(self) -> None:
        """The records store is silent from here on: what was done before is not remembered."""
        effects = self.records.desk.effects
        effects.get = effects.once = effects.under = _silence  # type: ignore[method-assign,assignment]


def named(double: type[Double] | None) -> str:
    return double.name if double else "desk"


@asynccontextmanager
async def stand(
    double: type[Double] | None, port: str, desk_port: str, folder: Path, catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch, **settings: str,
) -> AsyncIterator[Stand]:  # fmt: skip
    """`port` is the field of an Offer, `desk_port` that of the Ports; `settings` come on top of the double's own."""
    monkeypatch.setattr(Receipts, "look_after_s", (0.0,))
    source = FixedCatalog(catalog)
    async with await Records.open(await _migrated(folder)) as records:
        if double is None:
            [desk] = getattr(desk_ports(records, source, "https://mayday.example"), desk_port)
            yield Stand(desk, records)
            return
        async with double() as vendor, httpx.AsyncClient(follow_redirects=False, trust_env=False) as http:
            offered = getattr(offer_of(vendor, http, records, source, **settings), port)
            assert offered is not None
            yield Stand(offered, records, vendor)
            assert vendor.violations == []


async def _silence(*_: object) -> None:
    raise RecordsUnavailable("as told by the test")


async def _migrated(folder: Path) -> Path:
    """A fresh store: the first one of this run is migrated, the others are copies of it."""
    first = folder.parent / "migrated.db"
    if not first.exists():
        await (await Records.open(first)).close()
    return Path(shutil.copy(first, folder / "stand.db"))


def incident(**more: Any) -> IncidentCard:
    given = {"title": "Payments down", "severity": "SEV1", "status": "investigating", "service": "payments"}
    return IncidentCard.model_validate({"id": "INC-01KAPAYMENTS", **given, **more})
