"""Answers at vendors that do not tell us of them: asked for, told to the incident once, at a bounded rate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.commands import Ack, Note
from mayday.domain.effects import IncidentCard
from mayday.domain.ports import Call
from mayday.language.catalog import Catalog
from mayday.providers.offers import Offer
from mayday.providers.ticket_echo import note_mark
from mayday.records import Records
from mayday.records.incidents import IncidentRecord
from tests.doubles.everbridge import Everbridge
from tests.doubles.given import offer_of
from tests.doubles.opsgenie import Jsm, JsmByKey, Opsgenie
from tests.doubles.pagerduty import PagerDuty
from worker.answers import MOST_NOTED, Answers

ADDRESSES = {"pagerduty": "PT23IWX", "opsgenie": "lee@example.com", "jsm": "557058:lee", "everbridge": "lee-external"}


class Incident:
    """Takes acknowledgements, or is silent."""

    def __init__(self) -> None:
        self.acks: list[Ack] = []
        self.notes: list[Note] = []
        self.silent = False

    async def tell(self, incident: str, workflow_id: str, command: Ack | Note) -> bool:
        if self.silent:
            return False
        if isinstance(command, Ack):
            self.acks.append(command)
        else:
            self.notes.append(command)
        return True


@pytest.fixture
def known(catalog: Catalog) -> FixedCatalog:
    ids = {"lee": ADDRESSES}
    people = {
        name: person.model_copy(update={"ids": ids.get(name, {}), "email": f"{name}@example.com"})
        for name, person in catalog.people.items()
    }
    return FixedCatalog(catalog.model_copy(update={"people": people}))


@pytest.fixture(params=[PagerDuty, Opsgenie, Jsm, JsmByKey, Everbridge])
async def rung(
    request: pytest.FixtureRequest, http: httpx.AsyncClient, store: Records, known: FixedCatalog, card: IncidentCard
) -> AsyncIterator[tuple[Any, Offer]]:
    """A vendor at which one page rings, to lee."""
    await store.incidents.opened(IncidentRecord(
        id=card.id, workflow_id="incident/1", title=card.title, severity="SEV1", status="investigating",
        services=["payments"], opened_at=datetime.now(UTC), updated_at=datetime.now(UTC),
    ))  # fmt: skip
    async with request.param() as double:
        offer = offer_of(double, http, store, known)
        assert offer.pager is not None
        await offer.pager.call(page(card, double.name, 1))
        yield double, offer
        assert double.violations == []


def page(card: IncidentCard, vendor: str, number: int) -> Call:
    return Call(
        effect_key=f"{card.id}/page_payments#{number}/lee/push", incident=card, page="page_payments", purpose="page",
        person="lee", target="person.lee", channel="push", address=ADDRESSES[vendor], text="SEV1",
    )  # fmt: skip


def answer(double: Any) -> None:
    """Lee answers there."""
    if isinstance(double, Everbridge):
        double.confirm(double.ringing()[0], "lee-external")
    elif isinstance(double, PagerDuty):
        double.acknowledge(double.ringing()[0], user="PT23IWX")
    else:
        double.acknowledge(double.ringing()[0], by="lee@example.com")


def watching(double: Any, offer: Offer, store: Records, known: FixedCatalog, incident: Incident) -> Answers:
    assert offer.watched is not None
    return Answers({double.name: offer.watched}, store, known, incident)


async def test_an_answer_there_acknowledges_the_page_here_once(
    rung: tuple[Any, Offer], store: Records, known: FixedCatalog
) -> None:
    double, offer = rung
    incident = Incident()
    answers = watching(double, offer, store, known, incident)
    assert await answers.look() == 0
    answer(double)
    assert await answers.look() == 1
    assert await answers.look() == 0
    [ack] = incident.acks
    assert (ack.page, ack.actor, ack.channel) == ("page_payments", "lee", double.name)


async def test_an_incident_that_is_silent_hears_of_it_in_the_next_round(
    rung: tuple[Any, Offer], store: Records, known: FixedCatalog
) -> None:
    double, offer = rung
    incident = Incident()
    incident.silent = True
    answers = watching(double, offer, store, known, incident)
    answer(double)
    assert await answers.look() == 0
    incident.silent = False
    assert await answers.look() == 1
    assert len({ack.id for ack in incident.acks}) == 1


async def test_a_vendor_that_is_down_is_asked_again_later(
    rung: tuple[Any, Offer], store: Records, known: FixedCatalog
) -> None:
    double, offer = rung
    answers = watching(double, offer, store, known, Incident())
    double.fail("status", 500, times=100)
    assert await answers.look() == 0
    double.recover()
    answer(double)
    assert await answers.look() == 1


async def test_nobody_is_asked_while_nothing_rings(
    rung: tuple[Any, Offer], store: Records, known: FixedCatalog, card: IncidentCard
) -> None:
    double, offer = rung
    await store.pager_calls.note(f"{card.id}/page_payments#1/lee/push", double.name, "closed")
    asked = len(double.asked)
    await watching(double, offer, store, known, Incident()).look()
    about_notes = isinstance(double, PagerDuty)  # the incident goes on, and people write on
    assert len(double.asked) == asked + about_notes


async def test_a_round_asks_no_more_than_it_may_however_much_rings(
    rung: tuple[Any, Offer], store: Records, known: FixedCatalog, card: IncidentCard
) -> None:
    double, offer = rung
    assert offer.pager is not None
    for number in range(2, 30):
        await offer.pager.call(page(card, double.name, number))
    asked = len(double.asked)
    answers = watching(double, offer, store, known, Incident())
    await answers.look()
    about_notes = 2 * MOST_NOTED if isinstance(double, PagerDuty) else 0
    assert len(double.asked) - asked <= 21 + about_notes
    asked = len(double.asked)
    await answers.look()
    assert len(double.asked) - asked <= 21, "notes wait for a minute"


async def test_what_people_write_on_a_page_in_pagerduty_is_told_once_also_when_it_was_answered(
    http: httpx.AsyncClient, store: Records, known: FixedCatalog, card: IncidentCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.answers.NOTES_EVERY", timedelta())
    await store.incidents.opened(IncidentRecord(
        id=card.id, workflow_id="incident/1", title=card.title, severity="SEV1", status="investigating",
        services=["payments"], opened_at=datetime.now(UTC), updated_at=datetime.now(UTC),
    ))  # fmt: skip
    async with PagerDuty() as double:
        offer = offer_of(double, http, store, known)
        assert offer.pager is not None
        await offer.pager.call(page(card, double.name, 1))
        incident = Incident()
        answers = watching(double, offer, store, known, incident)
        [key] = double.ringing()
        double.write_note(key, "Looking at the gateway")
        double.write_note(key, f"acknowledged by lee {note_mark(key)}")  # ours: what stopped the page
        double.write_note(key, "I can help", user="PSTRANGER")
        incident.silent = True
        assert await answers.look() == 0
        incident.silent = False
        assert await answers.look() == 2
        assert await answers.look() == 0
        assert [(note.actor, note.text) for note in incident.notes] == [
            ("lee", "note on the page: Looking at the gateway"),
            ("owner", "Lee Chen in pagerduty: note on the page: I can help"),
        ]
        await store.pager_calls.note(f"{card.id}/page_payments#1/lee/push", double.name, "closed")
        double.write_note(key, "It was the certificate")
        assert await answers.look() == 1
        assert double.violations == []


async def test_an_incident_that_has_ended_hears_of_nothing(
    rung: tuple[Any, Offer], store: Records, known: FixedCatalog, card: IncidentCard
) -> None:
    double, offer = rung
    record = await store.incidents.get(card.id)
    assert record is not None
    await store.incidents.save(record.model_copy(update={"ended_at": datetime.now(UTC), "status": "closed"}))
    incident = Incident()
    answer(double)
    await watching(double, offer, store, known, incident).look()
    assert incident.acks == []
