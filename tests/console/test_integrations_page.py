"""Which systems serve what, and how they are, as each worker told of it."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.providers.checks import asks
from mayday.providers.offers import CheckResult, Offer
from mayday.providers.registry import PORTS
from mayday.records.errors import RecordsUnavailable
from tests.console.test_pages import SCRIPT, look
from tests.starter.conftest import House
from worker.provider_report import ProviderReport, tell_of_providers

SERVED = {"pagers": ["pagerduty", "desk"], "chats": ["desk"]}


class Enough(Exception):
    """So many reports are enough for a test."""


class Shelf:
    """Takes reports; refuses the first ones as a store that is away does."""

    def __init__(self, refusals: list[bool | Exception]) -> None:
        self.refusals = refusals
        self.kept: list[dict[str, Any]] = []

    async def told(self, process: str, report: dict[str, Any]) -> bool:
        answer = self.refusals.pop(0) if self.refusals else True
        if isinstance(answer, Exception):
            raise answer
        if answer:
            self.kept.append(report)
        if len(self.kept) == 3:
            raise Enough
        return answer


async def well() -> CheckResult:
    return CheckResult(True, "the API key works")


async def test_a_worker_tells_of_its_settings_at_once_and_of_its_vendors_again_and_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.provider_report.AGAIN_SECONDS", 0.0)

    async def silent() -> Any:
        raise TimeoutError

    offers = {"pagerduty": Offer(checks=[well, asks("events", silent, "open the firewall")])}
    report = ProviderReport(SERVED, offers, house.clock)
    shelf = Shelf([False, RecordsUnavailable("away")])
    with pytest.raises(Enough):
        await tell_of_providers(shelf, "worker-1", report, every=0.001, first=0.0)
    settings, first, again = shelf.kept
    assert "health" not in settings
    assert first["health"] == again["health"]
    assert [ok for ok, _, _ in first["health"]["pagerduty"]] == [True, False]
    await tell_of_providers(Shelf([]), "worker-1", report, every=0)


async def test_the_page_shows_the_worker_s_settings_and_health(house: House) -> None:
    presence = house.parts.records.presence
    assert "No worker is alive" in (await look(house, "/integrations")).text
    await presence.began("worker-1")
    assert "has not said yet" in (await look(house, "/integrations")).text
    await presence.told("worker-1", {
        "host": f"h{SCRIPT}", "build": None, "served": SERVED, "vendors": ["pagerduty", "slack"],
        "looked_at": "2026-03-02T02:00:00.000Z",
        "health": {"pagerduty": [[True, "the API key works", ""], [False, SCRIPT, "open the firewall"]]},
    })  # fmt: skip
    text = (await look(house, "/integrations")).text
    for words in ("pagerduty, then desk", "not well", "open the firewall", "not looked at yet", "set differently"):
        assert words in text
    assert SCRIPT not in text
    house.clock.forward(minutes=5)
    assert "No worker is alive" in (await look(house, "/integrations")).text


async def test_a_worker_that_is_set_as_the_starter_is_agrees_with_it(house: House) -> None:
    presence = house.parts.records.presence
    await presence.began("worker-1")
    await presence.told("worker-1", {"host": "h", "served": {port.name: ["desk"] for port in PORTS}, "vendors": []})
    assert "set differently" not in (await look(house, "/integrations")).text
