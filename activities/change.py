"""What cannot be taken back: `change.execute`, `dr.invoke`. And what changed lately: `changes.recent`."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import activity

from activities.actions import receipt, text_of
from activities.chain import first_that_works
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import ActionReceipt, ActionRequest, IncidentCard, Unreached
from mayday.domain.errors import ProviderError, RateLimited, Refused, Unreachable
from mayday.domain.ports import ChangeHistory, Freeze

#: the window of `changes.recent`, hours
RECENT_HOURS = 72


class ChangeActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name="change.execute")
    async def execute(self, request: ActionRequest) -> ActionReceipt:
        return await self._run(request)

    @activity.defn(name="dr.invoke")
    async def invoke(self, request: ActionRequest) -> ActionReceipt:
        return await self._run(request)

    @activity.defn(name="changes.recent")
    async def recent(self, request: ActionRequest) -> ActionReceipt:
        """Changes of the last hours on the service and what it depends on, newest first."""
        with reported():
            since_at = self._given.now() - timedelta(hours=int(request.inputs.get("hours") or RECENT_HOURS))
            found = await self.history(request.incident, text_of(request, "service"), since_at)
        return receipt({
            "changes": [change.model_dump(mode="json", exclude_none=True) for change in found.changes],
            "freezes": [freeze.model_dump(mode="json") for freeze in found.freezes],
        })  # fmt: skip

    async def history(self, incident: IncidentCard, service: str, since_at: datetime) -> ChangeHistory:
        """Changes since then on the service and what it depends on, the newest first, and freezes. Raises
        ProviderErrors."""
        logs = self._given.ports_for(incident).change_logs
        chain = self._chain_of(service)
        changes, freezes = [], self._catalogs_freezes(chain, since_at)
        for name in chain:
            history = await first_that_works(
                logs, lambda log, name=name: log.recent(name, since_at), port="change log"  # type: ignore[misc]
            )  # fmt: skip
            changes += history.changes
            freezes += history.freezes
        unique = {change.number: change for change in changes}
        return ChangeHistory(
            changes=sorted(unique.values(), key=lambda change: change.at, reverse=True),
            freezes=list({(each.name, each.from_at): each for each in freezes}.values()),
        )

    def _catalogs_freezes(self, services: list[str], since_at: datetime) -> list[Freeze]:
        """Those that the catalog names for any of the services, from `since_at` to as far ahead."""
        now = self._given.now()
        return [
            Freeze(name=freeze.name or name.replace("_", " "), from_at=freeze.from_, to_at=freeze.to)
            for name, freeze in self._given.catalog.current().freezes.items()
            if freeze.to > since_at and freeze.from_ < now + (now - since_at)
            and (not freeze.services or set(freeze.services) & set(services))
        ]  # fmt: skip

    def _chain_of(self, service: str) -> list[str]:
        """The service and everything below it."""
        services, found = self._given.catalog.current().services, [service]
        for name in found:
            entry = services.get(name)
            found += [other for other in (entry.depends_on if entry else []) if other not in found]
        return found

    async def _run(self, request: ActionRequest) -> ActionReceipt:
        """Once. A runner that was certainly not reached is passed over, and the receipt says so; after anything else
        no other is asked: it might do it a second time."""
        passed: list[Unreached] = []
        with reported():
            failure: ProviderError = Refused("no provider is set up for changes")
            for runner in self._given.ports_for(request.incident).changes:
                try:
                    return receipt((await runner.run(request)).outputs, passed)
                except (Unreachable, RateLimited) as error:
                    failure = error
                    passed.append(Unreached(target=runner.name, reason=str(error)))
            raise failure
