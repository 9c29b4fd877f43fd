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
from activities.chat import ChatActivities
from activities.dependencies import Dependencies
from activities.failures import application_error
from activities.itsm import ItsmActivities
from activities.knowledge import KnowledgeActivities
from activities.registry import build
from mayday.domain import effects as fx
from mayday.domain.effects import ActionRequest, DeadlineRequest, IncidentCard, SentVia
from mayday.domain.errors import Ambiguous, Broken, NobodyReached, RateLimited, Refused, Unauthorised, Unreachable
from mayday.domain.ports import Meeting
from mayday.domain.review.wire import (
    DRAFT_REPORT,
    MEETING_SLOT,
    SAVE,
    SEND_INVITE,
    SEND_REPORT,
    InviteRequest,
)
from mayday.language.actions import BUILT_IN, INTERNAL
from mayday.records import Records

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


async def test_what_is_said_in_an_archived_channel_of_the_desk_opens_it_again(
    dependencies: Dependencies, card: IncidentCard, run: Run, records: Records
) -> None:
    chat = ChatActivities(dependencies)
    channel = (await run(chat.open_channel, ask(card, "chat.open_channel", "a", name="inc"))).outputs["channel"]
    ours = card.model_copy(update={"channel": channel})
    await run(chat.archive, ask(ours, "chat.archive", "b"))
    await run(chat.post, ask(ours, "chat.post", "c", text="open again"))
    assert [each.archived_at for each in await records.desk.chat.find(card.id)] == [None]


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
