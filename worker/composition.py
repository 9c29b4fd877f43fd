"""Puts a worker together: settings -> records, catalog, providers, activities, workflows. The only place that does.

CompositionError   the worker cannot be put together: no records store, a catalog with errors
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from activities.change import ChangeActivities
from activities.dependencies import Dependencies
from activities.registry import build
from mayday.archive.collecting import Collector
from mayday.catalogs import CatalogFolder, CatalogSource
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import load_catalog
from mayday.providers.holiday_calendar import open_hours
from mayday.providers.registry import Providers, build_providers, serving
from mayday.records import Records, RecordsUnavailable
from mayday.settings import Settings
from mayday.signing import Signer
from worker.answers import Answers, TemporalCommands
from worker.archiver import Archiver
from worker.lifecycle import WorkerParts
from worker.outages import Outages
from worker.outward import outward_held
from worker.provider_report import ProviderReport
from worker.telling import telling
from worker.what_changed import WhatChanged
from workflows.incident import IncidentWorkflow
from workflows.review import ReviewWorkflow

WORKFLOWS: tuple[type, ...] = (IncidentWorkflow, ReviewWorkflow)


class CompositionError(Exception):
    """The worker cannot be put together; the text says what to change."""


async def compose(settings: Settings, client: Client) -> WorkerParts:
    """Everything that a worker polls with. `client` belongs to the caller.

    Raises:
        CompositionError: see above.
        SettingsError: a provider's setting cannot be used.
    """
    catalog = catalog_of(settings)
    try:
        records = await Records.open(settings.database_url)
    except (RecordsUnavailable, ValueError) as error:
        raise CompositionError(f"MAYDAY_DATABASE_URL: {error}") from error
    providers = build_providers(settings, records, catalog)

    async def close() -> None:
        await providers.close()
        await records.close()

    signer = Signer(records.keys, records.store.now)
    dependencies = replace(dependencies_of(providers, catalog), tell=telling(signer))
    activities = build(dependencies)
    archiver = Archiver(client, Collector(client, records, settings.codec_keys), records.archives, records.trends)
    lines = {
        name: each.watched
        for name, each in {**providers.offers, **providers.sandboxes}.items()
        if each.watched is not None
    }
    commands = TemporalCommands(client, signer)
    answers = Answers(lines, records, catalog, commands) if lines else None
    served = serving(providers.offers, settings)
    report = ProviderReport(served, providers.offers, records.store.now, settings.build_id)
    return WorkerParts(
        workflows=WORKFLOWS, activities=activities, close=close, presence=records.presence, report=report,
        archiver=archiver, answers=answers,
        changes=WhatChanged(records, ChangeActivities(dependencies).history, commands),
        outages=Outages(
            records.presence, signer, client, settings.task_queue, records.store.now,
            timedelta(seconds=settings.outage_after),
        ),
    )  # fmt: skip


def dependencies_of(providers: Providers, catalog: CatalogSource) -> Dependencies:
    """What activities get of the providers."""
    return Dependencies(
        ports=providers.ports, drills=providers.drills, desk=providers.desk.tickets, catalog=catalog,
        ledger=providers.ledger,
        intake=providers.intake, reviews=providers.reviews, journal=providers.journal,
        memory=providers.memory, open_hours=open_hours, outward_held=outward_held,
    )  # fmt: skip


def catalog_of(settings: Settings) -> CatalogFolder:
    """The catalog of the runbooks folder, read again when it changes. Raises CompositionError."""
    try:
        return CatalogFolder(settings.runbooks / "catalog", _load)
    except (OSError, ValueError) as error:
        raise CompositionError(f"MAYDAY_RUNBOOKS={settings.runbooks}: {error}") from error


def _load(folder: Path) -> Catalog:
    """Raises ValueError with every error found."""
    loaded = load_catalog(folder)
    if loaded.catalog is None:
        raise ValueError("the catalog has errors:\n" + "\n".join(str(finding) for finding in loaded.findings))
    return loaded.catalog
