"""The fence of drills: what a drill does goes to a vendor's sandbox or stays at the desk, and never to the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayday.catalogs import FixedCatalog
from mayday.cli.provider_trials import _SERVED_AS, Way, tried
from mayday.domain.effects import IncidentCard, SentVia
from mayday.domain.ports import Call, Ports
from mayday.language.catalog import Catalog
from mayday.providers.drill_labels import LABEL
from mayday.providers.embedded import NAME as DESK
from mayday.providers.offers import Offer, VendorModel
from mayday.providers.registry import PORTS, VENDORS, Providers, build_providers, made_sandboxes, serving
from mayday.providers.sandboxes import Fence, fenced, sandbox_of
from mayday.records import Records
from mayday.settings import Settings, SettingsError
from tests.docs.provider_tables import models_of
from tests.doubles.accounts import another_account, environment, is_secret, other
from tests.doubles.fleet import every_double
from tests.doubles.smtp import MailServer

DOUBLES = {name: double for name, double in every_double().items() if name in VENDORS}
#: without a double over HTTP: mail has a server of its own below, rooms are lent from a list
OTHERS = {"smtp": {"url": "smtp://mail.example:2525"}, "static_bridge": {"rooms": "standing"}}
PAGED = {"twilio": "+15550100009", "slack": "U01"}
TO = {"chat": "#incidents", "vendor": "wms_co", "calendar": "ana@example.com", "mail": "ana@example.com"}


def values_of(name: str) -> dict[str, str]:
    if name in OTHERS:
        return OTHERS[name]
    double = DOUBLES[name]()
    double.url = "https://vendor.example"
    return double.given()


@contextmanager
def surrounded(values: Mapping[str, str]) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patch:
        for key, value in values.items():
            patch.setenv(key, value)
        yield Settings()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Records]:
    async with await Records.open(tmp_path / "records.db") as records:
        yield records


@asynccontextmanager
async def house(
    real: Mapping[str, str], sandbox: Mapping[str, str], store: Records, catalog: Catalog
) -> AsyncIterator[Providers]:
    with surrounded({**real, **sandbox}) as settings:
        providers = build_providers(settings, store, FixedCatalog(catalog))
    yield providers
    await providers.close()


@pytest.mark.parametrize("name", DOUBLES)
async def test_what_a_drill_does_reaches_the_sandbox_and_never_the_real_vendor(
    name: str, store: Records, catalog: Catalog
) -> None:
    async with DOUBLES[name]() as real, DOUBLES[name]() as box:
        env = environment(name, another_account(name, real.given()))
        async with house(env, environment(name, box.given(), sandbox=True), store, catalog) as providers:
            assert name in providers.offers
            ways = await everything_tried(name, providers.drills, catalog)
        assert ways
        assert real.asked == []
        assert box.asked != []
        assert box.violations == []
        texts = [each.body.decode() for each in box.asked if b"TEST" in each.body]
        assert all(LABEL.strip(": ") in text for text in texts)
        if ways - {"bridge", "oncall", "changes"}:
            assert texts


async def everything_tried(name: str, drills: Ports, catalog: Catalog) -> set[Way]:
    """One thing through each port that the sandbox serves. Which ways those were."""
    box, done = sandbox_of(name), set[Way]()
    adapters = {port.served_as: [e for e in getattr(drills, port.name) if e.name == box] for port in PORTS}
    offer = Offer(**{field: found[0] for field, found in adapters.items() if found})
    for way in get_args(Way):
        if getattr(offer, _SERVED_AS[way]) is not None:
            to = PAGED.get(name, "raj") if way == "pager" else TO.get(way, "payments")
            await tried(offer, box, to, way, None, catalog)
            done.add(way)
    return done


async def test_mail_of_a_drill_goes_to_its_own_server(store: Records, catalog: Catalog) -> None:
    async with MailServer() as real, MailServer() as box:
        env = {
            "MAYDAY_SMTP_URL": f"smtp://127.0.0.1:{real.port}", "MAYDAY_SMTP_FROM": "mayday@example.com",
            "MAYDAY_SMTP_SANDBOX_URL": f"smtp://127.0.0.1:{box.port}", "MAYDAY_SMTP_SANDBOX_FROM": "drill@example.com",
        }  # fmt: skip
        async with house(env, {}, store, catalog) as providers:
            await everything_tried("smtp", providers.drills, catalog)
    assert real.letters == []
    assert {letter.sender for letter in box.letters} == {"drill@example.com"}
    assert all(str(letter.message["Subject"]).startswith(LABEL) for letter in box.letters)


@pytest.mark.parametrize("name", VENDORS)
async def test_the_real_settings_once_more_are_no_sandbox(name: str, store: Records, catalog: Catalog) -> None:
    """So a new vendor has to say what its place is before it can have one."""
    values = values_of(name)
    env = environment(name, values) | environment(name, values, sandbox=True)
    with surrounded(env) as settings, pytest.raises(SettingsError, match=f"MAYDAY_{name.upper()}_SANDBOX_"):
        await sandboxes(settings, store, catalog)


def places_of(name: str) -> set[str]:
    """Settings that say where the vendor's effects end up and are no secrets: another secret is another place."""
    values = values_of(name)
    return {field for model in models_of(name) for field in model.place if field in values and not is_secret(field)}


@pytest.mark.parametrize("name", [name for name in VENDORS if name not in ("opsgenie", "slack")])
async def test_the_same_place_by_another_key_is_no_sandbox(name: str, store: Records, catalog: Catalog) -> None:
    """Another API key of the same page, account or instance is the real one all the same."""
    assert places_of(name)
    values = values_of(name)
    others = {key: other(value) if is_secret(key) else value for key, value in values.items()}
    env = environment(name, others) | environment(name, values, sandbox=True)
    with surrounded(env) as settings, pytest.raises(SettingsError, match="leads where the real one does"):
        await sandboxes(settings, store, catalog)


@pytest.mark.parametrize("name", VENDORS)
async def test_a_sandbox_inherits_nothing(name: str, store: Records, catalog: Catalog) -> None:
    """Half of it refuses the start, however complete the real one is; without any of it the desk stands in."""
    values = values_of(name)
    with surrounded(environment(name, values)) as settings:
        assert await sandboxes(settings, store, catalog) == {}
        async with house(environment(name, values), {}, store, catalog) as providers:
            adapters = [each for field in fields(Ports) if field.name != "rosters"
                        for each in getattr(providers.drills, field.name)]  # fmt: skip
            assert {each.name for each in adapters} == {DESK, "drill"}
    models = [model.model_fields for model in models_of(name)]
    needed = [key for key in values if any(key in known and known[key].is_required() for known in models)]
    for missing in needed if len(needed) > 1 else []:
        half = {key: value for key, value in values.items() if key != missing}
        with surrounded(environment(name, half, sandbox=True)) as settings, pytest.raises(SettingsError) as refused:
            await sandboxes(settings, store, catalog)
        assert f"MAYDAY_{name.upper()}_SANDBOX_" in str(refused.value)


async def sandboxes(settings: Settings, store: Records, catalog: Catalog) -> dict[str, Offer]:
    async with httpx.AsyncClient(verify=False) as client:
        return made_sandboxes(settings, store, FixedCatalog(catalog), client)


def test_every_vendor_says_what_its_place_is() -> None:
    assert [model.__name__ for name in VENDORS for model in models_of(name) if not model.place] == []


class Acme(VendorModel):
    place = ("page", "url", "rules")


KEYS = ("token", "password", *Acme.place)
WORDS = ("a", "b-secret", "https://one.example", "https://two.example/x", "p1@one.example", "c, b-secret")
SOME = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(WORDS))


@given(real=SOME, box=SOME)
def test_what_the_fence_lets_through_shares_nothing_with_the_real_one(
    real: dict[str, str], box: dict[str, str]
) -> None:
    fence = Fence("acme", {"acme": real, "other": {"url": "https://two.example", "secret": "c"}})
    try:
        fence.check(Acme.place, Acme.leads_to, Acme(), box)
    except SettingsError:
        return
    secrets = {part for key, value in real.items() if is_secret(key) for part in value.split(", ")} | {"c"}
    assert not secrets & {part for key, value in box.items() if is_secret(key) for part in value.split(", ")}
    for key in Acme.place:
        assert key not in box or box[key] != real.get(key)
        assert "two.example" not in box.get(key, "")


async def test_a_case_rule_that_names_the_houses_own_instance_is_refused(store: Records, catalog: Catalog) -> None:
    env = {
        "MAYDAY_SERVICENOW_URL": "https://house.service-now.example", "MAYDAY_SERVICENOW_USERNAME": "m",
        "MAYDAY_SERVICENOW_PASSWORD": "real-password", "MAYDAY_VENDOR_CASE_SANDBOX_DNS_CO_TOKEN": "another",
        "MAYDAY_VENDOR_CASE_SANDBOX_RULES":
            "dns_co: {via: servicenow, url: 'https://house.service-now.example', username: us}",
    }  # fmt: skip
    with surrounded(env) as settings, pytest.raises(SettingsError, match="MAYDAY_VENDOR_CASE_SANDBOX_RULES"):
        await sandboxes(settings, store, catalog)


async def test_a_drill_keeps_the_houses_order_with_those_who_have_a_sandbox(store: Records, catalog: Catalog) -> None:
    env = {"MAYDAY_PAGERS": "twilio,pagerduty", "MAYDAY_TICKET_DESKS": "servicenow"}
    for name in ("twilio", "pagerduty"):
        values = values_of(name)
        env |= environment(name, another_account(name, values)) | environment(name, values, sandbox=True)
    env |= environment("servicenow", values_of("servicenow"))
    with surrounded(env) as settings:
        found = serving(await sandboxes(settings, store, catalog), settings, drills=True)
    assert found["pagers"] == ["twilio_sandbox", "pagerduty_sandbox"]
    assert found["tickets"] == [DESK]


async def test_what_is_answered_at_the_sandbox_is_asked_there(store: Records, catalog: Catalog) -> None:
    """A drill's page is not looked for at the real vendor, nor a real one at the sandbox."""
    async with AsyncExitStack() as stack:
        real, box = [await stack.enter_async_context(DOUBLES["pagerduty"]()) for _ in range(2)]
        env = environment("pagerduty", another_account("pagerduty", real.given()))
        sandbox = environment("pagerduty", box.given(), sandbox=True)
        providers = await stack.enter_async_context(house(env, sandbox, store, catalog))
        await everything_tried("pagerduty", providers.drills, catalog)
        [call] = await store.pager_calls.find()
    assert call.provider == "pagerduty_sandbox"
    assert providers.sandboxes["pagerduty_sandbox"].watched is not None


class Recorder:
    """Any adapter: keeps what it is asked."""

    name, channels = "acme", frozenset({"push"})

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def call(self, call: Call) -> SentVia:
        self.asked.append(call)
        return SentVia(channel="push", provider="acme", ref="A1")

    async def close(self, effect_key: str, incident: IncidentCard) -> int:
        self.asked.append(incident)
        return 0


async def test_what_leaves_for_a_sandbox_is_a_drills_and_what_comes_back_is_the_sandboxs(card: IncidentCard) -> None:
    """Vendors show the incident's own title beside our words, and the timeline says who was asked."""
    pager, bridge = Recorder(), Recorder()
    offer = fenced(Offer(pager=pager, bridge=bridge, noticeboard=bridge), "acme_sandbox")  # type: ignore[arg-type]
    assert (offer.pager.name, offer.pager.channels, offer.noticeboard) == ("acme_sandbox", {"push"}, None)
    order = Call(
        effect_key="k", incident=card, page="p", purpose="page", person="raj", target="person.raj", channel="push",
        address="raj", text="DRILL: down", urgent=True,
    )  # fmt: skip
    assert (await offer.pager.call(order)).provider == "acme_sandbox"
    await offer.bridge.close("k", card)
    await offer.bridge.close("k", card.model_copy(update={"title": f"{LABEL}Payments down"}))
    titles = [pager.asked[0].incident.title, *(incident.title for incident in bridge.asked)]
    assert titles == [f"{LABEL}Payments down"] * 3
    assert card.title == "Payments down"
