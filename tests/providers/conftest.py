"""The embedded desk over a records store, in SQLite and in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.effects import IncidentCard
from mayday.domain.ports import Ports
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import load_catalog
from mayday.providers.registry import desk_ports
from mayday.records import Records
from tests.stores import clock, database_url, engine, newest_postgres, postgres_server, records

__all__ = ["clock", "database_url", "engine", "newest_postgres", "postgres_server", "records"]

BASE_URL = "https://mayday.example"


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    loaded = load_catalog(Path(__file__).parents[2] / "runbooks" / "catalog").catalog
    assert loaded is not None
    return loaded


@pytest.fixture
def desk(records: Records, catalog: Catalog) -> Ports:
    return desk_ports(records, FixedCatalog(catalog), BASE_URL)


@pytest.fixture
def card() -> IncidentCard:
    return IncidentCard(id="INC-1", title="Payments down", severity="SEV1", status="investigating", service="payments")
