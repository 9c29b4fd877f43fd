"""A worker put together from settings alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import Client

from mayday.settings import Settings
from worker.composition import CompositionError, compose


@pytest.fixture
def client() -> Client:
    """Composition hands the client on and never asks it."""
    return Client.__new__(Client)


async def test_a_fresh_machine_gets_a_whole_worker(tmp_path: Path, client: Client) -> None:
    parts = await compose(Settings(data=tmp_path / "data"), client)
    assert "IncidentWorkflow" in {workflow.__temporal_workflow_definition.name for workflow in parts.workflows}  # type: ignore[attr-defined]
    assert len(parts.activities) > 20
    assert (tmp_path / "data" / "records.db").exists()
    await parts.close()


async def test_a_catalog_with_errors_is_refused_with_its_place(tmp_path: Path, client: Client) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "people.yaml").write_text("apiVersion: catalog/v1\nkind: Catalog\npeoples: {}\n")
    with pytest.raises(CompositionError, match=r"people\.yaml:3:1"):
        await compose(Settings(data=tmp_path / "data", runbooks=tmp_path), client)


async def test_a_records_store_that_cannot_be_opened_is_named(tmp_path: Path, client: Client) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CompositionError, match="MAYDAY_DATABASE_URL"):
        await compose(Settings(database_url=f"sqlite:///{tmp_path / 'file' / 'records.db'}"), client)
