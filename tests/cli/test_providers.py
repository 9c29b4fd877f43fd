"""`mayday providers` and doctor's look at providers, against doubles: for real, but nobody wakes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mayday.cli.main import app
from mayday.domain.errors import Unauthorised
from mayday.providers.checks import VendorCheck, asks, carried_out
from mayday.providers.client import Answer
from mayday.providers.offers import CheckResult
from tests.doubles.accounts import another_account, environment
from tests.doubles.everbridge import Everbridge
from tests.doubles.opsgenie import Jsm, Opsgenie
from tests.doubles.pagerduty import PagerDuty
from tests.doubles.server import Double
from tests.doubles.twilio import Twilio

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(RUNBOOKS))


@pytest.fixture(params=[PagerDuty, Opsgenie, Jsm, Everbridge, Twilio])
async def double(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    made: Double = request.param()
    async with made:
        for key, value in made.settings().items():
            monkeypatch.setenv(key, value)
        yield made
        assert made.violations == []


async def run(*arguments: str) -> Any:
    """In a thread: the double answers in this one."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


async def looked_at(name: str) -> list[dict[str, Any]]:
    done = await run("doctor", "--json")
    return [check for check in json.loads(done.stdout)["checks"] if check["check"] == name]


async def test_doctor_finds_a_provider_well_and_wakes_nobody(double: Any) -> None:
    found = await looked_at(double.name)
    assert found
    assert {check["state"] for check in found} == {"ok"}
    assert double.ringing() == []


async def test_doctor_says_what_is_wrong_with_a_provider_and_how_to_fix_it(double: Any) -> None:
    double.fail("status", 401, times=50)
    found = await looked_at(double.name)
    assert {check["state"] for check in found} == {"failed"}
    assert all(check["hint"] for check in found)
    assert not any(
        value in json.dumps(found) for key, value in double.values.items() if key.endswith(("token", "secret"))
    )


async def test_doctor_names_the_half_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_JSM_EMAIL", "ops@example.com")
    [check] = await looked_at("jsm")
    assert check["state"] == "failed"
    assert "MAYDAY_JSM_TOKEN is missing" in check["detail"]


async def test_a_test_message_arrives_and_says_that_it_is_one(double: Any) -> None:
    to = "+15550100009" if isinstance(double, Twilio) else "raj"
    done = await run("providers", "test", double.name, "--to", to, "--json")
    assert done.exit_code == 0, done.output
    sent = json.loads(done.stdout)
    assert sent["provider"] == double.name
    said = json.dumps([each.body.decode() for each in double.calls("POST")])
    assert "TEST" in said


async def test_a_provider_that_does_not_take_it_says_why(double: Any) -> None:
    double.fail("status", 403, times=9)
    done = await run("providers", "test", double.name, "--to", "+15550100009")
    assert done.exit_code == 1
    assert "403" in done.output or "no token" in done.output


async def test_who_is_not_set_up_is_said_so() -> None:
    done = await run("providers", "test", "pagerduty", "--to", "raj")
    assert (done.exit_code, "is not set up here" in done.output) == (1, True)
    assert (await run("providers", "test", "pigeon", "--to", "raj")).exit_code == 2


async def test_the_order_of_each_port_is_listed(double: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = json.loads((await run("providers", "list", "--json")).stdout)["ports"]
    assert listed["pagers"] == [double.name, "desk"]
    assert listed["chats"] == ["desk"]
    monkeypatch.setenv("MAYDAY_PAGERS", "slack")
    refused = await run("providers", "list")
    assert (refused.exit_code, "slack serves no pagers here" in refused.output) == (2, True)


async def test_a_clock_that_differs_is_found() -> None:
    now = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)

    async def late() -> Answer:
        return Answer(200, {"date": format_datetime(now + timedelta(minutes=5), usegmt=True)})

    found = await carried_out(asks("API key", late, "-", now=lambda: now))
    assert found == CheckResult(False, "API key: our clock is 300 s behind", "set the clock by NTP")

    async def refused() -> CheckResult:
        raise Unauthorised("no", provider="x")

    assert await carried_out(VendorCheck("key", refused, "make one")) == CheckResult(False, "key: no", "make one")
    assert (await carried_out(refused)).what == "refused: no"


async def test_a_sandbox_is_looked_at_and_tried_under_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async with PagerDuty() as box, PagerDuty() as real:
        for key, value in environment("pagerduty", box.given(), sandbox=True).items():
            monkeypatch.setenv(key, value)
        for key, value in environment("pagerduty", another_account("pagerduty", real.given())).items():
            monkeypatch.setenv(key, value)
        done = await run("providers", "test", "pagerduty", "--sandbox", "--to", "raj", "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["provider"] == "pagerduty_sandbox"
        listed = json.loads((await run("providers", "list", "--json")).stdout)
        assert listed["ports"]["pagers"] == ["pagerduty", "desk"]
        assert listed["drills"]["pagers"] == ["pagerduty_sandbox", "desk"]
        assert (len(box.calls("POST")), real.asked) == (1, [])
        assert {check["state"] for check in await looked_at("pagerduty_sandbox")} == {"ok"}
        box.fail("status", 401, times=9)
        assert "MAYDAY_PAGERDUTY_SANDBOX_TOKEN" in str(await looked_at("pagerduty_sandbox"))
    assert (await run("providers", "test", "zoom", "--sandbox")).exit_code == 1


async def test_a_sandbox_that_is_the_real_one_is_named_by_doctor_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for sandbox in (True, False):
        values = {"token": "statuspage-key-0001", "page": "kctbh9vrtdwd"}
        for key, value in environment("statuspage", values, sandbox=sandbox).items():
            monkeypatch.setenv(key, value)
    [check] = await looked_at("statuspage_sandbox")
    assert (check["state"], "MAYDAY_STATUSPAGE_SANDBOX_TOKEN" in check["detail"]) == ("failed", True)
    done = await run("providers", "list")
    assert (done.exit_code, "drills may not have it" in " ".join(done.output.split())) == (2, True)
    assert "statuspage-key-0001" not in done.output
