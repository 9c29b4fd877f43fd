"""What is BMC's own: a token that ends, entries with two ids, work information."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mayday.domain.errors import Refused
from mayday.domain.ports import TicketClosing
from mayday.language.catalog import Catalog
from mayday.providers.ticket_echo import is_ours
from tests.doubles.bmc import Bmc
from tests.providers.contract.stand import Stand, stand
from tests.providers.contract.test_tickets import note, order


@pytest.fixture
async def desk(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    async with stand(Bmc, "ticket_desk", "tickets", tmp_path, catalog, monkeypatch) as opened:
        yield opened


def bmc(at: Stand) -> Bmc:
    assert isinstance(at.vendor, Bmc)
    return at.vendor


async def test_who_was_logged_out_logs_in_again_once(desk: Stand) -> None:
    await desk.port.open(order())
    bmc(desk).expire()
    ticket = await desk.port.open(order("INC-1/ticket#2"))
    assert ticket.number
    assert len(bmc(desk).calls("POST", "/api/jwt/login")) == 2


async def test_a_note_is_internal_and_the_key_stands_in_the_vendors_number(desk: Stand) -> None:
    ticket = await desk.port.open(order())
    await desk.port.note(note(ticket.number))
    [worklog] = bmc(desk).entries["HPD:WorkLog"].values()
    assert (worklog["View Access"], worklog["Incident Number"]) == ("Internal", ticket.number)
    assert is_ours(worklog["Detailed Description"])  # its callback is no news
    [entry] = bmc(desk).of_kind("incident")
    assert (entry["Vendor Ticket Number"], entry["Impact"]) == ("INC-1/ticket#1", "1-Extensive/Widespread")


async def test_a_ticket_is_resolved_by_the_id_of_its_entry(desk: Stand) -> None:
    ticket = await desk.port.open(order())
    await desk.port.close(TicketClosing(effect_key="c", incident_id="INC-1", ticket=ticket.number, reason="restored"))
    [entry] = bmc(desk).of_kind("incident")
    assert (entry["Status"], entry["Resolution"]) == ("Resolved", "restored")
    assert await desk.port.state(ticket.number) == ("Resolved", True)


async def test_a_follow_up_is_a_work_order_that_is_found_again_by_its_mark(desk: Stand) -> None:
    wanted = order("INC-1/review:actions:A1#1", kind="action", summary="Second gateway " * 20)
    bmc(desk).fail("timeout_after", method="POST", path="/api/arsys/v1/entry/WOI")
    first = await desk.port.open(wanted)
    desk.forget()
    assert (await desk.port.open(wanted)).number == first.number
    [entry] = bmc(desk).of_kind("action")
    assert entry["Summary"].endswith("]")
    assert len(entry["Summary"]) <= 100
    assert is_ours(entry["Detailed Description"]), "a flow that posts it back echoes nothing"
    await desk.port.note(note(first.number, "Due later"))
    assert await desk.port.state(first.number) == ("Assigned", False)
    await desk.port.close(TicketClosing(effect_key="c", incident_id="INC-1", ticket=first.number, reason="done"))
    assert await desk.port.state(first.number) == ("Completed", True)


async def test_without_a_company_follow_ups_stay_at_our_own_desk(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand(Bmc, "ticket_desk", "tickets", tmp_path, catalog, monkeypatch, company="") as at:
        with pytest.raises(Refused, match="MAYDAY_BMC_COMPANY"):
            await at.port.open(order(kind="action"))


async def test_a_number_that_would_end_the_search_is_refused(desk: Stand) -> None:
    with pytest.raises(Refused):
        await desk.port.note(note('INC1" OR 1=1 OR "a'))
