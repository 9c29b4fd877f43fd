"""Bridges: `bridge.open`, `bridge.close`."""

from __future__ import annotations

from temporalio import activity

from activities.actions import optional_text, receipt, text_of
from activities.chain import first_that_works
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import ActionReceipt, ActionRequest, Unreached
from mayday.domain.errors import ProviderError
from mayday.domain.ports import BridgeOrder


class BridgeActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name="bridge.open")
    async def open(self, request: ActionRequest) -> ActionReceipt:
        with reported():
            order = BridgeOrder(
                effect_key=request.effect_key, incident=request.incident, name=text_of(request, "name"),
                kind=optional_text(request, "kind") or "technical",
            )  # fmt: skip
            bridges = self._given.ports_for(request.incident).bridges
            passed: list[Unreached] = []
            opened = await first_that_works(bridges, lambda bridge: bridge.open(order), port="bridges", passed=passed)
        return receipt(opened, passed)

    @activity.defn(name="bridge.close")
    async def close(self, request: ActionRequest) -> ActionReceipt:
        """At every provider: the bridge may have been opened at the second one."""
        closed, failed = 0, None
        with reported():
            for bridge in self._given.ports_for(request.incident).bridges:
                try:
                    closed += await bridge.close(request.effect_key, request.incident)
                except ProviderError as error:
                    failed = error
            if failed is not None:
                raise failed
        return receipt({"closed": closed})
