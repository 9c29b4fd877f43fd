"""What `mayday doctor` says of every vendor at its double: well, a wrong secret, a missing scope, trouble there, nobody
there, a clock ten minutes off. Each has its own remedy, and no line has a secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.language.catalog import Catalog
from mayday.providers.checks import carried_out
from mayday.providers.clocks import SET_IT
from mayday.providers.offers import CheckResult, Offer
from mayday.providers.registry import VENDORS
from mayday.records import Records
from tests.doubles.accounts import is_secret, other
from tests.doubles.fleet import every_double
from tests.doubles.given import offer_of
from tests.doubles.graph import Graph
from tests.doubles.jira import Jira
from tests.doubles.pagerduty import PagerDuty
from tests.doubles.server import Double
from tests.doubles.teams import Teams
from tests.doubles.zoom import Zoom
from tests.providers.contract.outcomes import assert_no_secret

CHECKED = [name for name in every_double() if name in VENDORS]
#: no HTTP: mail has its own tests (test_mailers.py), standing rooms are looked up in the catalog
OTHERS = {"smtp", "static_bridge"}
#: where the API begins, at vendors with a login of its own beside it
API = {
    "bmc": "/api/arsys",
    "everbridge": "/rest",
    "google": "/calendar",
    "graph": "/v1.0",
    "teams": "/v1.0",
    "zoom": "/v2",
}
#: checks that ask nothing outside
INSIDE = ("have a way to open cases", "MAYDAY_BMC_COMPANY is not set")


class Doctor:
    """One double, and what doctor finds there."""

    def __init__(self, double: Double, http: httpx.AsyncClient, store: Records, catalog: Catalog) -> None:
        self.double = double
        self._given = (http, store, FixedCatalog(catalog))

    def offer(self, **more: str) -> Offer:
        return offer_of(self.double, *self._given, **more)

    async def finds(self, **more: str) -> list[CheckResult]:
        found = [await carried_out(check) for check in self.offer(**more).checks]
        for each in found:
            assert_no_secret(f"{each}", self.double)
            assert (each.how_to_fix == "") == each.ok, each
        return [each for each in found if not any(words in each.what for words in INSIDE)]


@pytest.fixture
async def doctor(request: pytest.FixtureRequest, http: httpx.AsyncClient, store: Records, catalog: Catalog) -> Any:
    async with every_double()[request.param]() as double:
        yield Doctor(double, http, store, catalog)


def test_every_vendor_is_looked_at() -> None:
    assert {*CHECKED, *OTHERS} == {*VENDORS}


@pytest.mark.parametrize("doctor", CHECKED, indirect=True)
async def test_a_vendor_is_well(doctor: Doctor) -> None:
    found = await doctor.finds()
    assert found
    assert [each for each in found if not each.ok] == []
    assert doctor.double.violations == []


@pytest.mark.parametrize("doctor", CHECKED, indirect=True)
async def test_a_wrong_secret_is_refused_and_its_setting_named(doctor: Doctor) -> None:
    wrong = {name: other(value) for name, value in doctor.double.given().items() if is_secret(name)}
    refused = [each for each in await doctor.finds(**wrong) if not each.ok]
    assert refused
    named = f"MAYDAY_{doctor.double.name.upper()}_"
    assert [each for each in refused if named not in each.how_to_fix] == []
    assert not any(value in str(refused) for value in wrong.values())


@pytest.mark.parametrize("doctor", CHECKED, indirect=True)
async def test_who_is_known_and_may_not_hears_what_permission_is_missing(doctor: Doctor) -> None:
    name = doctor.double.name
    wrong = {key: other(value) for key, value in doctor.double.given().items() if is_secret(key)}
    unknown = {each.how_to_fix for each in await doctor.finds(**wrong) if not each.ok}
    doctor.double.fail("status", 403, times=50, path=API.get(name, ""))
    forbidden = [each for each in await doctor.finds() if not each.ok]
    assert forbidden
    for each in forbidden:
        assert "403" in each.what
        if not each.what.startswith(("Events v2", "the bot's token", "service ")):  # these have no scopes
            assert each.how_to_fix not in unknown


@pytest.mark.parametrize("doctor", CHECKED, indirect=True)
async def test_trouble_there_is_not_laid_to_our_settings(doctor: Doctor) -> None:
    doctor.double.fail("status", 500, times=50)
    for each in await doctor.finds():
        assert "the trouble is there" in each.how_to_fix


@pytest.mark.parametrize("doctor", CHECKED, indirect=True)
async def test_nobody_there_is_a_matter_of_addresses_and_networks(doctor: Doctor) -> None:
    await doctor.double.stop()
    for each in await doctor.finds():
        assert "is not reachable" in each.what
        assert "DNS, firewall and proxy" in each.how_to_fix


@pytest.mark.parametrize("minutes", [10, -10])
@pytest.mark.parametrize("doctor", CHECKED, indirect=True)
async def test_ten_minutes_between_the_clocks_are_found(doctor: Doctor, minutes: int) -> None:
    doctor.double.skew = timedelta(minutes=minutes)
    found = await doctor.finds()
    assert found
    for each in found:
        assert (each.ok, each.how_to_fix) == (False, SET_IT)
        assert ("behind" if minutes > 0 else "ahead") in each.what


@pytest.mark.parametrize("doctor", ["google", "zoom", "graph", "teams", "everbridge", "bmc"], indirect=True)
async def test_a_login_that_is_refused_because_of_our_clock_says_so(doctor: Doctor) -> None:
    doctor.double.skew = timedelta(minutes=10)
    wrong = {name: other(value) for name, value in doctor.double.given().items() if is_secret(name)}
    assert any("gives us no token" in each.what and "s behind" in each.what for each in await doctor.finds(**wrong))


@pytest.mark.parametrize("doctor", ["jira"], indirect=True)
async def test_a_permission_that_jira_does_not_give_is_named(doctor: Doctor) -> None:
    assert isinstance(doctor.double, Jira)
    doctor.double.forbidden = {"TRANSITION_ISSUES"}
    [found] = [each for each in await doctor.finds() if not each.ok]
    assert found.what == "permissions missing: TRANSITION_ISSUES"


@pytest.mark.parametrize("doctor", ["zoom", "teams"], indirect=True)
async def test_a_scope_that_a_token_does_not_have_is_named(doctor: Doctor) -> None:
    assert isinstance(doctor.double, Zoom | Teams)
    doctor.double.scope = "user:read:admin ChannelMessage.Send Channel.Create Channel.ReadBasic.All"
    [found] = await doctor.finds()
    missing = "meeting:write" if doctor.double.name == "zoom" else "ChannelMessage.Read.All"
    assert (found.ok, found.what) == (False, f"scopes missing: {missing}")


@pytest.mark.parametrize("doctor", ["graph"], indirect=True)
async def test_an_app_without_an_access_policy_for_meetings_is_named(doctor: Doctor) -> None:
    assert isinstance(doctor.double, Graph)
    doctor.double.fail(
        "status", 403, path=f"/v1.0/users/{quote(doctor.double.values['organiser'], safe='')}/onlineMeetings"
    )
    [found] = [each for each in await doctor.finds() if not each.ok]
    assert "Grant-CsApplicationAccessPolicy" in found.how_to_fix


@pytest.mark.parametrize("doctor", ["pagerduty"], indirect=True)
async def test_a_read_only_key_is_found_and_nothing_is_changed(doctor: Doctor) -> None:
    assert isinstance(doctor.double, PagerDuty)
    doctor.double.fail("status", 403, method="PUT")
    [found] = [each for each in await doctor.finds() if not each.ok]
    assert "the key is read-only" in found.how_to_fix
    assert doctor.double.incidents == {}


@pytest.mark.parametrize("doctor", ["teams"], indirect=True)
async def test_a_webhook_of_teams_is_reached_and_not_run(doctor: Doctor) -> None:
    assert isinstance(doctor.double, Teams)
    settings = doctor.double.webhook()
    doctor.double.given = lambda: settings  # type: ignore[method-assign]
    [found] = await doctor.finds()
    assert found.ok
    assert doctor.double.calls("POST") == []
