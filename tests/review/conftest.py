"""The review over real activities and the embedded desk, on a time-skipping Temporal server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.dependencies import Dependencies
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import load_catalog
from mayday.records import Records
from mayday.simulator.on_temporal import server_path
from mayday.temporal.plugin import build_plugin
from tests.review.weeks import desk_of
from tests.stores import in_file


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    loaded = load_catalog(Path(__file__).parents[2] / "runbooks" / "catalog").catalog
    assert loaded is not None
    return loaded


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    async with in_file(tmp_path / "records.db") as opened:
        yield opened


@pytest.fixture
def dependencies(records: Records, catalog: Catalog) -> Dependencies:
    return desk_of(records, catalog)


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    environment = await WorkflowEnvironment.start_time_skipping(
        plugins=[build_plugin()], test_server_existing_path=server_path()
    )
    try:
        yield environment
    finally:
        await environment.shutdown()
