"""The catalog's actions: each has an activity, does its work once, and fails as a task can be made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.bridge import BridgeActivities
from activities.calendar import CalendarActivities
from activities.change import ChangeActivities
from activities.chat import ChatActivities
from activities.dependencies import Dependencies
from activities.failures import application_error
from activities.itsm import ItsmActivities
from activities.knowledge import KnowledgeActivities
from activities.registry import build
from activities.review import ReviewActivities
from mayday.catalogs import FixedCatalog
from mayday.domain import effects as fx
from mayday.domain.effects import ActionReceipt, ActionRequest, DeadlineRequest, IncidentCard, SentVia
from mayday.domain.errors import Ambiguous, Broken, NobodyReached, RateLimited, Refused, Unauthorised, Unreachable
from mayday.domain.ports import Meeting, TicketClosing, TicketDesk, TicketReopening, WorkNote
from mayday.domain.review.wire import (
    DRAFT_REPORT,
    MEETING_SLOT,
    SAVE,
    SEND_INVITE,
    SEND_REPORT,
    DraftRequest,
    InviteRequest,
    ReviewBoard,
    SaveReview,
    SlotRequest,
    WrittenSection,
)
from mayday.domain.timeline import GENESIS, append
from mayday.language.actions import BUILT_IN, INTERNAL
from mayday.language.catalog import Catalog, Freeze
from mayday.records import Records
from tests.stores import Clock

Run = Callable[..., Any]


def ask(card: IncidentCard, action: str, key: str = "INC-1/step#1", **inputs: Any) -> ActionRequest:
    return ActionRequest(effect_key=key, incident=card, action=action, inputs=inputs)


def test_every_effect_and_every_action_of_the_catalog_has_its_activity(dependencies: Dependencies) -> None:
    names = {activity._Definition.must_from_callable(each).name for each in build(dependencies)}  # type: ignore[attr-defined]
    kinds = {
        fx.PAGE, fx.CLOSE_PAGE, fx.SEND, fx.RESOLVE, fx.DEADLINE, fx.VENDOR_OPEN, fx.VENDOR_CONTACT, fx.FLUSH, fx.LOOK,
    }  # fmt: skip
    kinds |= {MEETING_SLOT, SEND_INVITE, SAVE, DRAFT_REPORT, SEND_REPORT}
    assert kinds | (set(BUILT_IN) - set(INTERNAL)) <= names
    assert None in names  # the dynamic one, for actions of the house


@pytest.mark.parametrize(
    ("error", "code", "final", "wait"),
    [
        (Unreachable("x"), "unreachable", False, None),
        (Broken("x"), "broken", False, None),
        (RateLimited("x", retry_after_s=7), "rate_limited", False, timedelta(seconds=7)),
        (Ambiguous("x", provider="p"), "ambiguous", True, None),
        (Refused("x"), "refused", True, None),
        (Unauthorised("x"), "unauthorised", True, None),
        (NobodyReached("x", retryable=True), "unreached", False, None),
        (NobodyReached("x", retryable=False), "unreached", True, None),
    ],
)  # fmt: skip
def test_a_domain_error_becomes_temporals_by_type(error: Any, code: str, final: bool, wait: timedelta | None) -> None:
    mapped = application_error(error)
    assert (mapped.type, mapped.non_retryable, mapped.next_retry_delay) == (code, final, wait)
    assert mapped.details[0] == {"ambiguous": code == "ambiguous", "provider": error.provider}


async def test_a_ticket_a_channel_and_a_bridge(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    itsm, chat, bridge = ItsmActivities(dependencies), ChatActivities(dependencies), BridgeActivities(dependencies)
    ticket = await run(
        itsm.open_major_incident, ask(card, "itsm.open_major_incident", "t", summary="Outage", assignment_group="pay")
    )
    assert ticket.outputs["number"] == "MI-1001"
    stored = await records.desk.tickets.get("MI-1001")
    assert stored is not None
    assert stored.fields == {"severity": "SEV1", "service": "payments", "assignment_group": "pay"}

    card = card.model_copy(update={"ticket": "MI-1001"})
    await run(itsm.add_note, ask(card, "itsm.add_note", "n", text="hello"))
    assert len(await records.desk.tickets.notes("MI-1001")) == 1
    assert (await run(itsm.open_problem, ask(card, "itsm.open_problem", "p", summary="s"))).outputs[
        "number"
    ] == "PRB-1001"
    change = await run(itsm.open_change, ask(card, "itsm.open_change", "c", summary="s", change="CHG-9"))
    assert change.outputs["number"] == "CHG-9"

    opened = await run(bridge.open, ask(card, "bridge.open", "b", name="war room"))
    assert opened.outputs["url"].startswith("https://mayday.example/bridges/")
    assert (await run(bridge.close, ask(card, "bridge.close", "bc"))).outputs == {"closed": 1}

    channel = await run(chat.open_channel, ask(card, "chat.open_channel", "ch", name="INC 1"))
    card = card.model_copy(update={"channel": channel.outputs["channel"]})
    invited = await run(chat.invite, ask(card, "chat.invite", "i", people=["group.executives", "ana", "nobody"]))
    assert invited.outputs == {"invited": ["dana", "chris", "ana"]}
    await run(chat.post, ask(card, "chat.post", "po", text="hello"))
    await run(chat.pin, ask(card, "chat.pin", "pi", text="bridge"))
    await run(chat.archive, ask(card, "chat.archive", "a"))
    await run(itsm.close, ask(card, "itsm.close", "cl", reason="restored"))
    closed = await records.desk.tickets.get("MI-1001")
    assert closed is not None
    assert closed.state == "closed"


@pytest.mark.parametrize("action", ["itsm.add_note", "itsm.close", "itsm.open_problem"])
async def test_what_cannot_work_is_refused_and_not_retried(
    dependencies: Dependencies, card: IncidentCard, run: Run, action: str
) -> None:
    itsm = ItsmActivities(dependencies)
    call = {"itsm.add_note": itsm.add_note, "itsm.close": itsm.close, "itsm.open_problem": itsm.open_problem}[action]
    with pytest.raises(ApplicationError) as failed:
        await run(call, ask(card, action, text="x"))
    assert (failed.value.type, failed.value.non_retryable) == ("refused", True)


async def test_a_change_is_carried_out_once_at_the_first_runner_only(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    request = ask(card, "change.execute", change="CHG-9").model_copy(update={"approval": "emergency_change#1"})
    changes = ChangeActivities(dependencies)
    first = await run(changes.execute, request)
    assert first == await run(changes.execute, request)
    assert first.outputs == {"outcome": "ordered", "ref": "WO-1001"}
    [order] = await records.desk.tickets.orders()
    assert order.approval == "emergency_change#1"

    class Lost:
        name = "runner"

        async def run(self, request: ActionRequest) -> ActionReceipt:
            raise Ambiguous("no answer")

    unsure = replace(dependencies, ports=replace(dependencies.ports, changes=[Lost(), *dependencies.ports.changes]))
    with pytest.raises(ApplicationError) as failed:
        await run(ChangeActivities(unsure).invoke, ask(card, "dr.invoke", "INC-1/dr#1", service="payments"))
    assert (failed.value.type, failed.value.details[0]["ambiguous"]) == ("ambiguous", True)
    assert len(await records.desk.tickets.orders()) == 1

    class Away(Lost):
        async def run(self, request: ActionRequest) -> ActionReceipt:
            raise Unreachable("runner is not reachable")

    behind = replace(dependencies, ports=replace(dependencies.ports, changes=[Away(), *dependencies.ports.changes]))
    done = await run(ChangeActivities(behind).invoke, ask(card, "dr.invoke", "INC-1/dr#1", service="payments"))
    assert [each.target for each in done.unreached] == ["runner"]
    assert len(await records.desk.tickets.orders()) == 2


async def test_resolving_the_ticket_names_its_children_and_a_desk_that_was_passed_over(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    itsm = ItsmActivities(dependencies)
    major, child = [
        (await run(itsm.open_major_incident, ask(card, "itsm.open_major_incident", key, summary="x"))).outputs["number"]
        for key in ("a", "b")
    ]
    ours = card.model_copy(update={"ticket": major})
    await run(itsm.link_child, ask(ours, "itsm.link_child", "c", ticket=child))

    class Away:
        name = "servicenow"

        async def note(self, note: WorkNote) -> None:
            raise Unreachable("servicenow is not reachable", provider=self.name)

        async def close(self, closing: TicketClosing) -> None:
            raise Refused("servicenow has no ticket MI-1001", provider=self.name)

    behind = replace(dependencies.ports, tickets=[Away(), *dependencies.ports.tickets])
    itsm = ItsmActivities(replace(dependencies, ports=behind))
    noted = await run(itsm.add_note, ask(ours, "itsm.add_note", "d", text="quota raised"))
    assert [each.target for each in noted.unreached] == ["servicenow"]
    closed = await run(itsm.close, ask(ours, "itsm.close", "e", reason="restored"))
    assert (closed.outputs, closed.unreached) == ({"children": [child]}, [])


async def test_a_ticket_is_opened_again_and_where_it_stays_closed_a_new_one_points_to_it(
    dependencies: Dependencies, card: IncidentCard, run: Run, records: Records
) -> None:
    itsm = ItsmActivities(dependencies)
    number = (await run(itsm.open_major_incident, ask(card, "o", "a", summary="x"))).outputs["number"]
    ours = card.model_copy(update={"ticket": number})
    await run(itsm.close, ask(ours, "itsm.close", "b", reason="restored"))
    back = await run(itsm.reopen, ask(ours, fx.REOPEN_TICKET, "c", reason="Open again: relapse"))
    assert back.outputs == {"number": number, "state": "opened again"}
    back = await run(itsm.reopen, ask(ours, fx.REOPEN_TICKET, "d", reason="Open again: relapse"))
    assert back.outputs == {"number": number, "state": "was open"}

    class ClosedForGood:
        name = "servicenow"

        def __init__(self, desk: TicketDesk) -> None:
            self.desk = desk

        async def reopen(self, again: TicketReopening) -> bool:
            raise Refused(f"servicenow keeps {again.ticket} closed: a rule of the table forbids it")

        def __getattr__(self, name: str) -> Any:
            return getattr(self.desk, name)

    ports = replace(dependencies.ports, tickets=[ClosedForGood(dependencies.ports.tickets[0])])
    itsm = ItsmActivities(replace(dependencies, ports=ports))
    for _ in range(2):  # a retry makes no third ticket
        anew = await run(itsm.reopen, ask(ours, fx.REOPEN_TICKET, "e", reason="Open again: relapse"))
    assert (anew.outputs["in_place_of"], anew.outputs["why"]) == (
        number, f"servicenow keeps {number} closed: a rule of the table forbids it",
    )  # fmt: skip
    new = await records.desk.tickets.get(anew.outputs["number"])
    assert new is not None
    assert new.fields["parent"] == number
    assert f"It goes on in {new.number}." in (await records.desk.tickets.notes(number))[-1].text
    assert len(await records.desk.tickets.find(incident_id=card.id)) == 2


async def test_what_is_said_in_an_archived_channel_of_the_desk_opens_it_again(
    dependencies: Dependencies, card: IncidentCard, run: Run, records: Records
) -> None:
    chat = ChatActivities(dependencies)
    channel = (await run(chat.open_channel, ask(card, "chat.open_channel", "a", name="inc"))).outputs["channel"]
    ours = card.model_copy(update={"channel": channel})
    await run(chat.archive, ask(ours, "chat.archive", "b"))
    await run(chat.post, ask(ours, "chat.post", "c", text="open again"))
    assert [each.archived_at for each in await records.desk.chat.find(card.id)] == [None]


async def test_a_change_is_told_that_it_was_not_approved_by_the_desk_that_knows_it(
    dependencies: Dependencies, card: IncidentCard, run: Run, records: Records
) -> None:
    itsm = ItsmActivities(dependencies)
    change = (await run(itsm.open_change, ask(card, "itsm.open_change", "c", summary="bypass"))).outputs["number"]
    words = {"text": "Not approved: no rollback plan"}
    for _ in range(2):
        told = await run(itsm.note_change, ask(card, fx.NOTE_CHANGE, "d", change=change, **words))
        assert told.outputs == {"noted": True}
    assert [note.text for note in await records.desk.tickets.notes(change)] == [words["text"]]
    unknown = await run(itsm.note_change, ask(card, fx.NOTE_CHANGE, "e", change="CHG-OF-THE-HOUSES", **words))
    assert unknown.outputs == {"noted": False}

    class Away:
        name = "servicenow"

        async def note(self, note: WorkNote) -> None:
            raise Unreachable("servicenow is not reachable", provider=self.name)

    behind = replace(dependencies.ports, tickets=[Away(), *dependencies.ports.tickets])
    itsm = ItsmActivities(replace(dependencies, ports=behind))
    with pytest.raises(ApplicationError, match="not reachable"):  # nobody else knows it: tried again
        await run(itsm.note_change, ask(card, fx.NOTE_CHANGE, "f", change="CHG0030001", **words))


async def test_whoever_was_passed_over_is_named_for_channels_and_invitations_too(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    class Away:
        name = "vendor"

        async def archive(self, effect_key: str, incident: IncidentCard) -> None:
            raise Unreachable("vendor is not reachable", provider=self.name)

        async def invite(self, meeting: Meeting) -> SentVia:
            raise Unreachable("vendor is not reachable", provider=self.name)

    ports = dependencies.ports
    behind = replace(ports, chats=[Away(), *ports.chats], calendars=[Away(), *ports.calendars])
    given = replace(dependencies, ports=behind)
    archived = await run(ChatActivities(given).archive, ask(card, "chat.archive"))
    at = datetime(2026, 3, 4, 10, tzinfo=UTC)
    invited = await run(CalendarActivities(given).send_invite, InviteRequest(
        effect_key="i", incident=card, attendees=["ana"], uid="x@mayday", sequence=0, stamped_at=at, starts_at=at,
        ends_at=at + timedelta(minutes=30), summary="Review", method="REQUEST",
    ))  # fmt: skip
    for receipt in (archived, invited):
        assert [(each.target, each.reason) for each in receipt.unreached] == [
            ("vendor", "vendor is not reachable (desk stood in)")
        ]
    assert len(invited.sent) == 1


async def test_recent_changes_are_looked_up_for_the_service_and_all_below_it(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    itsm, below = ItsmActivities(dependencies), card.model_copy(update={"service": "gateway"})
    await run(itsm.open_change, ask(below, "itsm.open_change", "c", summary="gateway 2.1"))
    recent = ChangeActivities(dependencies).recent
    found = await run(recent, ask(card, "changes.recent", service="checkout"))
    assert [change["summary"] for change in found.outputs["changes"]] == ["gateway 2.1"]
    assert found.outputs["freezes"] == []
    assert (await run(recent, ask(card, "changes.recent", service="warehouse"))).outputs["changes"] == []


async def test_freezes_of_the_catalog_are_shown_beside_the_changes(
    dependencies: Dependencies, catalog: Catalog, card: IncidentCard, run: Run, clock: Clock
) -> None:
    def freeze(*services: str, starts: int, ends: int) -> Freeze:
        between = {"from": clock.at + timedelta(hours=starts), "to": clock.at + timedelta(hours=ends)}
        return Freeze.model_validate({"services": list(services), **between})

    freezes = {
        "year_end": freeze(starts=-100, ends=100), "below": freeze("gateway", starts=5, ends=6),
        "elsewhere": freeze("warehouse", starts=-1, ends=1), "over": freeze(starts=-200, ends=-80),
        "far_ahead": freeze(starts=80, ends=90),
    }  # fmt: skip
    known = replace(dependencies, catalog=FixedCatalog(catalog.model_copy(update={"freezes": freezes})))
    found = await run(ChangeActivities(known).recent, ask(card, "changes.recent", service="checkout"))
    assert [each["name"] for each in found.outputs["freezes"]] == ["year end", "below"]


async def test_similar_incidents(dependencies: Dependencies, card: IncidentCard, run: Run) -> None:
    found = await run(KnowledgeActivities(dependencies).similar, ask(card, "knowledge.similar", service="payments"))
    assert found.outputs == {"items": []}


async def test_deadlines_count_in_the_contracts_hours(dependencies: Dependencies, run: Run) -> None:
    friday = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
    deadline = CalendarActivities(dependencies).deadline

    async def due(hours: str, duration: str = "1h") -> datetime:
        request = DeadlineRequest(effect_key="d", start_at=friday, duration=duration, hours=hours)
        found: datetime = (await run(deadline, request)).due_at
        return found

    assert await due("24x7") == friday + timedelta(hours=1)
    assert await due("default") == datetime(2026, 3, 9, 9, 30, tzinfo=UTC)  # open until 17:30, again on Monday
    with pytest.raises(ApplicationError) as failed:
        await due("moon")
    assert (failed.value.type, failed.value.non_retryable) == ("refused", True)
    with pytest.raises(ApplicationError):
        await due("default", "soon")


async def test_the_review_meeting_is_found_invited_and_kept(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    after = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
    calendar = CalendarActivities(dependencies)
    slot = await run(calendar.meeting_slot, SlotRequest(
        effect_key="s", after_at=after, not_before_at=after + timedelta(hours=20), within="5 business days",
        duration="30m",
    ))  # fmt: skip
    assert (slot.starts_at, slot.late, slot.tz) == (datetime(2026, 3, 12, 9, 0, tzinfo=UTC), False, "Europe/London")

    invite = InviteRequest(
        effect_key="INC-1/review/invite#1", incident=card, uid="u", sequence=0, stamped_at=after,
        starts_at=slot.starts_at, ends_at=slot.ends_at, summary="Review", attendees=["ana", "raj", "ghost"],
    )  # fmt: skip
    receipt = await run(calendar.send_invite, invite)
    assert [each.channel for each in receipt.sent] == ["calendar"]
    assert [each.target for each in receipt.unreached] == ["ghost"]
    [event] = await records.desk.outbox.events()
    assert event.attendees == ["ana@example.com", "raj@example.com"]
    with pytest.raises(ApplicationError):
        await run(calendar.send_invite, invite.model_copy(update={"attendees": ["ghost"]}))


async def test_a_reviews_board_is_kept_and_never_set_back(
    dependencies: Dependencies, records: Records, run: Run
) -> None:
    at = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)

    def board(revision: int, state: str) -> SaveReview:
        return SaveReview(effect_key=f"r{revision}", board=ReviewBoard.model_validate({
            "incident_id": "INC-1", "title": "t", "severity": "SEV1", "service": "payments", "state": state,
            "opened_at": at, "resolved_at": at, "revision": revision, "owner": "ana", "actions": [
                {"id": "a1", "title": "Fix it", "owner": "raj", "due_at": at, "added_at": at, "added_by": "ana"},
            ],
        }))  # fmt: skip

    save = ReviewActivities(dependencies).save
    await run(save, board(2, "reviewed"))
    await run(save, board(1, "draft"))
    stored = await records.reviews.get("INC-1")
    assert stored is not None
    assert (stored.state, stored.owner, stored.data["title"]) == ("reviewed", "ana", "t")
    [action] = await records.reviews.actions(owner="raj")
    assert (action.id, action.state, action.data["title"]) == ("a1", "open", "Fix it")


async def test_the_report_is_drafted_from_the_stored_timeline(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    at = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
    opened = append(GENESIS, 1, at, "opened", "system", None, {"title": "Payments down", "severity": "SEV1"})
    later = append(opened.hash, 2, at, "note", "ana", None, {"text": "not known to the draft"})
    await records.timeline.append("INC-1", [opened, later])
    written = WrittenSection(text="A *gateway* broke.", version=1, author="ana", at=at)
    receipt = await run(ReviewActivities(dependencies).draft_report, DraftRequest(
        effect_key="INC-1/review#1", incident=card, version=1, drafted_at=at, up_to_seq=1,
        sections={"summary": written},
    ))  # fmt: skip
    report = await records.reviews.report("INC-1")
    assert report is not None
    assert (receipt.version, receipt.entries, receipt.digest) == (1, 1, report.digest)
    assert "Payments down" in report.text
    assert "gateway" in report.text
    assert "not known to the draft" not in report.text


async def test_the_next_provider_does_it_and_the_receipt_says_which_did_not_and_why(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    class Down:
        name = "slack"

        async def open_channel(self, order: Any) -> Any:
            raise RateLimited("slack answered 429", provider="slack", retry_after_s=9)

    chats = [Down(), *dependencies.ports.chats]
    given = replace(dependencies, ports=replace(dependencies.ports, chats=chats))  # type: ignore[arg-type]
    done = await run(ChatActivities(given).open_channel, ask(card, "chat.open_channel", name="inc-payments"))
    assert done.outputs["channel"]
    assert [(each.target, each.reason) for each in done.unreached] == [("slack", "slack answered 429 (desk stood in)")]
