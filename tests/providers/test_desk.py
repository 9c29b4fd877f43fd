"""The embedded desk: every port works, is listed, and carries an order that is given twice out once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mayday.domain.effects import ActionRequest, ClosePage, IncidentCard
from mayday.domain.errors import Refused, Unreachable
from mayday.domain.ports import (
    BridgeOrder,
    Call,
    CaseOrder,
    ChannelOrder,
    Invitation,
    Mail,
    Meeting,
    Ports,
    Post,
    StatusUpdate,
    TicketClosing,
    TicketOrder,
    VendorCall,
    WorkNote,
)
from mayday.records import IncidentRecord, Records, RecordsUnavailable
from mayday.records.reviews import ReviewRecord
from tests.stores import Clock


def call(
    card: IncidentCard, person: str = "raj", channel: str = "push", key: str = "INC-1/page#1", urgent: bool = True
) -> Call:
    return Call(
        effect_key=f"{key}/{person}/{channel}", incident=card, page="page_payments", purpose="page", person=person,
        target="schedule.payments_primary", channel=channel, address="+44", text="SEV1 payments", urgent=urgent,
    )  # fmt: skip


async def test_a_page_rings_once_until_it_is_acknowledged(desk: Ports, records: Records, card: IncidentCard) -> None:
    first = await desk.pagers[0].call(call(card))
    again = await desk.pagers[0].call(call(card))
    await desk.pagers[0].call(call(card, "lee"))
    assert first == again
    assert [(page.person, page.state) for page in await records.desk.pages.find()] == [
        ("raj", "ringing"), ("lee", "ringing"),
    ]  # fmt: skip

    assert await records.desk.pages.acknowledge("INC-1", "page_payments", "lee") == 2
    pages = {page.person: page for page in await records.desk.pages.find()}
    assert (pages["lee"].state, pages["raj"].state) == ("acknowledged", "closed")
    assert pages["raj"].close_reason == "acknowledged by lee"
    assert await records.desk.pages.acknowledge("INC-1", "page_payments", "raj") == 0


async def test_closing_a_page_stops_what_still_rings(desk: Ports, records: Records, card: IncidentCard) -> None:
    await desk.pagers[0].call(call(card))
    await desk.pagers[0].call(call(card, "dana", key="INC-1/notice#1", urgent=False))
    closing = ClosePage(effect_key="INC-1/close#1", incident=card, page="page_payments", reason="the phase was left")
    assert await desk.pagers[0].close(closing) == 1
    assert await desk.pagers[0].close(closing) == 1  # the first answer again
    states = [(page.person, page.state) for page in await records.desk.pages.find(incident_id="INC-1")]
    assert states == [("raj", "closed"), ("dana", "sent")]


async def test_ten_at_once_page_one_time(desk: Ports, records: Records, card: IncidentCard) -> None:
    answers = await asyncio.gather(*(desk.pagers[0].call(call(card)) for _ in range(10)))
    assert len({answer.ref for answer in answers}) == 1
    assert len(await records.desk.pages.find()) == 1


async def test_tickets_get_numbers_notes_and_an_end(desk: Ports, records: Records, card: IncidentCard) -> None:
    tickets = desk.tickets[0]
    order = TicketOrder(effect_key="k1", incident=card, kind="incident", summary="Payments down", fields={"group": "x"})
    opened = await tickets.open(order)
    assert (await tickets.open(order)).number == opened.number == "MI-1001"
    assert opened.url == "https://mayday.example/desk/tickets/MI-1001"
    problem = await tickets.open(order.model_copy(update={"effect_key": "k2", "kind": "problem"}))
    change = await tickets.open(order.model_copy(update={"effect_key": "k3", "kind": "change"}))
    known = await tickets.open(order.model_copy(update={"effect_key": "k4", "kind": "change", "number": "CHG-7"}))
    second = await tickets.open(order.model_copy(update={"effect_key": "k5"}))
    assert [problem.number, change.number, known.number, second.number] == ["PRB-1001", "CHG-1001", "CHG-7", "MI-1002"]

    note = WorkNote(effect_key="n1", incident_id="INC-1", ticket="MI-1001", text="02:10 opened")
    await tickets.note(note)
    await tickets.note(note)
    assert [each.text for each in await records.desk.tickets.notes("MI-1001")] == ["02:10 opened"]

    await tickets.close(TicketClosing(effect_key="c1", incident_id="INC-1", ticket="MI-1001", reason="restored"))
    stored = await records.desk.tickets.get("MI-1001")
    assert stored is not None
    assert (stored.state, stored.close_reason, stored.fields) == ("closed", "restored", {"group": "x"})


async def test_a_note_for_an_unknown_ticket_is_refused_and_can_be_tried_again(
    desk: Ports, records: Records, card: IncidentCard
) -> None:
    note = WorkNote(effect_key="n1", incident_id="INC-1", ticket="MI-1001", text="hello")
    with pytest.raises(Refused):
        await desk.tickets[0].note(note)
    await desk.tickets[0].open(TicketOrder(effect_key="k1", incident=card, kind="incident", summary="s"))
    await desk.tickets[0].note(note)
    assert len(await records.desk.tickets.notes("MI-1001")) == 1


async def test_a_bridge_has_a_join_page_and_the_standing_telephone_number(
    desk: Ports, records: Records, card: IncidentCard
) -> None:
    order = BridgeOrder(effect_key="b1", incident=card, name="MI-1001 war room")
    ref = await desk.bridges[0].open(order)
    assert await desk.bridges[0].open(order) == ref
    assert ref.url == f"https://mayday.example/bridges/{ref.id}"
    assert ref.phone == "+441632960099"
    assert ref.id is not None
    stored = await records.desk.bridges.get(ref.id)
    assert stored is not None
    assert stored.name == "MI-1001 war room"
    assert await desk.bridges[0].close("b2", card) == 1
    assert [bridge.closed_at is not None for bridge in await records.desk.bridges.find("INC-1")] == [True]


async def test_chat_has_a_channel_for_the_incident(desk: Ports, records: Records, card: IncidentCard) -> None:
    chat = desk.chats[0]
    opened = await chat.open_channel(ChannelOrder(effect_key="c1", incident=card, name="#INC Payments down!"))
    assert opened.channel == "inc-payments-down"
    other = card.model_copy(update={"id": "INC-2"})
    taken = await chat.open_channel(ChannelOrder(effect_key="c2", incident=other, name="inc-payments-down"))
    assert taken.channel == "inc-payments-down-2"

    here = card.model_copy(update={"channel": opened.channel})
    await chat.post(Post(effect_key="p1", incident=here, text="hello"))
    await chat.post(Post(effect_key="p1", incident=here, text="hello"))
    await chat.post(Post(effect_key="p2", incident=here, text="bridge: x", pin=True))
    messages = await records.desk.chat.messages(channel="inc-payments-down")
    assert [(message.text, message.pinned) for message in messages] == [("hello", False), ("bridge: x", True)]

    assert await chat.invite(Invitation(effect_key="i1", incident=here, people=["ana", "raj"])) == ["ana", "raj"]
    assert await chat.invite(Invitation(effect_key="i2", incident=here, people=["raj", "lee"])) == ["lee"]
    await chat.archive("a1", here)
    [channel] = await records.desk.chat.find("INC-1")
    assert channel.members == ["ana", "raj", "lee"]
    assert channel.archived_at is not None


async def test_what_an_audience_reads_first_in_an_incidents_channel_makes_it_no_stranger(
    desk: Ports, records: Records, card: IncidentCard
) -> None:
    """The first message may be an update for stakeholders: the channel is the incident's all the same."""
    chat = desk.chats[0]
    await chat.post(Post(effect_key="p1", incident=card, text="SEV1", audience="stakeholders"))
    assert await chat.invite(Invitation(effect_key="i1", incident=card, people=["ana"])) == ["ana"]
    await chat.post(Post(effect_key="p2", incident=card, text="SEV1", audience="stakeholders", channel="status"))
    [own] = await records.desk.chat.find("INC-1")
    assert (own.name, own.members) == ("inc-1", ["ana"])
    await chat.archive("a1", card)
    assert {channel.name: channel.archived_at is not None for channel in await records.desk.chat.find()} == {
        "inc-1": True, "status": False
    }  # fmt: skip


async def test_mail_and_status_posts_are_kept_for_reading(desk: Ports, records: Records, card: IncidentCard) -> None:
    mail = Mail(effect_key="m1", incident=card, to=["a@example.com"], subject="SEV1", text="Payments down")
    await desk.mailers[0].send(mail)
    await desk.mailers[0].send(mail)
    assert [(each.recipients, each.subject) for each in await records.desk.outbox.mails("INC-1")] == [
        (["a@example.com"], "SEV1")
    ]
    post = StatusUpdate(effect_key="s1", incident=card, title="Payments", text="We are on it", purpose="first_post")
    await desk.status_pages[0].post(post)
    await desk.status_pages[0].post(post)
    [stored] = await records.desk.outbox.status_posts("INC-1")
    assert (stored.service, stored.purpose, stored.text) == ("payments", "first_post", "We are on it")


async def test_a_meeting_moves_by_sequence_and_is_called_off(desk: Ports, records: Records, card: IncidentCard) -> None:
    start = datetime(2026, 3, 5, 10, tzinfo=UTC)

    def meeting(sequence: int, starts_at: datetime, method: str = "REQUEST") -> Meeting:
        return Meeting.model_validate({
            "effect_key": f"cal{sequence}", "incident": card, "method": method, "uid": "review-INC-1@mayday",
            "sequence": sequence, "stamped_at": start, "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=30), "summary": "Review; payments, SEV1",
            "attendees": ["a@example.com"],
            "description": "Line one\nLine two", "url": "https://mayday.example/reviews/INC-1",
        })  # fmt: skip

    await desk.calendars[0].invite(meeting(0, start))
    await desk.calendars[0].invite(meeting(1, start + timedelta(hours=1)))
    late = meeting(0, start)
    await desk.calendars[0].invite(late.model_copy(update={"effect_key": "late"}))
    [event] = await records.desk.outbox.events("INC-1")
    assert (event.sequence, event.start_at) == (1, start + timedelta(hours=1))

    await desk.calendars[0].invite(meeting(2, start + timedelta(hours=1), "CANCEL"))
    [event] = await records.desk.outbox.events("INC-1")
    assert "METHOD:CANCEL" in event.ics
    assert "STATUS:CANCELLED" in event.ics
    assert "UID:review-INC-1@mayday" in event.ics
    mails = await records.desk.outbox.mails("INC-1")
    assert mails[0].attachments[0]["content_type"] == "text/calendar; method=REQUEST; charset=utf-8"


async def test_vendor_cases_keep_every_contact_as_evidence(desk: Ports, records: Records, card: IncidentCard) -> None:
    order = CaseOrder(effect_key="v1", incident=card, vendor="gateway_co", contract="C-1", priority="P1", summary="s")
    case = await desk.vendors[0].open_case(order)
    assert await desk.vendors[0].open_case(order) == case == "VC-1001"
    contact = VendorCall(
        effect_key="v2", incident=card, vendor="gateway_co", case=case, level="support", channel="voice",
        address="+44", text="P1 down",
    )  # fmt: skip
    await desk.vendors[0].contact(contact)
    await desk.vendors[0].contact(contact)
    assert [(each.level, each.channel) for each in await records.desk.cases.contacts(case)] == [("support", "voice")]
    assert [each.number for each in await records.desk.cases.find(vendor="gateway_co")] == ["VC-1001"]


async def test_a_change_becomes_one_work_order(desk: Ports, records: Records, card: IncidentCard) -> None:
    request = ActionRequest(
        effect_key="x1", incident=card, action="change.execute", inputs={"change": "CHG-7"}, approval="ref",
        approval_digest="d",
    )  # fmt: skip
    first = await desk.changes[0].run(request)
    assert first == await desk.changes[0].run(request)
    assert first.outputs == {"outcome": "ordered", "ref": "WO-1001"}
    [order] = await records.desk.tickets.orders("INC-1")
    assert (order.inputs, order.approval_digest) == ({"change": "CHG-7"}, "d")


async def test_the_roster_knows_overrides_made_at_run_time(desk: Ports, records: Records, clock: Clock) -> None:
    roster, now = desk.rosters["catalog"], clock()
    assert await roster.on_call("payments_primary", now) == ["raj"]
    made = await records.overrides.add(
        "payments_primary", "lee", now - timedelta(hours=1), now + timedelta(hours=1), created_by="raj"
    )
    await records.overrides.add(
        "payments_primary", "dana", now + timedelta(hours=1), now + timedelta(hours=2), created_by="raj"
    )
    assert await roster.on_call("payments_primary", now) == ["lee"]
    assert await roster.on_call("payments_primary", now + timedelta(hours=1)) == ["dana"]
    change = await roster.next_handoff("payments_primary", now)
    assert change is not None
    assert change.incoming == "dana"
    await records.overrides.remove(made.id)
    assert await roster.on_call("payments_primary", now) == ["raj"]
    with pytest.raises(Refused):
        await roster.on_call("nobody", now)


async def test_recent_changes_and_incidents_that_look_alike(
    desk: Ports, records: Records, card: IncidentCard, clock: Clock
) -> None:
    order = TicketOrder(
        effect_key="k1", incident=card, kind="change", summary="gateway 2.1", fields={"service": "payments"}
    )
    await desk.tickets[0].open(order)
    history = await desk.change_logs[0].recent("payments", clock() - timedelta(hours=72))
    assert [change.summary for change in history.changes] == ["gateway 2.1"]
    assert (await desk.change_logs[0].recent("dns", clock() - timedelta(hours=72))).changes == []
    assert (await desk.change_logs[0].recent("payments", clock() + timedelta(hours=1))).changes == []

    for number, (title, service) in enumerate(
        [("Payments down again", "payments"), ("Gateway slow", "gateway"), ("Printer", "office")], start=2
    ):
        await records.incidents.save(IncidentRecord(
            id=f"INC-{number}", workflow_id="w", title=title, severity="SEV2", status="closed", services=[service],
            opened_at=clock(), ended_at=clock(),
        ))  # fmt: skip
    items = await desk.knowledge[0].similar("payments", "payments gateway down", "INC-9")
    assert [item.ref for item in items] == ["INC-2", "INC-3"]


async def test_of_two_that_look_alike_the_one_that_says_what_helped_comes_first(
    desk: Ports, records: Records, clock: Clock
) -> None:
    for number in (2, 3):
        await records.incidents.save(IncidentRecord(
            id=f"INC-{number}", workflow_id="w", title="Payments down", severity="SEV2", status="closed",
            services=["payments"], opened_at=clock() - timedelta(days=4 - number), ended_at=clock(),
        ))  # fmt: skip
    form = {"cause_code": "vendor", "workaround": "Route past the gateway"}
    board = {"form": form, "problem": "PRB-7"}
    await records.reviews.save(ReviewRecord(incident_id="INC-2", workflow_id="r", state="closed", data=board))
    first, second = await desk.knowledge[0].similar("payments", "payments down", "INC-9")
    assert (first.kind, first.ref, first.url) == ("known_error", "INC-2", "https://mayday.example/reviews/INC-2")
    assert (first.workaround, first.cause, first.problem) == ("Route past the gateway", "vendor", "PRB-7")
    assert (second.kind, second.ref, second.workaround) == ("incident", "INC-3", None)


class _FullDisk:
    async def __aenter__(self) -> None:
        raise RecordsUnavailable("disk full")

    async def __aexit__(self, *_: object) -> None:
        return None


async def test_a_silent_store_is_an_unreachable_provider(
    desk: Ports, records: Records, card: IncidentCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records.store, "write", _FullDisk)
    with pytest.raises(Unreachable):
        await desk.pagers[0].call(call(card))
