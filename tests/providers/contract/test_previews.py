"""What a preview shows is what reaches the wire: to the letter, for every provider that carries messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.errors import Refused
from mayday.domain.ports import UNSENT, Call, ChannelOrder, Mail, Post, Rendering, StatusUpdate
from mayday.language.catalog import Catalog
from mayday.providers.drill_labels import LABEL, labelled
from mayday.providers.offers import VendorSettings
from mayday.providers.registry import VENDORS, desk_ports
from mayday.providers.sandboxes import fenced
from mayday.providers.smtp.mailer import SmtpAddress, SmtpMailer
from mayday.providers.statuspage import page as statuspage
from mayday.providers.teams.offer import offer as teams_offer
from mayday.providers.teams.webhook import TeamsWebhook
from mayday.providers.twilio.parts import parts_of
from mayday.records import Records
from tests.doubles.everbridge import Everbridge
from tests.doubles.given import offer_of
from tests.doubles.opsgenie import Jsm, JsmByKey, Opsgenie
from tests.doubles.pagerduty import PagerDuty
from tests.doubles.server import Asked, Double
from tests.doubles.slack import SlackDouble
from tests.doubles.smtp import PASSWORD, USER, MailServer
from tests.doubles.statuspage import Statuspage
from tests.doubles.teams import SIGNATURE, Teams
from tests.doubles.twilio import Twilio
from tests.providers.contract.outcomes import HOSTILE, LONG
from tests.providers.contract.stand import incident, stand

TEXTS = {
    "plain": "SEV1 Payments down\nCards fail in the EU & the UK.",
    "markup": "*bold* <!channel> <@U1> [x](https://evil.example) :fire: <b>&amp;</b> {{ x }}",
    "hostile": HOSTILE, "long": LONG,
}  # fmt: skip
TEXT = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def post(text: str, **more: Any) -> Post:
    card = incident(channel="inc-payments")
    return Post(effect_key="INC-1/say#1", incident=card, text=text, audience="stakeholders", **more)


def call(text: str, channel: str, address: str, **more: Any) -> Call:
    return Call(
        effect_key="INC-1/say#1/raj", incident=incident(), page="audience:stakeholders", purpose="notice", person="raj",
        target="person.raj", channel=channel, address=address, text=text, urgent=False, **more,
    )  # fmt: skip


def data(asked: Asked) -> Any:
    """What the vendor read of it: a form's empty fields and JSON, whichever it was."""
    return asked.data


@TEXT
async def test_in_slack(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    async with stand(SlackDouble, "chat", "chats", tmp_path, catalog, monkeypatch) as opened:
        order = post(text, channel="incidents")
        shown: Rendering = opened.port.rendered(order)
        await opened.port.post(order)
        [said] = [each for each in opened.double.asked if each.path.endswith("chat.postMessage")]
        left = data(said)
        left.pop("channel")
        assert shown.body == left
        assert shown.to == ["#incidents"]
        if text == TEXTS["markup"]:
            assert shown.text == text, "as people see it: nothing of it is markup"
            assert "&lt;!channel&gt;" in str(shown.body)
        assert shown.shortened == (text == LONG)
        assert shown.small == ["INC-YMENTS SEV1 · investigating"]


@TEXT
async def test_in_teams(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    async with stand(Teams, "chat", "chats", tmp_path, catalog, monkeypatch) as opened:
        named = ChannelOrder(effect_key="INC-1/channel#1", incident=incident(), name="inc-payments")
        await opened.port.open_channel(named)
        order = post(text)
        shown: Rendering = opened.port.rendered(order)
        await opened.port.post(order)
        said = [each for each in opened.double.asked if each.method == "POST" and each.path.endswith("/messages")]
        assert shown.body == data(said[-1])
        assert shown.shortened == (text == LONG)
        if text == TEXTS["markup"]:
            assert shown.text == text
        assert shown.small[-1] == "[Open in mayday]"


@TEXT
@pytest.mark.parametrize("purpose", ["notice", "page"])
async def test_in_slack_to_one_person(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, text: str, purpose: str
) -> None:
    async with stand(SlackDouble, "pager", "pagers", tmp_path, catalog, monkeypatch) as opened:
        order = call(text, "push", "U01").model_copy(update={"purpose": purpose, "page": "wake"})
        shown: Rendering = opened.port.rendered(order)
        await opened.port.call(order)
        [said] = [each for each in opened.double.asked if each.path.endswith("chat.postMessage")]
        left = data(said)
        assert opened.double.channels[left.pop("channel")].name == "dm-U01"
        assert shown.body == left
        assert shown.to == ["raj"]
        if text == TEXTS["markup"]:
            assert shown.text == text, "as people see it: nothing of it is markup"
            assert "&lt;!channel&gt;" in str(shown.body)
        assert shown.shortened == (text == LONG)
        asked = ["[Acknowledge]", "[I am on the bridge]", "[I cannot take it…]"] if purpose == "page" else []
        assert shown.small == ["INC-YMENTS SEV1 · investigating", *asked, "[Open in mayday]"]


@TEXT
async def test_by_a_webhook_of_teams(catalog: Catalog, text: str) -> None:
    async with (
        await Records.open("sqlite://") as records,
        Teams() as double,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        webhook = teams_offer(
            VendorSettings("teams", double.webhook(), http, "https://mayday.example", FixedCatalog(catalog), records)
        )
        assert webhook is not None
        assert isinstance(webhook.chat, TeamsWebhook)
        shown = webhook.chat.rendered(post(text))
        await webhook.chat.post(post(text))
        assert [shown.body] == double.workflow
        assert shown.shortened == (text == LONG)
        if text == TEXTS["markup"]:
            assert shown.text == text
        assert shown.small[-1] == "[Open in mayday]"
        assert SIGNATURE not in str(shown.model_dump()), "the address is the secret"
        assert double.violations == []


async def test_a_webhook_of_teams_shows_only_what_it_leads_to(tmp_path: Path, catalog: Catalog) -> None:
    webhook = TeamsWebhook(None, "/x", None, "https://mayday.example", "status")  # type: ignore[arg-type]
    shown = webhook.rendered(post("We know", channel="status"))
    assert (shown.to, shown.text) == (["#status"], "We know")
    with pytest.raises(Refused, match="does not lead to #other"):
        webhook.rendered(post("We know", channel="other"))


@TEXT
@pytest.mark.parametrize("follows", [False, True], ids=["opening", "later"])
async def test_on_the_status_page(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, text: str, follows: bool
) -> None:
    monkeypatch.setattr(statuspage, "EVERY_S", 0.0)
    async with stand(Statuspage, "status_page", "status_pages", tmp_path, catalog, monkeypatch) as opened:
        first = StatusUpdate(effect_key="INC-1/first#1", incident=incident(), title="Payments\nare disturbed", text="A")
        if follows:
            await opened.port.post(first)
        order = first.model_copy(update={"effect_key": "INC-1/more#1", "text": text, "follows": follows})
        shown: Rendering = opened.port.rendered(order)
        await opened.port.post(order)
        [*_, left] = opened.double.calls("PATCH" if follows else "POST")
        assert shown.body == data(left)
        assert shown.subject == ("" if follows else "Payments are disturbed")
        assert shown.facts["status"] == "investigating"
        assert ("impact" in shown.facts) is not follows, "what opens an incident there says how bad it is"
        assert shown.shortened == (len(text) > 25_000)


@TEXT
async def test_by_mail(text: str) -> None:
    async with MailServer() as server:
        mailer = SmtpMailer(SmtpAddress.parse(f"smtp://{USER}:{PASSWORD}@127.0.0.1:{server.port}"), "m@example.com")
        mail = Mail(
            effect_key="INC-1/say#1/email", incident=incident(), to=["ana@example.com"], subject="SEV1\nPayments",
            text=text,
        )  # fmt: skip
        shown = mailer.rendered(mail)
        await mailer.send(mail)
        [letter] = server.letters
        del letter.message["Date"]
        assert shown.body.splitlines() == letter.message.as_string().splitlines()
        assert shown.subject == letter.message["Subject"] == "SEV1 Payments"
        assert shown.text.splitlines() == letter.message.get_content().splitlines()
        assert "Message-ID" not in mailer.rendered(mail.model_copy(update={"effect_key": UNSENT})).body


def _last(path: str) -> Callable[[Double], Any]:
    return lambda double: data(double.calls("POST", path)[-1])


@TEXT
@pytest.mark.parametrize(
    ("vendor", "channel", "address", "left"),
    [
        (Twilio, "sms", "+15550100001", _last("")),
        (Twilio, "voice", "+15550100001", _last("")),
        (PagerDuty, "push", "raj", _last("/v2/enqueue")),
        (PagerDuty, "push", "PT23IWX", _last("/incidents")),
        (Opsgenie, "push", "raj@example.com", _last("")),
        (Jsm, "push", "557058:raj", _last("")),
        (JsmByKey, "push", "557058:raj", _last("")),
        (Everbridge, "push", "raj-external", _last("/rest/incidents")),
    ],
    ids=["sms", "voice", "pagerduty-event", "pagerduty-person", "opsgenie", "jsm", "jsm-by-key", "everbridge"],
)  # fmt: skip
async def test_to_people(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, text: str, vendor: type[Double], channel: str,
    address: str, left: Callable[[Double], Any],
) -> None:  # fmt: skip
    async with stand(vendor, "pager", "pagers", tmp_path, catalog, monkeypatch) as opened:
        order = call(text, channel, address)
        shown: Rendering = opened.port.rendered(order)
        await opened.port.call(order)
        sent = left(opened.double)
        sent.pop("routing_key", None)  # a secret: a preview shows none
        sent.pop("From", None) if shown.body.get("From") == "" else None
        assert shown.body == sent
        assert not opened.double.asked or "secret" not in str(shown.model_dump())
        assert shown.shortened == (text == LONG)


async def test_a_text_message_says_in_how_many_parts_it_is_cut(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand(Twilio, "pager", "pagers", tmp_path, catalog, monkeypatch) as opened:
        order = call("Cards fail", "sms", "+15550100001").model_copy(update={"effect_key": UNSENT})
        short = opened.port.rendered(order)
        assert short.text.endswith("(xxxxxxxxxx)"), "a mark of its own, which only sending knows"
        assert short.facts == {"paid as": "1 message"}
        accented = opened.port.rendered(order.model_copy(update={"text": "Zahlungen gehen nicht – bitte warten " * 3}))
        assert accented.facts == {"paid as": "3 messages in one, short ones because of '–'"}
    assert (parts_of("a" * 160).number, parts_of("a" * 161).number, parts_of("€" * 81).number) == (1, 2, 2)
    assert (parts_of("ж" * 70).number, parts_of("ж" * 71).number, parts_of("🔥" * 36).number) == (1, 2, 2)


async def test_a_drill_is_marked_in_the_preview_as_it_is_when_it_leaves(
    tmp_path: Path, records: Records, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    drills = labelled(desk_ports(records, FixedCatalog(catalog), "https://mayday.example"))
    [desk] = drills.chats
    assert desk.rendered(post("We know")).text == f"{LABEL}We know"  # type: ignore[attr-defined]
    await desk.post(post("We know"))
    [said] = await records.desk.chat.messages(channel="inc-payments")
    assert said.text == f"{LABEL}We know"
    async with SlackDouble() as slack, httpx.AsyncClient(trust_env=False) as http:
        offer = fenced(offer_of(slack, http, records, FixedCatalog(catalog)), "slack_sandbox")
        shown = offer.chat.rendered(post("We know"))
        assert (shown.provider, shown.text) == ("slack_sandbox", "We know"), "sent by whom the timeline will name"


def test_every_vendor_that_carries_words_shows_them_before() -> None:
    """A vendor that is added has to say how its messages look."""
    shown = {"slack", "teams", "smtp", "statuspage", "twilio", "pagerduty", "opsgenie", "jsm", "everbridge"}
    silent = {
        "servicenow", "jira", "bmc", "zoom", "graph", "google", "static_bridge", "vendor_case",
    }  # tickets, meetings, cases: nothing that a person writes to an audience  # fmt: skip
    assert set(VENDORS) == shown | silent
