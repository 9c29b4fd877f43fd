"""The contract of the port `Pager`, for the embedded desk and for every vendor against its double."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.effects import ClosePage, IncidentCard
from mayday.domain.errors import Ambiguous, Broken, ProviderError, RateLimited, Refused, Unauthorised, Unreachable
from mayday.domain.ports import Call, Pager
from mayday.language.catalog import Catalog
from mayday.providers.embedded.pager import DeskPager
from mayday.providers.vendor_pager import VendorPager
from mayday.records import Records
from tests.doubles.everbridge import Everbridge
from tests.doubles.given import offer_of
from tests.doubles.opsgenie import Jsm, JsmByKey, Opsgenie
from tests.doubles.pagerduty import PagerDuty
from tests.doubles.server import Double
from tests.doubles.twilio import Twilio
from tests.providers.contract.outcomes import HOSTILE, LONG, OUTCOMES, Outcome, assert_no_secret, raises_cleanly


@dataclass
class Kind:
    """One pager as the suite knows it: on which channel, to which address, and how often it rang in all."""

    double: type[Double]
    channel: str
    address: str
    rang: Callable[[Any], int]
    texts: Callable[[Any], list[str]]
    keyed: bool


KINDS = {
    "pagerduty-events": Kind(
        PagerDuty, "push", "raj", lambda d: len(d.incidents), lambda d: [i["title"] for i in d.incidents.values()], True
    ),
    "pagerduty-person": Kind(
        PagerDuty, "push", "PT23IWX", lambda d: len(d.incidents), lambda d: [i["title"] for i in d.incidents.values()],
        True,
    ),
    "opsgenie": Kind(
        Opsgenie, "push", "raj@example.com", lambda d: len(d.alerts),
        lambda d: [a["message"] for a in d.alerts.values()], True,
    ),
    "jsm": Kind(
        Jsm, "push", "557058:raj", lambda d: len(d.alerts), lambda d: [a["message"] for a in d.alerts.values()], True
    ),
    "jsm-by-key": Kind(
        JsmByKey, "push", "557058:raj", lambda d: len(d.alerts), lambda d: [a["message"] for a in d.alerts.values()],
        True,
    ),
    "everbridge": Kind(
        Everbridge, "push", "raj-external", lambda d: len(d.incidents),
        lambda d: [i["name"] for i in d.incidents.values()], False,
    ),
    "twilio-sms": Kind(
        Twilio, "sms", "+15550100001", lambda d: len(d.messages), lambda d: [m["body"] for m in d.messages], False
    ),
    "twilio-voice": Kind(
        Twilio, "voice", "+15550100001", lambda d: len(d.calls_made), lambda d: [c["twiml"] for c in d.calls_made],
        False,
    ),
}  # fmt: skip


@dataclass
class Vendor:
    """A vendor's pager over its double."""

    kind: Kind
    double: Any
    pager: VendorPager

    @property
    def rang(self) -> int:
        return self.kind.rang(self.double)

    def call(self, card: IncidentCard, **changes: Any) -> Call:
        values = {
            "effect_key": f"{card.id}/page_payments#1/raj/{self.kind.channel}", "incident": card,
            "page": "page_payments", "purpose": "page", "person": "raj", "target": "schedule.payments_primary",
            "channel": self.kind.channel, "address": self.kind.address, "text": "SEV1 Payments down",
        }  # fmt: skip
        return Call.model_validate({**values, **changes})


async def no_wait(seconds: float) -> None:
    """What would be waited for is there at once in these tests."""


@pytest.fixture(params=KINDS)
async def vendor(
    request: pytest.FixtureRequest, http: httpx.AsyncClient, store: Records, catalog: Catalog
) -> AsyncIterator[Vendor]:
    kind = KINDS[request.param]
    async with kind.double() as double:
        pager = offer_of(double, http, store, FixedCatalog(catalog)).pager
        assert isinstance(pager, VendorPager)
        pager._sleep = no_wait
        yield Vendor(kind, double, pager)
        assert double.violations == []


@pytest.fixture
def closing(card: IncidentCard) -> ClosePage:
    return ClosePage(effect_key="INC-1/close#1", incident=card, page="page_payments", reason="acknowledged by raj")


async def test_a_page_rings_and_stops_when_it_is_closed(vendor: Vendor, card: IncidentCard, closing: ClosePage) -> None:
    sent = await vendor.pager.call(vendor.call(card))
    assert (sent.channel, sent.provider) == (vendor.kind.channel, vendor.double.name)
    assert sent.ref
    assert vendor.rang == 1
    assert await vendor.pager.close(closing) == 1
    if vendor.kind.channel != "sms":
        assert vendor.double.ringing() == []
    assert await vendor.pager.close(closing) == 0


async def test_who_declines_a_page_is_rung_no_more_and_the_others_are(
    vendor: Vendor, card: IncidentCard, closing: ClosePage, store: Records
) -> None:
    for number, person in enumerate(("raj", "lee")):
        key = f"INC-1/page_payments#1/{person}/{vendor.kind.channel}"
        await vendor.pager.call(vendor.call(card, effect_key=key, person=person, text=f"wake up {number}"))
    assert await vendor.pager.close(closing.model_copy(update={"person": "lee", "over": False})) == 1
    calls = await store.pager_calls.find(incident_id=card.id)
    assert {call.person: call.state == "closed" for call in calls} == {"raj": False, "lee": True}


async def test_a_page_that_is_closed_while_it_leaves_does_not_ring_on(
    vendor: Vendor, card: IncidentCard, closing: ClosePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision falls, or a worker dies, between a call and its answer: the call of the second try is stopped too."""
    ring = vendor.pager.line.ring

    async def slow(call: Call) -> str:
        assert await vendor.pager.close(closing) == 1, "nobody knows yet that it rings"
        return await ring(call)

    monkeypatch.setattr(vendor.pager.line, "ring", slow)
    await vendor.pager.call(vendor.call(card))
    assert vendor.rang == 1
    if vendor.kind.channel != "sms":
        assert vendor.double.ringing() == []


async def test_every_request_is_one_that_the_vendor_describes(
    vendor: Vendor, card: IncidentCard, closing: ClosePage, descriptions: None
) -> None:
    await vendor.pager.call(vendor.call(card, text=HOSTILE))
    await vendor.pager.close(closing)
    assert vendor.double.violations == []


async def test_the_same_page_twice_rings_once(vendor: Vendor, card: IncidentCard) -> None:
    first = await vendor.pager.call(vendor.call(card))
    second = await vendor.pager.call(vendor.call(card))
    assert first == second
    assert vendor.rang == 1


async def test_the_next_round_of_the_same_page_rings_again(vendor: Vendor, card: IncidentCard) -> None:
    await vendor.pager.call(vendor.call(card))
    await vendor.pager.call(vendor.call(card, effect_key=f"INC-1/page_payments#2/raj/{vendor.kind.channel}"))
    assert vendor.rang == 2


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_a_failure_is_told_as_what_it_is(vendor: Vendor, card: IncidentCard, outcome: Outcome) -> None:
    outcome.arrange(vendor.double, path=_path(vendor))
    with raises_cleanly(outcome.errors, vendor.double):
        await vendor.pager.call(vendor.call(card))
    assert vendor.rang == 0


@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
async def test_a_page_whose_answer_was_lost_rings_once(vendor: Vendor, card: IncidentCard, how: Any) -> None:
    vendor.double.fail(how, path="" if vendor.kind.keyed else _path(vendor))
    sent = await vendor.pager.call(vendor.call(card))
    assert sent.ref
    assert vendor.rang == 1


async def test_a_page_whose_answers_are_all_lost_rings_once_and_the_next_try_finds_it(
    vendor: Vendor, card: IncidentCard
) -> None:
    """The vendor takes the call and is silent from then on; a minute later it is back.

    We are logged in by then: a token that never comes is another story, and rings nobody.
    """
    await vendor.pager.call(vendor.call(card, effect_key=f"INC-1/other#1/raj/{vendor.kind.channel}", page="other"))
    vendor.double.fail("timeout_after", path=_path(vendor))
    vendor.double.fail("timeout_before", times=10)
    with raises_cleanly((Ambiguous,), vendor.double):
        await vendor.pager.call(vendor.call(card))
    vendor.double.recover()
    await vendor.pager.call(vendor.call(card))
    assert vendor.rang == 2


async def test_a_token_that_never_comes_rings_nobody_and_may_be_asked_for_again(
    http: httpx.AsyncClient, store: Records, catalog: Catalog, card: IncidentCard
) -> None:
    async with Everbridge() as double:
        pager = offer_of(double, http, store, FixedCatalog(catalog)).pager
        assert isinstance(pager, VendorPager)
        vendor = Vendor(KINDS["everbridge"], double, pager)
        double.fail("timeout_after", path="/authorization")
        with raises_cleanly((Unreachable,), double):
            await pager.call(vendor.call(card))
        await pager.call(vendor.call(card))
        assert vendor.rang == 1


async def test_a_page_that_did_not_leave_is_tried_again(vendor: Vendor, card: IncidentCard) -> None:
    vendor.double.fail("status", 502)
    with pytest.raises(Broken):
        await vendor.pager.call(vendor.call(card))
    await vendor.pager.call(vendor.call(card))
    assert vendor.rang == 1


async def test_nothing_is_done_blindly_while_the_vendor_does_not_say_what_an_earlier_try_did(
    vendor: Vendor, card: IncidentCard
) -> None:
    if vendor.kind.keyed:
        pytest.skip("it knows our calls by their key")
    vendor.double.fail("status", 500, path=_path(vendor))
    with pytest.raises(Broken):
        await vendor.pager.call(vendor.call(card))
    vendor.double.fail("status", 500)  # the look
    with pytest.raises(Broken, match="does not say whether an earlier try rings"):
        await vendor.pager.call(vendor.call(card))
    assert vendor.rang == 0
    await vendor.pager.call(vendor.call(card))
    assert vendor.rang == 1


async def test_another_page_to_the_same_person_is_not_taken_for_this_one(vendor: Vendor, card: IncidentCard) -> None:
    await vendor.pager.call(vendor.call(card, effect_key=f"INC-1/other#1/raj/{vendor.kind.channel}", page="other"))
    vendor.double.fail("timeout_after", path=_path(vendor))
    await vendor.pager.call(vendor.call(card))
    assert vendor.rang == 2


async def test_who_asked_us_to_wait_is_left_alone_for_so_long(vendor: Vendor, card: IncidentCard) -> None:
    vendor.double.fail("rate_limit", retry_after="60", path=_path(vendor))
    for _ in range(2):
        with pytest.raises(RateLimited) as limited:
            await vendor.pager.call(vendor.call(card))
        assert 55 <= limited.value.retry_after_s <= 60
    assert len([each for each in vendor.double.asked if "token" not in each.path]) == 1


async def test_a_text_of_any_length_is_cut_to_what_the_vendor_takes(
    vendor: Vendor, card: IncidentCard, closing: ClosePage
) -> None:
    key = "INC-1/" + "loop[12]." * 80 + f"page#1/raj/{vendor.kind.channel}"
    long = card.model_copy(update={"title": LONG, "service": LONG})
    await vendor.pager.call(vendor.call(long, text=LONG, effect_key=key))
    await vendor.pager.call(vendor.call(long, text=LONG, effect_key=key + "x"))
    assert vendor.rang == 2
    assert vendor.double.violations == []
    assert await vendor.pager.close(closing) == 2


async def test_markup_from_outside_is_text(vendor: Vendor, card: IncidentCard) -> None:
    await vendor.pager.call(vendor.call(card, text=HOSTILE))
    [text] = vendor.kind.texts(vendor.double)
    if vendor.kind.channel == "voice":
        assert "<!channel>" not in text  # it parsed as XML, and what looks like markup was escaped
    elif vendor.kind.channel != "sms":
        assert "\n" not in text


async def test_a_notice_waits_for_nobody_and_closes_with_its_page(
    vendor: Vendor, card: IncidentCard, closing: ClosePage, store: Records
) -> None:
    await vendor.pager.call(vendor.call(card, urgent=False, purpose="notice"))
    [noted] = await store.pager_calls.find(incident_id=card.id)
    assert noted.state == "sent"
    assert await vendor.pager.close(closing) == 1


async def test_closing_goes_on_when_one_call_cannot_be_stopped(
    vendor: Vendor, card: IncidentCard, closing: ClosePage
) -> None:
    if vendor.kind.channel == "sms":
        pytest.skip("a message does not ring")
    for number in (1, 2):
        await vendor.pager.call(vendor.call(card, effect_key=f"INC-1/page_payments#{number}/raj/push"))
    vendor.double.fail("status", 500)
    with raises_cleanly((ProviderError,), vendor.double):
        await vendor.pager.close(closing)
    assert len(vendor.double.ringing()) == 1
    assert await vendor.pager.close(closing) == 1
    assert vendor.double.ringing() == []


async def test_wrong_credentials_are_told_as_such_and_never_shown(
    vendor: Vendor, card: IncidentCard, http: httpx.AsyncClient, store: Records, catalog: Catalog
) -> None:
    vendor.double.fail("status", 401, times=5)
    with pytest.raises(Unauthorised) as refused:
        await vendor.pager.call(vendor.call(card))
    assert_no_secret(str(refused.value), vendor.double)


async def test_paging_does_not_wait_for_our_own_store(
    vendor: Vendor, card: IncidentCard, store: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mayday.records import RecordsUnavailable

    async def silent(*_: object, **__: object) -> object:
        raise RecordsUnavailable("locked")

    for name in ("begin", "note", "forget", "find"):
        monkeypatch.setattr(store.pager_calls, name, silent)
    await vendor.pager.call(vendor.call(card))
    await vendor.pager.call(vendor.call(card))  # the worker died in between, and nobody noted the first
    assert vendor.rang == 1


def _path(vendor: Vendor) -> str:
    """Where calls are made: not the token, not the look."""
    return {
        "pagerduty": "/v2/enqueue" if vendor.kind.address == "raj" else "/incidents", "opsgenie": "/v2/alerts",
        "jsm": "/jsm", "everbridge": "/rest/incidents", "twilio": "/2010-04-01",
    }[vendor.double.name]  # fmt: skip


@pytest.fixture
def desk_pager(store: Records) -> Pager:
    return DeskPager(store.desk)


async def test_the_desk_keeps_the_same_contract(
    desk_pager: Pager, card: IncidentCard, closing: ClosePage, store: Records
) -> None:
    call = Call(
        effect_key="INC-1/page_payments#1/raj/push", incident=card, page="page_payments", purpose="page", person="raj",
        target="person.raj", channel="push", address="raj", text=LONG,
    )  # fmt: skip
    assert await desk_pager.call(call) == await desk_pager.call(call)
    assert len(await store.desk.pages.find(state="ringing")) == 1
    assert await desk_pager.close(closing) == 1
    assert await store.desk.pages.find(state="ringing") == []


async def test_a_responder_that_opsgenie_does_not_know_is_told_although_the_order_was_taken(
    http: httpx.AsyncClient, store: Records, catalog: Catalog, card: IncidentCard
) -> None:
    for double_class in (Opsgenie, Jsm):
        async with double_class() as double:
            pager = offer_of(double, http, store, FixedCatalog(catalog)).pager
            assert pager is not None
            double.strangers = {"nobody@example.com"}
            with raises_cleanly((Refused,), double) as refused:
                await pager.call(Call(
                    effect_key="INC-1/p#1/raj/push", incident=card, page="p", purpose="page", person="raj",
                    target="person.raj", channel="push", address="nobody@example.com", text="SEV1",
                ))  # fmt: skip
            assert "Responder not found" in str(refused.value)
