"""A whole night with the worker's own activities and the vendors' doubles behind them: on Temporal's time-skipping
server, or, without a theatre, on the virtual clock (`virtually.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.worker import Worker

from activities.registry import build
from mayday.domain.timeline import Entry
from mayday.language.library import Library
from mayday.providers.rates import RateBucket
from mayday.providers.registry import build_providers
from mayday.providers.statuspage import page as statuspage
from mayday.records import Records
from mayday.settings import load_settings
from mayday.simulator.files import ScenarioFile, ScenarioReport
from mayday.simulator.on_temporal import BUILD, TemporalStage, Theatre
from mayday.simulator.runner import ATTEMPTS
from mayday.simulator.stage import Stage, Stranded
from tests.doubles.accounts import another_account, environment
from tests.doubles.fleet import every_double
from tests.doubles.server import Double
from tests.providers.nights.virtually import OutsideVirtually
from worker.composition import catalog_of, dependencies_of
from workflows.rehearsal import RehearsedIncident, RehearsedReview

HERE = Path(__file__).parent
RUNBOOKS = HERE.parents[2] / "runbooks"


class OutsideStage(TemporalStage):
    """The stage of rehearsals with the activities of a worker instead of a scenario's mocks."""

    def __init__(
        self, *given: Any, records: Records, activities: Callable[[Callable[[], datetime]], list[Any]]
    ) -> None:
        super().__init__(*given)
        self._records = records
        self._build = activities
        self._moment = self._start.opened_at

    async def _appear(self) -> None:
        self._worker = Worker(
            self.client, task_queue=self._queue, workflows=[RehearsedIncident, RehearsedReview],
            activities=self._build(lambda: self._moment), graceful_shutdown_timeout=timedelta(seconds=5),
            build_id=BUILD,
        )  # fmt: skip
        self._running = asyncio.create_task(self._worker.run())
        await self._theatre.warm_up(self._queue)

    async def _wait_until(self, moment: datetime) -> None:
        await super()._wait_until(moment)
        self._moment = max(self._moment, moment)

    async def entries(self) -> list[Entry]:
        """What the records store holds, and what waits to be stored."""
        for entry in await self._records.timeline.entries(self._start.id):
            self._stored[entry.seq] = entry
        return await super().entries()


class Night:
    """One scenario with some vendors; `doubles` by name, to look at and to fail; `boxes`: the sandboxes of a drill."""

    def __init__(
        self, folder: Path, names: list[str], monkeypatch: pytest.MonkeyPatch, theatre: Theatre | None = None
    ) -> None:
        self._theatre = theatre
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.names = names
        self.doubles: dict[str, Double] = {}
        self.boxes: dict[str, Double] = {}

    async def play(
        self, more: list[dict[str, Any]] | None = None, down: Collection[str] = (), *,
        drill: Collection[str] | None = None,
    ) -> tuple[ScenarioReport, list[Entry]]:  # fmt: skip
        """Play the night with further items on its timeline, `down` not answering. `drill`: it is one, and these
        vendors have sandboxes.

        Where the server loses the run, everything is new: vendors remember what they were asked.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self.doubles = {name: every_double()[name]() for name in self.names}
            self.boxes = {name: every_double()[name]() for name in drill or ()}
            with self._monkeypatch.context() as patch:
                async with self._vendors(self._folder / f"attempt-{attempt}", patch) as records:
                    for name in down:
                        await self.doubles[name].stop()
                    try:
                        return await self._play(more or [], records, drill=drill is not None)
                    except Stranded:
                        if attempt == ATTEMPTS:
                            raise
                    finally:
                        if self._theatre is not None:
                            await self._theatre.close()
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def _vendors(self, folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Records]:
        """The doubles run, and a worker's ports lead to them."""
        # hours pass in seconds here: rates that are counted on this machine's clock would stop everything
        patch.setattr(statuspage, "EVERY_S", 0.0)
        patch.setattr(RateBucket, "take", lambda bucket, provider: None)
        patch.setenv("MAYDAY_DATA", str(folder))
        patch.setenv("MAYDAY_BASE_URL", "https://mayday.example")
        folder.mkdir()  # noqa: ASYNC240 - nothing else waits here
        async with AsyncExitStack() as stack:
            for name, double in self.doubles.items():
                values = (await stack.enter_async_context(double)).given()
                if name in self.boxes:
                    box = await stack.enter_async_context(self.boxes[name])
                    _set(patch, environment(name, box.given(), sandbox=True))
                    values = another_account(name, values)
                _set(patch, environment(name, values))
            yield await stack.enter_async_context(await Records.open(folder / "night.db"))

    async def _play(
        self, more: list[dict[str, Any]], records: Records, *, drill: bool
    ) -> tuple[ScenarioReport, list[Entry]]:
        scenario = yaml.safe_load((HERE / "payments_sev1.yaml").read_text())
        scenario["given"]["incident"]["drill"] = drill
        scenario["timeline"] += more
        path = self._folder / "night.yaml"
        path.write_text(yaml.safe_dump(scenario))
        settings = load_settings()
        catalog = catalog_of(settings)
        providers = build_providers(settings, records, catalog)

        def activities(now: Callable[[], datetime]) -> list[Any]:
            return build(replace(dependencies_of(providers, catalog), now=now, outward_held=None))

        async def open_outside(start: Any, desk: Any) -> Stage:
            if self._theatre is None:
                return await OutsideVirtually.open(start, desk, activities)
            stage = OutsideStage(
                self._theatre, start, desk, f"outside-{start.id}", records=records, activities=activities
            )
            self._theatre.stages.append(stage)
            await stage.open()
            return stage

        try:
            report, rehearsal = await ScenarioFile(path, Library.load(RUNBOOKS)).play(open_outside, attempts=1)
        finally:
            await providers.close()
        return report, rehearsal.timeline if rehearsal else []


def _set(patch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for key, value in values.items():
        patch.setenv(key, value)
