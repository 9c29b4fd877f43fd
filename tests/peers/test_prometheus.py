"""A real Prometheus with rules that fire, a real Alertmanager behind it: an incident opens; and its watchdog is heard.

Debian packages prometheus and prometheus-alertmanager, configured as docs/operations.md and docs/webhooks.md say.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mayday.demo.processes import Part
from mayday.records import Records
from tests.faults.night import RUNBOOKS
from tests.house import House
from tests.peers.test_alertmanager import alertmanager
from tests.ports import free_port
from tests.programs import program

pytestmark = [pytest.mark.temporal, pytest.mark.alertmanager, pytest.mark.timeout(180)]

CONFIGURATION = """
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [rules.yml]
alerting:
  alertmanagers: [{{ static_configs: [{{ targets: ["{target}"] }}] }}]
scrape_configs: [{{ job_name: shop, static_configs: [{{ targets: ["127.0.0.1:{nobody}"] }}] }}]
"""
RULES = """
groups:
  - name: shop
    rules:
      - alert: ShopDown
        expr: up{job="shop"} == 0
        labels: { service: shop, severity: critical }
        annotations: { summary: "the shop does not answer" }
      - alert: Watchdog
        expr: vector(1)
        labels: { severity: none }
"""
WATCHDOGS = """
apiVersion: catalog/v1
kind: Catalog
watchdogs: { prometheus: { match: { alertname: Watchdog } } }
"""


@asynccontextmanager
async def prometheus(folder: Path, target: str) -> AsyncIterator[None]:
    """Scrapes a shop that is not there, and tells the Alertmanager at `target`."""
    binary = program("prometheus", package="prometheus")
    configure(folder, target)
    part = Part("prometheus", [
        binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{free_port()}",
        "--rules.alert.resend-delay=2s",  # what fires before it knows its Alertmanager is lost until it is sent again
    ], {}, folder)  # fmt: skip
    await part.start()
    try:
        yield
    finally:
        await part.stop()


def configure(folder: Path, target: str) -> None:
    folder.mkdir()
    (folder / "prometheus.yml").write_text(CONFIGURATION.format(target=target, nobody=free_port()))
    (folder / "rules.yml").write_text(RULES)


def with_watchdog(folder: Path) -> Path:
    """The runbooks of these tests, with a watchdog in their catalog."""
    shutil.copytree(RUNBOOKS, folder)
    (folder / "catalog" / "watchdogs.yaml").write_text(WATCHDOGS)
    return folder


async def test_a_rule_that_fires_opens_an_incident_and_the_watchdog_is_heard_and_opens_none(tmp_path: Path) -> None:
    house = House(tmp_path / "house", with_watchdog(tmp_path / "runbooks"))
    async with house, alertmanager(tmp_path / "am", house.url) as sender:
        target = str(sender._http.base_url).removeprefix("http://").rstrip("/")
        async with prometheus(tmp_path / "prometheus", target):

            async def opened() -> list[dict[str, Any]]:
                found: list[dict[str, Any]] = (await house.get("/api/v1/incidents"))["items"]
                return found

            [incident] = await house.until(opened, "the incident to open", 60)
            await house.happened(incident["id"], "alert_fired", title="the shop does not answer")
            async with await Records.open(house.data / "records.db") as records:

                async def heard() -> bool:
                    return any(row.seen_at is not None for row in await records.watchdogs.all())

                await house.until(heard, "the watchdog to be heard", 60)
        assert [each["services"] for each in await opened()] == [["shop"]]
