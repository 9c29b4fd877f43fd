"""The keys that our adapters give to vendors are those that our webhooks read: out by adapter, back as it came."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.effects import IncidentCard
from mayday.domain.ports import Call, CaseOrder, TicketOrder, WorkNote
from mayday.language.catalog import Catalog
from mayday.providers.calls import OurCall
from mayday.providers.inbound import Callback
from mayday.providers.sources import inbound_source
from mayday.providers.ticket_echo import is_ours
from mayday.records import Records
from tests.doubles.bmc import Bmc
from tests.doubles.given import offer_of
from tests.doubles.opsgenie import Jsm, Opsgenie
from tests.doubles.pagerduty import PagerDuty
from tests.doubles.server import Double
from tests.doubles.servicenow import ServiceNow
from tests.providers.contract.conftest import certificates, http, migrated, store
from tests.providers.inbound.samples import delivery

__all__ = ["certificates", "http", "migrated", "store"]

INCIDENT = "INC-01KB2C3D4E5F6G7H8J9KAMBNCP"


@pytest.fixture
def ours() -> IncidentCard:
    return IncidentCard(id=INCIDENT, title="Payments down", severity="SEV1", status="investigating", service="payments")


def said(source: str, body: Any) -> list[Callback]:
    found = inbound_source(source)
    assert found is not None
    assert found.events(delivery(body)) == [], "what is ours is no alert"
    return found.callbacks(delivery(body))


def of_pagerduty(double: Any) -> dict[str, Any]:
    (incident,) = double.incidents.values()
    agent = {"id": "PT23IWX", "type": "user_reference", "summary": "Raj"}
    event = {"id": "E1", "event_type": "incident.acknowledged", "resource_type": "incident", "agent": agent}
    data = {"id": incident["id"], "status": "acknowledged", "incident_key": incident["incident_key"]}
    return {"event": {**event, "data": data}}


def of_opsgenie(double: Any) -> dict[str, Any]:
    (alert,) = double.alerts.values()
    return {
        "action": "Acknowledge", "source": {"type": "mobile"},
        "alert": {"alertId": "a1", "alias": alert["alias"], "username": "raj@example.com", "updatedAt": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "kind", "address", "answered"),
    [
        ("pagerduty", PagerDuty, "raj", of_pagerduty),
        ("pagerduty", PagerDuty, "PT23IWX", of_pagerduty),
        ("opsgenie", Opsgenie, "raj@example.com", of_opsgenie),
        ("jira", Jsm, "557058:raj", of_opsgenie),
    ],
)
async def test_an_acknowledged_page_leads_back_to_its_ladder(
    source: str, kind: type[Double], address: str, answered: Any, http: httpx.AsyncClient, store: Records,
    catalog: Catalog, ours: IncidentCard,
) -> None:  # fmt: skip
    async with kind() as double:
        pager = offer_of(double, http, store, FixedCatalog(catalog)).pager
        assert pager is not None
        await pager.call(
            Call(
                effect_key=f"{INCIDENT}/page_payments#1/raj/push",
                incident=ours,
                page="page_payments",
                purpose="page",
                person="raj",
                target="person.raj",
                channel="push",
                address=address,
                text="Payments down",
            )
        )
        (callback,) = [each for each in said(source, answered(double)) if each.kind != "named"]
        assert (callback.kind, callback.call) == ("ack", OurCall(INCIDENT, "page_payments", 1, "raj", "push"))


async def test_a_ticket_leads_back_to_its_incident_and_our_notes_are_known(
    http: httpx.AsyncClient, store: Records, catalog: Catalog, ours: IncidentCard
) -> None:
    async with ServiceNow() as double:
        desk = offer_of(double, http, store, FixedCatalog(catalog)).ticket_desk
        assert desk is not None
        order = TicketOrder(effect_key=f"{INCIDENT}/open_ticket#1", incident=ours, kind="incident", summary="Down")
        ticket = await desk.open(order)
        await desk.note(WorkNote(effect_key="n", incident_id=INCIDENT, ticket=ticket.number, text="we look"))
        (record,) = double.records("incident")
        body = {**json.loads(json.dumps(record, default=str)), "work_notes": "", "operation": "update", "state": "2"}
        (callback,) = said("servicenow", body)
        assert callback.call == OurCall(INCIDENT, "open_ticket", 1)
        (note,) = double.notes(ticket.number)
        assert is_ours(note)


async def test_a_bmc_ticket_leads_back_to_its_incident(
    http: httpx.AsyncClient, store: Records, catalog: Catalog, ours: IncidentCard
) -> None:
    async with Bmc() as double:
        desk = offer_of(double, http, store, FixedCatalog(catalog)).ticket_desk
        assert desk is not None
        order = TicketOrder(effect_key=f"{INCIDENT}/open_ticket#1", incident=ours, kind="incident", summary="Down")
        await desk.open(order)
        (record,) = double.of_kind("incident")
        (callback,) = said("bmc", {"values": {**record, "Status": "Resolved"}})
        assert callback.call == OurCall(INCIDENT, "open_ticket", 1)


async def test_a_case_at_a_vendor_leads_back_to_its_engagement(ours: IncidentCard) -> None:
    key = f"{INCIDENT}/engage_gateway#1/case"
    order = CaseOrder(effect_key=key, incident=ours, vendor="gateway_co", priority="P1", summary="Down")
    (callback,) = said("servicenow", {"number": "CS7", "correlation_id": order.effect_key, "state": "2"})
    assert callback.call is not None
    assert (callback.call.step, callback.call.case) == ("engage_gateway", True)
