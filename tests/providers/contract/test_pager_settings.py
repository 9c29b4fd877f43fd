"""What is set of a pager's settings decides what it serves; what is missing is named."""

from __future__ import annotations

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.language.catalog import Catalog
from mayday.providers.offers import Offer
from mayday.providers.registry import VENDORS, offered
from mayday.records import Records
from mayday.settings import Settings, SettingsError

KEY = {"PAGERDUTY_ROUTING_KEY": "k" * 32}
EVERBRIDGE = {"EVERBRIDGE_ORGANIZATION": "1", "EVERBRIDGE_TEMPLATE": "2"}
TWILIO = {"TWILIO_ACCOUNT": "AC1", "TWILIO_TOKEN": "a-token", "TWILIO_FROM_NUMBER": "+15550100000"}


def made(
    name: str, monkeypatch: pytest.MonkeyPatch, http: httpx.AsyncClient, store: Records, catalog: Catalog,
    values: dict[str, str],
) -> Offer | None:  # fmt: skip
    for key, value in values.items():
        monkeypatch.setenv(f"MAYDAY_{key}", value)
    return offered(name, Settings(), store, FixedCatalog(catalog), http, {})


@pytest.mark.parametrize("name", ["pagerduty", "opsgenie", "jsm", "everbridge", "twilio", "smtp"])
async def test_without_settings_a_vendor_is_not_there(
    name: str, monkeypatch: pytest.MonkeyPatch, http: httpx.AsyncClient, store: Records, catalog: Catalog
) -> None:
    assert name in VENDORS
    assert made(name, monkeypatch, http, store, catalog, {}) is None


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("pagerduty", {"PAGERDUTY_SERVICE": "P1"}, "MAYDAY_PAGERDUTY_ROUTING_KEY"),
        ("pagerduty", {"PAGERDUTY_TOKEN": "t" * 20}, "MAYDAY_PAGERDUTY_FROM_EMAIL is missing"),
        ("pagerduty", {"PAGERDUTY_TOKEN": "t" * 20, "PAGERDUTY_FROM_EMAIL": "a@b.c"}, "MAYDAY_PAGERDUTY_SERVICE"),
        ("pagerduty", {**KEY, "PAGERDUTY_CHANNELS": "push,pigeon"}, "pigeon is no channel"),
        ("pagerduty", {**KEY, "PAGERDUTY_URL": "http://api.pagerduty.com"}, "https://"),
        ("opsgenie", {"OPSGENIE_URL": "https://api.eu.opsgenie.com"}, "MAYDAY_OPSGENIE_TOKEN is missing"),
        ("jsm", {"JSM_TOKEN": "t" * 20}, "MAYDAY_JSM_CLOUD_ID, MAYDAY_JSM_EMAIL is missing"),
        ("everbridge", EVERBRIDGE, "MAYDAY_EVERBRIDGE_CLIENT_ID"),
        ("everbridge", {**EVERBRIDGE, "EVERBRIDGE_USER": "u"}, "USER with PASSWORD"),
        ("everbridge", {**EVERBRIDGE, "EVERBRIDGE_TEMPLATE": "two"}, "MAYDAY_EVERBRIDGE_TEMPLATE: "),
        ("twilio", {"TWILIO_ACCOUNT": "AC1", "TWILIO_TOKEN": "a-token"}, "MAYDAY_TWILIO_FROM_NUMBER"),
    ],
)
async def test_half_of_the_settings_names_the_other_half(
    name: str, values: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, http: httpx.AsyncClient,
    store: Records, catalog: Catalog,
) -> None:  # fmt: skip
    with pytest.raises(SettingsError) as refused:
        made(name, monkeypatch, http, store, catalog, values)
    assert said in str(refused.value)
    assert "tttttttt" not in str(refused.value)


async def test_what_is_set_decides_what_is_served(
    monkeypatch: pytest.MonkeyPatch, http: httpx.AsyncClient, store: Records, catalog: Catalog
) -> None:
    events = made("pagerduty", monkeypatch, http, store, catalog, KEY)
    assert events is not None
    assert (events.roster, events.watched) == (None, None)  # events alone tell nothing
    rest = {"PAGERDUTY_TOKEN": "t" * 20, "PAGERDUTY_FROM_EMAIL": "a@b.c", "PAGERDUTY_CHANNELS": "push,voice"}
    both = made("pagerduty", monkeypatch, http, store, catalog, rest)
    assert both is not None
    assert both.pager is not None
    assert both.pager.channels == {"push", "voice"}
    assert both.roster is not None
    assert both.watched is not None
    told = made("pagerduty", monkeypatch, http, store, catalog, {"WEBHOOK_PAGERDUTY_SECRET": "s" * 20})
    assert told is not None
    assert told.watched is None  # its webhook tells us

    texts = made("twilio", monkeypatch, http, store, catalog, TWILIO)
    assert texts is not None
    assert texts.pager is not None
    assert texts.pager.channels == {"sms", "voice"}
    mail = made("smtp", monkeypatch, http, store, catalog, {"SMTP_URL": "smtp://mail.example"})
    assert mail is not None
    assert mail.pager is not None
    assert mail.pager.channels == {"email"}


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({}, True), ({"WEBHOOK_OPSGENIE_TOKEN": "t" * 20}, False), ({"JSM_WATCHED": "false"}, False),
        ({"WEBHOOK_OPSGENIE_TOKEN": "t" * 20, "JSM_WATCHED": "true"}, True),
        ({"WEBHOOK_JIRA_TOKEN": "t" * 20}, True),  # it may be there for issues alone
    ],
)  # fmt: skip
async def test_jsm_is_asked_for_answers_where_nothing_tells_us(
    values: dict[str, str], asked: bool, monkeypatch: pytest.MonkeyPatch, http: httpx.AsyncClient, store: Records,
    catalog: Catalog,
) -> None:  # fmt: skip
    for login in ({"JSM_KEY": "k" * 20}, {"JSM_CLOUD_ID": "c", "JSM_EMAIL": "a@b.c", "JSM_TOKEN": "t" * 20}):
        jsm = made("jsm", monkeypatch, http, store, catalog, {**login, **values})
        assert jsm is not None
        assert (jsm.watched is not None) == asked
