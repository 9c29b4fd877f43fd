"""What every contract suite needs: a records store, an HTTP client, the descriptions. Made once, used often."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mayday.records import Records
from mayday.records.store import Store
from tests.doubles.api_description import SAMPLES


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, migrated once for all tests."""
    path = tmp_path_factory.mktemp("store") / "records.db"

    async def make() -> None:
        await (await Records.open(path)).close()

    asyncio.run(make())
    return path


@pytest.fixture
async def store(tmp_path: Path, migrated: Path) -> AsyncIterator[Records]:
    path = tmp_path / "records.db"
    shutil.copy(migrated, path)
    async with Records(Store(path)) as records:
        yield records


@pytest.fixture(scope="session")
def certificates() -> ssl.SSLContext:
    """Read once: a client of its own would read them all again."""
    return ssl.create_default_context()


@pytest.fixture
async def http(certificates: ssl.SSLContext) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=certificates) as client:
        yield client


@pytest.fixture
def descriptions() -> None:
    """Skips where the vendors' API descriptions are not on this machine: requests are then not held against them."""
    if not (SAMPLES / "specs").is_dir():
        pytest.skip(f"no API descriptions at {SAMPLES} (set MAYDAY_PROVIDER_DATA)")
