"""What every ticket desk has to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mayday.domain.errors import ProviderError, Refused, Unreachable
from mayday.domain.ports import ChildTicket, TicketClosing, TicketOrder, TicketRef, TicketReopening, WorkNote
from mayday.language.catalog import Catalog
from tests.doubles.bmc import Bmc
from tests.doubles.jira import Jira
from tests.doubles.server import Double
from tests.doubles.servicenow import ServiceNow
from tests.providers.contract.outcomes import HOSTILE, LONG, OUTCOMES, Outcome, raises_cleanly
from tests.providers.contract.stand import Stand, incident, named, stand

VENDORS: list[type[Double]] = [ServiceNow, Jira, Bmc]
#: the method by which a note is written, where it is not POST
NOTED_BY = {"servicenow": "PATCH"}


@pytest.fixture(params=[*VENDORS, None], ids=named)
async def tickets(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    async with stand(request.param, "ticket_desk", "tickets", tmp_path, catalog, monkeypatch) as opened:
        yield opened


@pytest.fixture(params=VENDORS, ids=named)
async def outside(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    """The same without the desk, which has no network to fail."""
    async with stand(request.param, "ticket_desk", "tickets", tmp_path, catalog, monkeypatch) as opened:
        yield opened


def order(key: str = "INC-1/ticket#1", **more: Any) -> TicketOrder:
    fields = {"severity": "SEV1", "service": "payments"}
    given = {"kind": "incident", "summary": "payments outage in eu", "fields": fields}
    return TicketOrder.model_validate({"effect_key": key, "incident": incident(), **given, **more})


def note(ticket: str, text: str = "02:10 opened", key: str = "INC-1/note/1-4") -> WorkNote:
    return WorkNote(effect_key=key, incident_id=incident().id, ticket=ticket, text=text)


async def notes_of(tickets: Stand, number: str) -> list[str]:
    if tickets.vendor is not None:
        return list(tickets.vendor.notes(number))  # type: ignore[attr-defined]
    return [each.text for each in await tickets.records.desk.tickets.notes(number)]


async def again(tickets: Stand, method: str, wanted: Any) -> Any:
    """As an activity does it: what a retry may help is tried again."""
    try:
        return await getattr(tickets.port, method)(wanted)
    except ProviderError as error:
        assert error.retryable or error.ambiguous  # noqa: PT017 - depends on the request that fails
        return await getattr(tickets.port, method)(wanted)


async def test_each_kind_of_ticket_is_opened_once(tickets: Stand) -> None:
    numbers = []
    for kind in ("incident", "problem", "change"):
        first: TicketRef = await tickets.port.open(order(f"INC-1/{kind}#1", kind=kind))
        assert first.number
        assert first.url or tickets.vendor is not None  # BMC's forms have no address that we could know
        assert (await tickets.port.open(order(f"INC-1/{kind}#1", kind=kind))).number == first.number
        numbers.append(first.number)
    assert len(set(numbers)) == 3


def action(tickets: Stand, key: str = "INC-1/review:actions:A1#1") -> TicketOrder:
    due_at = datetime(2026, 5, 29, 17, tzinfo=UTC)
    known_as = {"person": "ana", "email": "ana@example.com", "jira": "5b10ac8d82e05b22cc7d4ef5"}
    return order(key, kind="action", summary="Second gateway", due_at=due_at, assignee=known_as, fields={})


async def test_a_follow_up_is_opened_once_noted_and_closed(tickets: Stand) -> None:
    first: TicketRef = await tickets.port.open(action(tickets))
    assert (await tickets.port.open(action(tickets))).number == first.number
    await tickets.port.note(note(first.number, "Due later now", "INC-1/review:actions:A1:note#1"))
    assert (await notes_of(tickets, first.number))[0].startswith("Due later now")
    await tickets.port.close(TicketClosing(
        effect_key="INC-1/review:actions:A1:close#1", incident_id=incident().id, ticket=first.number, reason="Done",
    ))  # fmt: skip
    if tickets.vendor is not None:
        assert (await tickets.port.state(first.number))[1]
        return
    [kept] = await tickets.records.desk.tickets.find(kind="action")
    assert (kept.number, kept.state, kept.close_reason) == (first.number, "closed", "Done")
    assert kept.fields == {"due_at": "2026-05-29T17:00:00.000Z", "assignee": "ana"}


async def test_a_follow_up_goes_to_its_owner_until_its_day(outside: Stand) -> None:
    if isinstance(outside.double, Bmc):
        told = order("INC-1/review:actions:A1#1", kind="action", summary="Second gateway", description="Owner: Ana")
        await outside.port.open(told)
        [row] = outside.double.of_kind("action")
        assert "Owner: Ana" in row["Detailed Description"]
        assert row["Customer Company"] == "Calbro Services"
        return
    if isinstance(outside.double, ServiceNow):
        ana = outside.double.put("sys_user", user_name="ana.ruiz", name="Ana Ruiz", email="ana@example.com")
        problem = outside.double.put("problem")
        await outside.port.open(action(outside).model_copy(update={"problem": problem["number"]}))
        [row] = outside.double.of_kind("action")
        assert (row["assigned_to"], row["problem"]) == (ana["sys_id"], problem["sys_id"])
        assert row["due_date"] == "2026-05-29 17:00:00"
        return
    await outside.port.open(action(outside))
    [issue] = outside.double.of_kind("action")  # type: ignore[attr-defined]
    assert issue["fields"]["duedate"] == "2026-05-29"
    assert issue["fields"]["assignee"] == {"accountId": "5b10ac8d82e05b22cc7d4ef5"}


async def test_a_ticket_opened_before_is_found_by_who_remembers_nothing(outside: Stand) -> None:
    first = await outside.port.open(order())
    outside.forget()
    assert (await outside.port.open(order())).number == first.number


async def test_a_known_change_is_taken_by_its_number(tickets: Stand) -> None:
    opened = await tickets.port.open(order("INC-1/change#1", kind="change"))
    taken = await tickets.port.open(order("INC-1/change#2", kind="change", number=opened.number))
    assert taken.number == opened.number


async def test_a_note_is_written_once_and_stays_inside(tickets: Stand) -> None:
    ticket = await tickets.port.open(order())
    await tickets.port.note(note(ticket.number))
    await tickets.port.note(note(ticket.number))
    await tickets.port.note(note(ticket.number, "02:20 bridge opened", "INC-1/note/5-6"))
    first, second = await notes_of(tickets, ticket.number)
    assert first.startswith("02:10 opened")
    assert second.startswith("02:20 bridge opened")


async def test_a_ticket_is_closed_and_closing_it_again_changes_nothing(tickets: Stand) -> None:
    ticket = await tickets.port.open(order())
    closing = TicketClosing(
        effect_key="INC-1/close#1", incident_id=incident().id, ticket=ticket.number, reason="restored"
    )
    await tickets.port.close(closing)
    await tickets.port.close(closing)
    await tickets.port.close(closing.model_copy(update={"effect_key": "INC-1/close#2"}))
    if tickets.vendor is not None:
        state, over = await tickets.port.state(ticket.number)
        assert state
        assert over


async def test_an_unknown_ticket_is_refused(tickets: Stand) -> None:
    with pytest.raises(Refused):
        await tickets.port.note(note("INC9999999"))
    with pytest.raises(Refused):
        await tickets.port.close(TicketClosing(effect_key="c", incident_id="INC-1", ticket="INC9999999"))


@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
@pytest.mark.parametrize("kind", ["incident", "problem", "change"])
async def test_a_ticket_whose_answer_is_lost_is_found_again(outside: Stand, how: Any, kind: str) -> None:
    await outside.port.open(order("INC-1/before#1", kind=kind))
    outside.double.fail(how, method="POST")
    first = await again(outside, "open", order(kind=kind))
    assert (await outside.port.open(order(kind=kind))).number == first.number
    assert len(outside.double.of_kind(kind)) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
async def test_a_note_whose_answer_is_lost_is_written_once(outside: Stand, how: Any) -> None:
    ticket = await outside.port.open(order())
    outside.double.fail(how, method=NOTED_BY.get(outside.double.name, "POST"))
    await again(outside, "note", note(ticket.number))
    await outside.port.note(note(ticket.number))
    assert len(await notes_of(outside, ticket.number)) == 1


async def test_long_and_hostile_texts_are_taken(tickets: Stand) -> None:
    for number, text in enumerate((LONG, HOSTILE)):
        card = incident(title=text)
        ticket = await tickets.port.open(order(f"INC-1/t#{number}", summary=text, description=text, incident=card))
        await tickets.port.note(note(ticket.number, text, f"INC-1/note/{number}"))
        assert len((await notes_of(tickets, ticket.number))[0]) > 100


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_every_failure_has_its_error(outside: Stand, outcome: Outcome) -> None:
    await outside.port.open(order("INC-1/before#1"))  # logged in
    outcome.arrange(outside.double)
    with raises_cleanly(outcome.errors, outside.double):
        await outside.port.open(order())


async def test_who_is_not_there_is_unreachable(outside: Stand) -> None:
    await outside.double.stop()
    with raises_cleanly((Unreachable,), outside.double):
        await outside.port.open(order())


def child_of(major: str, child: str) -> ChildTicket:
    return ChildTicket(effect_key=f"INC-1/child/{child}", incident_id="INC-1", ticket=major, child=child)


async def test_resolving_the_major_ticket_is_proposed_to_its_open_children_once(tickets: Stand) -> None:
    major, one, other, stranger = [(await tickets.port.open(order(f"INC-1/ticket#{n}"))).number for n in range(1, 5)]
    for child in (one, other, one):
        await tickets.port.adopt(child_of(major, child))
    await tickets.port.close(TicketClosing(effect_key="x", incident_id="INC-1", ticket=other))
    closing = TicketClosing(effect_key="INC-1/close#1", incident_id="INC-1", ticket=major, reason="restored")
    await tickets.port.close(closing)
    assert await tickets.port.propose_closing(closing) == [one]
    assert await tickets.port.propose_closing(closing) == [one]
    [told] = await notes_of(tickets, one)
    assert f"The major incident {major} is resolved: restored" in told
    assert await notes_of(tickets, stranger) == []


async def test_a_ticket_without_children_proposes_nothing(tickets: Stand) -> None:
    ticket = (await tickets.port.open(order())).number
    assert await tickets.port.propose_closing(TicketClosing(effect_key="x", incident_id="INC-1", ticket=ticket)) == []


async def test_what_the_desk_does_not_know_is_nobodys_child(tickets: Stand) -> None:
    ticket = (await tickets.port.open(order())).number
    for wrong in ("INC0099999", "CRQ000000000001", "x^y"):
        with pytest.raises(Refused):
            await tickets.port.adopt(child_of(ticket, wrong))


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_a_link_that_fails_is_told_as_what_it_is(outside: Stand, outcome: Outcome) -> None:
    major, child = [(await outside.port.open(order(f"INC-1/ticket#{n}"))).number for n in (1, 2)]
    outcome.arrange(outside.double)
    with raises_cleanly((*outcome.errors, Unreachable), outside.double):
        await outside.port.adopt(child_of(major, child))


async def test_a_resolved_ticket_is_opened_again_and_an_open_one_is_left_alone(tickets: Stand) -> None:
    ticket = await tickets.port.open(order())
    reopening = TicketReopening(
        effect_key="INC-1/reopened:ticket#1",
        incident_id=incident().id,
        ticket=ticket.number,
        reason="Open again: relapse",
    )
    assert await again(tickets, "reopen", reopening) is False, "nobody had closed it"
    for number in (1, 2):  # a second relapse opens it as the first one did
        await tickets.port.close(TicketClosing(
            effect_key=f"INC-1/close#{number}", incident_id=incident().id, ticket=ticket.number, reason="restored",
        ))  # fmt: skip
        once_more = reopening.model_copy(update={"effect_key": f"INC-1/reopened:ticket#{number + 1}"})
        assert await again(tickets, "reopen", once_more) is True
        if tickets.vendor is not None:
            assert (await tickets.port.state(ticket.number))[1] is False
        else:
            stored = await tickets.records.desk.tickets.get(ticket.number)
            assert (stored.state, stored.closed_at) == ("open", None)
    written = [text for text in await notes_of(tickets, ticket.number) if text.startswith("Open again: relapse")]
    assert len(written) == 2


async def test_a_ticket_that_nobody_knows_is_not_opened_again(tickets: Stand) -> None:
    with pytest.raises(Refused):
        await tickets.port.reopen(
            TicketReopening(effect_key="c", incident_id="INC-1", ticket="INC9999999", reason="relapse")
        )
