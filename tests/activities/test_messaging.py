"""Messages: every channel of an audience, degraded but never silent; vendors on every channel of a contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.dependencies import Dependencies
from activities.messaging import Messaging
from activities.previews import previews
from activities.vendor import VendorActivities
from mayday.domain.effects import IncidentCard, SendRequest, SentVia, VendorCase
from mayday.domain.errors import Ambiguous, Broken, Unreachable
from mayday.domain.ports import CaseOrder, Mail, VendorCall
from mayday.domain.review.wire import SendReport
from mayday.providers.smtp.mailer import SmtpAddress, SmtpMailer
from mayday.records import Records
from tests.doubles.smtp import MailServer

Run = Callable[..., Any]


class BrokenMailer:
    name = "smtp"

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    async def send(self, mail: Mail) -> SentVia:
        raise self.failure


def message(card: IncidentCard, *via: str, to: tuple[str, ...] = ()) -> SendRequest:
    return SendRequest(
        effect_key="INC-1/first_notice#1", incident=card, audience="stakeholders", to=list(to), via=list(via),
        subject="SEV1: Payments down", text="We are on it.",
    )  # fmt: skip


async def test_an_audience_is_told_on_all_of_its_channels_once(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    request = message(card, "email", "chat", "status_page", to=("stakeholders@example.com", "group.executives", "ana"))
    send = Messaging(dependencies).send_message
    receipt = await run(send, request)
    assert receipt == await run(send, request)
    assert [each.channel for each in receipt.sent] == ["email", "chat", "status_page"]
    [mail] = await records.desk.outbox.mails()
    assert mail.recipients == [
        "stakeholders@example.com", "dana@example.com", "chris@example.com", "ana@example.com",
    ]  # fmt: skip
    [post] = await records.desk.chat.messages(audience="stakeholders")
    assert (post.channel, post.text) == ("inc-1", "SEV1: Payments down\nWe are on it.")
    assert len(await records.desk.outbox.status_posts()) == 1


@pytest.mark.parametrize("purpose", ["update", "correction"])
async def test_what_leaves_is_what_the_preview_shows_on_every_channel(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run, purpose: str
) -> None:
    via = ["email", "chat", "status_page", "sms"]
    request = message(card, *via, to=("person.ana",)).model_copy(update={"purpose": purpose})
    receipt = await run(Messaging(dependencies).send_message, request)
    assert [each.channel for each in receipt.sent] == via
    [mail] = await records.desk.outbox.mails()
    [post] = await records.desk.chat.messages(audience="stakeholders")
    [posted] = await records.desk.outbox.status_posts()
    [call] = await records.desk.pages.find()
    left = {
        "email": (mail.subject, mail.text), "chat": (None, post.text), "status_page": (posted.title, posted.text),
        "sms": (None, call.text),
    }  # fmt: skip
    previewed = previews(request, dependencies.ports, dependencies.catalog.current(), follows=False)
    shown = {each.channel: (each.shown[0].subject or None, each.shown[0].text) for each in previewed}
    assert shown == left
    assert [each.unreached for each in previewed] == [[]] * 4


async def test_a_report_goes_whole_by_mail_and_as_a_word_to_the_chat(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    order = SendReport(**message(card, "email", "chat", to=("ana",)).model_dump(), version=3)
    send = Messaging(dependencies).send_report
    with pytest.raises(ApplicationError, match="no version 3"):
        await run(send, order)
    drafted_at = datetime(2026, 3, 4, tzinfo=UTC)
    await dependencies.reviews.put_report(card.id, 3, "# Report of Payments down", "d", drafted_at)
    receipt = await run(send, order)
    assert receipt == await run(send, order), "once"
    [mail] = await records.desk.outbox.mails()
    assert (mail.recipients, mail.text) == (["ana@example.com"], "We are on it.\n\n# Report of Payments down")
    [post] = await records.desk.chat.messages(audience="stakeholders")
    assert post.text == "SEV1: Payments down\nWe are on it."


async def test_what_is_held_is_stopped_under_way_channel_by_channel(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    answers = [True]

    async def held() -> bool:
        return answers.pop(0)

    asking = Messaging(replace(dependencies, outward_held=held)).send_message
    request = message(card, "email", "status_page", to=("a@example.com",)).model_copy(update={"outward": True})
    with pytest.raises(ApplicationError, match="outward messages are held") as stopped:
        await run(asking, request)
    assert (stopped.value.type, stopped.value.non_retryable) == ("held_back", True)
    assert await records.desk.outbox.mails() == []

    answers[:] = [False, True]  # held in the middle: the mail is out, and the receipt says what is not
    receipt = await run(asking, request)
    assert [each.channel for each in receipt.sent] == ["email"]
    assert [(gap.channel, gap.reason) for gap in receipt.unreached] == [("status_page", "outward messages are held")]
    assert receipt.held == ["status_page"]
    assert await records.desk.outbox.status_posts() == []

    inside = message(card, "email", to=("a@example.com",))  # nobody is asked
    assert len((await run(asking, inside)).sent) == 1


async def test_chat_channels_that_the_audience_names_are_used(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    await run(Messaging(dependencies).send_message, message(card, "chat", to=("#status", "#ops")))
    assert [each.channel for each in await records.desk.chat.messages()] == ["status", "ops"]


async def test_a_channel_that_is_down_is_named_and_the_others_carry_it(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    down = replace(dependencies, ports=replace(dependencies.ports, mailers=[BrokenMailer(Broken("500"))]))
    receipt = await run(Messaging(down).send_message, message(card, "email", "chat", to=("a@example.com",)))
    assert [each.channel for each in receipt.sent] == ["chat"]
    assert [(each.channel, each.reason) for each in receipt.unreached] == [("email", "500")]


async def test_a_mail_that_left_for_some_names_those_whom_it_did_not_reach(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    async with MailServer(refused={"a@example.com"}) as server:
        mailer = SmtpMailer(SmtpAddress.parse(f"smtp://127.0.0.1:{server.port}"), "mayday@example.com")
        given = replace(dependencies, ports=replace(dependencies.ports, mailers=[mailer]))
        to = ("a@example.com", "b@example.com")
        receipt = await run(Messaging(given).send_message, message(card, "email", to=to))
        assert [each.recipients for each in server.letters] == [["b@example.com"]]
    assert [(each.target, each.channel, each.reason) for each in receipt.unreached] == [
        ("smtp", "email", "the mail server did not take it for a@example.com (550)")
    ]  # fmt: skip


async def test_a_mail_server_that_is_down_leaves_the_mail_in_the_desks_outbox(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    mailers = [BrokenMailer(Unreachable("no route")), *dependencies.ports.mailers]
    down = replace(dependencies, ports=replace(dependencies.ports, mailers=mailers))
    receipt = await run(Messaging(down).send_message, message(card, "email", to=("a@example.com",)))
    assert [each.provider for each in receipt.sent] == ["desk"]

    unsure = [BrokenMailer(Ambiguous("no answer")), *dependencies.ports.mailers]
    given = replace(dependencies, ports=replace(dependencies.ports, mailers=unsure))
    with pytest.raises(ApplicationError) as failed:  # it may have left: not sent a second time by another way
        await run(Messaging(given).send_message, message(card, "email", to=("b@example.com",)))
    assert failed.value.type == "unreached"
    assert len(await records.desk.outbox.mails()) == 1


async def test_an_audience_that_nothing_reaches_is_a_failure_with_the_reasons(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    with pytest.raises(ApplicationError) as failed:
        await run(Messaging(dependencies).send_message, message(card, "email", "calendar", to=("role.nobody",)))
    assert failed.value.non_retryable
    assert "no mail address" in failed.value.message
    assert "calendar carries no messages" in failed.value.message


async def test_people_can_be_told_directly(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    receipt = await run(Messaging(dependencies).send_message, message(card, "sms", to=("group.executives",)))
    assert [each.channel for each in receipt.sent] == ["sms", "sms"]
    assert [(page.person, page.state) for page in await records.desk.pages.find()] == [
        ("dana", "sent"), ("chris", "sent"),
    ]  # fmt: skip


def engagement(card: IncidentCard, level: str = "support", *via: str, case: str | None = None) -> VendorCase:
    return VendorCase(
        effect_key=f"INC-1/gateway#1/{level}", incident=card, vendor="gateway_co", level=level, via=list(via),
        priority="P1", summary="Payments down", case=case,
    )  # fmt: skip


async def test_a_vendors_case_is_opened_once_and_its_support_called_on_all_channels(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    vendors = VendorActivities(dependencies)
    receipt = await run(vendors.open_case, engagement(card))
    assert receipt == await run(vendors.open_case, engagement(card))
    assert receipt.case == "VC-1001"
    assert [each.channel for each in receipt.contacted] == ["email", "voice"]
    contacts = await records.desk.cases.contacts("VC-1001")
    assert [(each.level, each.channel, each.address) for each in contacts] == [
        ("support", "email", "p1@gateway.example"), ("support", "voice", "+441632960010"),
    ]  # fmt: skip

    receipt = await run(vendors.contact, engagement(card, "account_manager", "voice", case="VC-1001"))
    assert [each.channel for each in receipt.contacted] == ["voice"]
    assert len(await records.desk.cases.contacts("VC-1001")) == 3


async def test_a_desk_without_a_case_number_does_not_hold_up_the_call(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    class NoNumbers:
        name = "portal"

        async def open_case(self, order: CaseOrder) -> str:
            raise Broken("the portal is down")

        async def contact(self, call: VendorCall) -> SentVia:
            return SentVia(channel=call.channel, provider=self.name)

    given = replace(dependencies, ports=replace(dependencies.ports, vendors=[NoNumbers()]))
    receipt = await run(VendorActivities(given).open_case, engagement(card))
    assert receipt.case is None
    assert [each.channel for each in receipt.contacted] == ["email", "voice"]
    assert receipt.unreached[0].reason == "no case was opened: the portal is down"


async def test_a_contact_that_the_catalog_does_not_know_is_a_failure(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    with pytest.raises(ApplicationError) as failed:
        await run(VendorActivities(dependencies).contact, engagement(card, "nobody", "voice"))
    assert failed.value.type == "unreached"
    assert failed.value.non_retryable
