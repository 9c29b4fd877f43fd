"""`mayday providers test` for every port: labelled, and taken away again where that can be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from mayday.cli.main import app
from mayday.cli.provider_trials import _SERVED_AS, Way
from mayday.providers.offers import Offer
from mayday.providers.registry import VENDORS
from tests.docs.provider_tables import offers
from tests.doubles.accounts import is_secret, other
from tests.doubles.fleet import every_double
from tests.doubles.server import Double
from tests.doubles.servicenow import ServiceNow
from tests.doubles.smtp import MailServer
from tests.doubles.statuspage import Statuspage
from tests.doubles.vendor_case import VendorCase
from tests.doubles.zoom import Zoom

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
WHOM = {
    "pager": "raj", "calendar": "ana@example.com", "mail": "ana@example.com", "vendor": "wms_co", "chat": "#incidents",
    "changes": "payments", "oncall": "PI7DH85",
}  # fmt: skip
PAGED = {"twilio": "+15550100009", "slack": "U01"}
ONE_MESSAGE = {"pager", "chat", "vendor"}
READS = {"changes", "oncall"}


def trials() -> list[Any]:
    """Every way of every vendor of the registry: a new one is here by itself."""
    found = []
    for name, offer in offers().items():
        for way, field in _SERVED_AS.items():
            if getattr(offer, field) is not None:
                to = PAGED.get(name, WHOM[way]) if way == "pager" else WHOM.get(way)
                found.append(pytest.param(name, way, to, id=f"{name}-{way}"))
    return found


#: without a double over HTTP
OTHERS = {"smtp", "static_bridge"}
TRIALS = [each for each in trials() if each.values[0] not in OTHERS]


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


@pytest.mark.parametrize(("name", "way", "to"), TRIALS)
async def test_each_port_is_tried_once_with_something_that_says_that_it_is_a_test(
    name: str, way: Way, to: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(every_double()[name], monkeypatch) as double:
        done = await tried(double, way, to, "--json")
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        assert (told["provider"], told["by"], told["to"]) == (name, way, to)
        assert told["ref"]
        assert told["look"]
        labelled = [each for each in double.asked if b"TEST" in each.body]
        if way in ONE_MESSAGE:
            assert len(labelled) == 1
        if way in READS:
            assert all(each.method == "GET" or "token" in each.path for each in double.asked)
        elif way != "bridge":
            assert labelled
        said = (await tried(double, way, to)).output
        assert f"{name} " in said
        assert "look " in said


@pytest.mark.parametrize(("name", "way", "to"), TRIALS)
async def test_what_is_not_taken_is_said_with_status_1(
    name: str, way: Way, to: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong secret, and nobody there: one line each, what is wrong and what says more."""
    async with every_double()[name]() as double:
        for key, value in double.given().items():
            monkeypatch.setenv(f"MAYDAY_{name.upper()}_{key.upper()}", other(value) if is_secret(key) else value)
        for _ in ("wrong secret", "nobody there"):
            done = await tried(double, way, to)
            assert (done.exit_code, name in done.output, "mayday doctor says more" in done.output) == (1, True, True)
            assert "Traceback" not in done.output
            await double.stop()


async def test_mail_is_tried_at_its_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async with MailServer() as server:
        monkeypatch.setenv("MAYDAY_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        for way in ("pager", "mail", "calendar"):
            server.letters.clear()
            words = ["providers", "test", "smtp", "--by", way, "--to", "ana"]
            done = await asyncio.to_thread(CliRunner().invoke, app, words)
            assert done.exit_code == 0, done.output
            assert [letter.recipients for letter in server.letters] == [["ana@example.com"]] * (
                2 if way == "calendar" else 1
            )
            assert all("TEST" in str(letter.message["Subject"]) for letter in server.letters)
    assert (await asyncio.to_thread(CliRunner().invoke, app, words)).exit_code == 1


async def test_a_standing_bridge_is_lent_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_STATIC_BRIDGE_ROOMS", "standing")
    for _ in range(2):
        done = await asyncio.to_thread(CliRunner().invoke, app, ["providers", "test", "static_bridge"])
        assert (done.exit_code, "https://meet.example/standing" in " ".join(done.output.split())) == (0, True)


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


def test_every_port_of_every_vendor_can_be_tried() -> None:
    assert {*_SERVED_AS} == set(get_args(Way))
    assert {each.values[0] for each in trials()} == {*VENDORS}
    ports = {field.name for field in fields(Offer)} - {*_SERVED_AS.values()}
    assert ports == {"noticeboard", "change_runner", "watched", "watched_desk", "checks"}  # no messages of their own


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
