"""A real Alertmanager in front: it groups, sends, shows its bearer token, and tells when an alert is over.

Debian package prometheus-alertmanager. Its configuration here is what docs tell people to write.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayday.demo.processes import Part
from mayday.domain.timeline import timestamp
from tests.faults.night import RUNBOOKS
from tests.house import ALERTS_TOKEN, House
from tests.programs import program

pytestmark = [pytest.mark.temporal, pytest.mark.alertmanager, pytest.mark.timeout(180)]

CONFIGURATION = """
route:
  receiver: mayday
  group_by: [service]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: mayday
    webhook_configs:
      - url: {url}/webhooks/alertmanager
        send_resolved: true
        http_config:
          authorization: {{ type: Bearer, credentials: {token} }}
"""


class Alertmanager:
    """The real program, and the API that Prometheus posts to."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def fires(self, *names: str, over: bool = False) -> None:
        """Alerts as Prometheus reports them: firing, or, with an end in the past, over."""
        now = datetime.now(UTC)
        alerts = [
            {
                "labels": {"alertname": name, "service": "shop", "severity": "critical"},
                "annotations": {"summary": f"{name} in the shop"},
                "startsAt": timestamp(now - timedelta(minutes=5)),
                "endsAt": timestamp(now - timedelta(seconds=1) if over else now + timedelta(hours=1)),
                "generatorURL": "http://prometheus.example:9090/graph",
            }
            for name in names
        ]
        (await self._http.post("/api/v2/alerts", json=alerts)).raise_for_status()


@asynccontextmanager
async def alertmanager(folder: Path, url: str, *, token: str = ALERTS_TOKEN) -> AsyncIterator[Alertmanager]:
    binary = program("prometheus-alertmanager", package="prometheus-alertmanager")
    configure(folder, url, token)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        binary, f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    part = Part("alertmanager", command, {}, folder)
    await part.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5, trust_env=False) as http:
            async with asyncio.timeout(30):
                while not await ready(http, part):
                    await asyncio.sleep(0.1)
            yield Alertmanager(http)
    finally:
        await part.stop()


def configure(folder: Path, url: str, token: str) -> None:
    folder.mkdir()
    (folder / "alertmanager.yml").write_text(CONFIGURATION.format(url=url, token=token))


async def ready(http: httpx.AsyncClient, part: Part) -> bool:
    part.must_run()
    try:
        return (await http.get("/-/ready")).status_code == 200
    except httpx.HTTPError:
        return False


async def test_its_alerts_open_one_incident_and_their_end_is_noted(tmp_path: Path) -> None:
    async with House(tmp_path / "house", RUNBOOKS) as house, alertmanager(tmp_path / "am", house.url) as sender:
        await sender.fires("ShopDown")
        incident = await house.until(lambda: the_incident(house), "the incident to open", 30)
        paged = await house.happened(incident["id"], "paged", page="page_oncall")
        assert paged["data"]["people"] == ["raj"]

        await sender.fires("ShopDown", "ShopSlow")
        await house.happened(incident["id"], "alert_fired", title="ShopSlow in the shop")

        await sender.fires("ShopDown", over=True)
        over = await house.happened(incident["id"], "alert_resolved", title="ShopDown in the shop")
        assert over["actor"] == "alertmanager"
        board = await house.get(f"/api/v1/incidents/{incident['id']}")
        assert board["status"] == "investigating", "an alert that is over resolves nothing by itself"

        listed = (await house.get("/api/v1/incidents"))["items"]
        assert [item["id"] for item in listed] == [incident["id"]]
        fired = [e["data"]["title"] for e in await house.timeline(incident["id"]) if e["kind"] == "alert_fired"]
        assert sorted(fired) == ["ShopDown in the shop", "ShopSlow in the shop"], "each once, however often it is sent"


async def test_with_a_wrong_token_nothing_opens_and_it_says_why(tmp_path: Path) -> None:
    house = House(tmp_path / "house", RUNBOOKS)
    async with house, alertmanager(tmp_path / "am", house.url, token="somebody-else's") as sender:
        await sender.fires("ShopDown")
        log = tmp_path / "am" / "alertmanager.log"

        async def refused() -> bool:
            return "unexpected status code 401" in log.read_text()

        await house.until(refused, "Alertmanager to be refused", 30)
        assert (await house.get("/api/v1/incidents"))["items"] == []


async def the_incident(house: House) -> dict[str, Any] | None:
    found = (await house.get("/api/v1/incidents"))["items"]
    return found[0] if found else None
