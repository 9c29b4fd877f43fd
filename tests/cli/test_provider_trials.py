"""`mayday providers test` for every port: labelled, and taken away again where that can be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from mayday.cli.main import app
from mayday.cli.provider_trials import Way
from tests.doubles.bmc import Bmc
from tests.doubles.google import Google
from tests.doubles.graph import Graph
from tests.doubles.jira import Jira
from tests.doubles.pagerduty import PagerDuty
from tests.doubles.server import Double
from tests.doubles.servicenow import ServiceNow
from tests.doubles.slack import SlackDouble
from tests.doubles.statuspage import Statuspage
from tests.doubles.vendor_case import VendorCase
from tests.doubles.zoom import Zoom

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
TRIALS: list[tuple[type[Double], str, str | None]] = [
    (ServiceNow, "ticket", None), (Jira, "ticket", None), (Bmc, "ticket", None), (Zoom, "bridge", None),
    (Graph, "bridge", None), (Google, "bridge", None), (Graph, "calendar", "ana@example.com"),
    (Google, "calendar", "ana@example.com"), (Statuspage, "status", None), (VendorCase, "vendor", "wms_co"),
    (SlackDouble, "chat", "#incidents"), (ServiceNow, "changes", "payments"), (PagerDuty, "oncall", "PI7DH85"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(RUNBOOKS))


@asynccontextmanager
async def running(kind: type[Double], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    async with kind() as double:
        for key, value in double.settings().items():
            monkeypatch.setenv(key, value)
        yield double
        assert double.violations == []


async def tried(double: Double, way: str, to: str | None, *more: str) -> Any:
    """In a thread: the double answers in this one."""
    words = ["providers", "test", double.name, "--by", way, *(["--to", to] if to else []), *more]
    return await asyncio.to_thread(CliRunner().invoke, app, words)


@pytest.mark.parametrize(("kind", "way", "to"), TRIALS, ids=[f"{kind.name}-{way}" for kind, way, _ in TRIALS])
async def test_each_port_is_tried_with_something_that_says_that_it_is_a_test(
    kind: type[Double], way: str, to: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(kind, monkeypatch) as double:
        done = await tried(double, way, to, "--json")
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        assert (told["provider"], told["by"]) == (double.name, way)
        assert told["ref"]
        if way not in ("changes", "oncall", "bridge"):
            assert "TEST" in json.dumps([each.body.decode() for each in double.asked])


async def test_what_was_made_for_a_test_is_over_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(Statuspage, monkeypatch) as page:
        await tried(page, "status", None)
        assert page.incidents == {}
        [made] = [each for each in page.calls("POST") if each.path.endswith("/incidents")]
        assert made.json["incident"]["deliver_notifications"] is False
    async with running(ServiceNow, monkeypatch) as desk:
        done = await tried(desk, "ticket", None)
        [row] = desk.records("incident")
        assert row["state"] == "6"
        assert row["number"] in done.stdout
    async with running(Zoom, monkeypatch) as zoom:
        await tried(zoom, "bridge", None)
        assert len(zoom.ended) + (0 if zoom.meetings else 1) > 0


def test_every_port_can_be_tried() -> None:
    assert {way for _, way, _ in TRIALS} | {"pager", "mail"} == set(get_args(Way))


@pytest.mark.parametrize("way", ["vendor", "changes"])
async def test_what_needs_a_name_says_so(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(VendorCase if way == "vendor" else ServiceNow, monkeypatch) as double:
        done = await tried(double, way, None)
        assert (done.exit_code, "needs --to" in done.output) == (2, True)
        if way == "vendor":
            assert (await tried(double, way, "nobody_co")).exit_code == 2
        assert double.asked == []


async def test_a_port_that_a_provider_does_not_serve_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(ServiceNow, monkeypatch) as desk:
        done = await tried(desk, "pager", "raj")
        assert done.exit_code == 2
        assert "it serves ticket, changes" in " ".join(done.output.split())
