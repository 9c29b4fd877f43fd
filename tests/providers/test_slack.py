"""Slack: cards and direct messages with buttons, its own way to say no, and what it sends us."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.effects import ClosePage, IncidentCard
from mayday.domain.errors import Broken, ProviderError, RateLimited, Refused, Unauthorised, Unreachable
from mayday.domain.ports import Call, Card, ChannelOrder, Invitation, Post
from mayday.language.catalog import Catalog
from mayday.providers.checks import carried_out
from mayday.providers.inbound import BadSignature, Malformed
from mayday.providers.offers import Offer
from mayday.providers.receipts import Receipts
from mayday.providers.slack import inbound
from mayday.providers.slack.wording import SECTION, escaped, link, plain_sections
from mayday.records import Records
from tests.doubles.api_description import SAMPLES
from tests.doubles.given import offer_of
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_blocks import buttons_of, words_of
from tests.providers.contract.outcomes import HOSTILE, LONG
from tests.providers.contract.stand import incident


@dataclass
class Slack:
    double: SlackDouble
    offer: Offer


@pytest.fixture
async def slack(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slack]:
    monkeypatch.setattr(Receipts, "look_after_s", (0.0,))
    async with (
        await Records.open("sqlite://") as records, SlackDouble() as double,
        httpx.AsyncClient(trust_env=False) as http,
    ):  # fmt: skip
        yield Slack(double, offer_of(double, http, records, FixedCatalog(catalog)))
        assert double.violations == []


ANA = "U07"


@pytest.fixture
async def slack_of_ana(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slack]:
    """The same, with a person who is in Slack."""
    monkeypatch.setattr(Receipts, "look_after_s", (0.0,))
    ana = catalog.people["ana"].model_copy(update={"ids": {"slack": ANA}})
    known = catalog.model_copy(update={"people": {**catalog.people, "ana": ana}})
    async with (
        await Records.open("sqlite://") as records, SlackDouble() as double,
        httpx.AsyncClient(trust_env=False) as http,
    ):  # fmt: skip
        yield Slack(double, offer_of(double, http, records, FixedCatalog(known)))
        assert double.violations == []


def card(key: str = "INC-1/gate#1/card", **more: Any) -> Card:
    given = {"effect_key": key, "incident": incident(), "page": "approve_it", "purpose": "vote", "text": "Do it?"}
    return Card.model_validate({**given, **more})


def closing(page: str = "approve_it", **more: Any) -> ClosePage:
    given = {"effect_key": "INC-1/close#1", "incident": incident(), "page": page, "reason": "decided: approved"}
    return ClosePage.model_validate({**given, **more})


def words(message: dict[str, Any]) -> list[str]:
    return [button["text"]["text"] for button in buttons_of(message)]


@pytest.mark.parametrize(
    ("purpose", "page", "choices", "expected"),
    [
        ("page", "wake", [], ["Acknowledge", "I am on the bridge", "I cannot take it…"]),
        ("exhausted", "wake", [], ["Acknowledge", "I am on the bridge"]),
        ("join", "wake", [], ["I am on the bridge"]),
        ("role", "role:incident_commander", [], ["Take the role: incident commander", "I cannot take it…"]),
        ("vote", "gate", [], ["Approve", "Reject", "Abstain", "With a reason…"]),
        ("vote", "gate", ["fail_over", "wait"], ["Fail over", "Wait", "Abstain", "With a reason…"]),
        ("candidate", "candidate", [], ["It is an incident"]),
        ("task", "fill_in", [], ["Do it here…"]),
    ],
)
async def test_a_card_has_the_buttons_that_answer_it(
    slack: Slack, purpose: str, page: str, choices: list[str], expected: list[str]
) -> None:
    assert slack.offer.noticeboard is not None
    await slack.offer.noticeboard.put_up(card(purpose=purpose, page=page, choices=choices, people=["ana", "chris"]))
    [message] = slack.double.posted("incidents")
    assert words(message) == expected
    assert "<@U01>" in words_of(message)  # Chris has no id in Slack
    assert message["metadata"]["event_payload"]["key"] == "INC-1/gate#1/card"


async def test_a_card_stands_in_the_incidents_own_channel_and_once(slack: Slack) -> None:
    assert slack.offer.chat is not None
    assert slack.offer.noticeboard is not None
    await slack.offer.chat.open_channel(
        ChannelOrder(effect_key="INC-1/channel#1", incident=incident(), name="inc-payments")
    )
    there = incident(channel="inc-payments")
    first = await slack.offer.noticeboard.put_up(card(incident=there))
    assert await slack.offer.noticeboard.put_up(card(incident=there)) == first
    assert (len(slack.double.posted("inc-payments")), slack.double.posted("incidents")) == (1, [])


async def test_a_card_that_is_over_has_no_buttons_whoever_answered_it(slack: Slack) -> None:
    board = slack.offer.noticeboard
    assert board is not None
    await board.put_up(card())
    await board.put_up(card("INC-1/gate#2/card"))  # the reminder
    await board.put_up(card("INC-1/other#1/card", page="another_gate"))
    assert await board.settle(closing()) == 2
    one, two, other = slack.double.posted("incidents")
    assert (words(one), words(two)) == ([], [])
    assert "Over: decided: approved" in words_of(one)
    assert "Do it?" in words_of(two)
    assert words(other) == ["Approve", "Reject", "Abstain", "With a reason…"]
    assert await board.settle(closing()) == 0


async def test_who_has_only_seen_a_question_leaves_its_buttons(slack: Slack) -> None:
    board = slack.offer.noticeboard
    assert board is not None
    await board.put_up(card())
    assert await board.settle(closing(over=False)) == 0
    assert words(slack.double.posted("incidents")[0])


async def test_a_card_that_somebody_deleted_stops_nothing(slack: Slack) -> None:
    board = slack.offer.noticeboard
    assert board is not None
    await board.put_up(card())
    slack.double.called("incidents").messages.clear()
    assert await board.settle(closing()) == 1


async def test_settling_is_tried_again_until_slack_answers(slack: Slack) -> None:
    board = slack.offer.noticeboard
    assert board is not None
    await board.put_up(card())
    slack.double.fail("timeout_before")
    with pytest.raises(Unreachable):
        await board.settle(closing())
    assert await board.settle(closing()) == 1


async def test_a_page_is_a_direct_message_that_stops_when_it_is_answered(slack: Slack) -> None:
    pager = slack.offer.pager
    assert pager is not None
    call = Call(
        effect_key="INC-1/wake#1/ana/push", incident=incident(), page="wake", purpose="page", person="ana",
        target="schedule.payments", channel="push", address="U01", text=HOSTILE,
    )  # fmt: skip
    sent = await pager.call(call)
    assert await pager.call(call) == sent
    [message] = slack.double.posted("dm-U01")
    assert words(message) == ["Acknowledge", "I am on the bridge", "I cannot take it…"]
    assert await pager.close(closing("wake", reason="acknowledged by lee")) == 1
    assert words(slack.double.posted("dm-U01")[0]) == []
    with pytest.raises(Refused, match="ids"):
        await pager.call(call.model_copy(update={"address": "chris", "effect_key": "INC-1/wake#1/chris/push"}))


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("internal_error", Unreachable), ("fatal_error", Unreachable), ("service_unavailable", Broken),
        ("ratelimited", RateLimited), ("invalid_auth", Unauthorised), ("missing_scope", Unauthorised),
        ("token_revoked", Unauthorised), ("channel_not_found", Refused), ("msg_too_long", Refused),
    ],
)  # fmt: skip
async def test_no_is_said_with_status_200(slack: Slack, error: str, raised: type[ProviderError]) -> None:
    assert slack.offer.chat is not None
    slack.double.says.append(("chat.postMessage", error))
    with pytest.raises(raised if raised is not Unreachable else (Unreachable, Broken), match=error):
        await slack.offer.chat.post(Post(effect_key="INC-1/say#1", incident=incident(), text="hello"))


async def test_an_internal_error_that_took_effect_is_no_second_message(slack: Slack) -> None:
    assert slack.offer.chat is not None
    slack.double.lost.add("internal_error")
    slack.double.says.append(("chat.postMessage", "internal_error"))
    sent = await slack.offer.chat.post(Post(effect_key="INC-1/say#1", incident=incident(), text="hello"))
    assert sent.ref
    assert len(slack.double.posted("incidents")) == 1


async def test_one_unknown_guest_does_not_keep_the_others_out(slack: Slack) -> None:
    assert slack.offer.chat is not None
    slack.double.users.remove("U03")
    invitation = Invitation(effect_key="INC-1/invite#1", incident=incident(), people=["ana", "raj", "chris", "lee"])
    assert await slack.offer.chat.invite(invitation) == ["ana", "lee"]
    assert slack.double.called("incidents").members == ["U01", "U04"]
    with pytest.raises(Refused, match="nobody"):
        await slack.offer.chat.invite(invitation.model_copy(update={"people": ["chris"]}))


async def test_the_doctor_sees_credentials_and_scopes(slack: Slack) -> None:
    results = [await check() for check in slack.offer.checks]
    assert all(result.ok for result in results)
    slack.double.says.append(("auth.test", "token_revoked"))
    refused = await carried_out(slack.offer.checks[0])
    assert (refused.ok, "install the app anew" in refused.how_to_fix) == (False, True)


# texts -----------------------------------------------------------------------------------------------------------


def test_no_control_sequence_survives() -> None:
    assert escaped("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert link("https://mayday.example/x?a=1&b=2", "a|b <c>") == "<https://mayday.example/x?a=1&amp;b=2|a/b &lt;c&gt;>"
    assert link("javascript:alert(1)", "x") == "x"


@pytest.mark.parametrize("text", [LONG, "&" * 9_000, "<" * 3_001, "x\n" * 20_000, ""])
def test_sections_fit_and_end_in_no_half_entity(text: str) -> None:
    sections = plain_sections(text)
    assert len(sections) <= 5
    for section in sections:
        assert 0 < len(section["text"]["text"]) <= SECTION
        assert section["text"]["type"] == "plain_text"
        assert not section["text"]["text"].endswith(("&", "&a", "&am", "&amp", "&l", "&lt", "&g", "&gt"))


# what Slack sends --------------------------------------------------------------------------------------------------


def _vectors() -> list[Any]:
    file = SAMPLES / "signatures/vectors.json"
    if not file.is_file():
        return []
    listed = json.loads(file.read_text())["slack"]["vectors"]
    return [pytest.param(vector, id=vector["name"]) for vector in listed if "body" in vector or _file_of(vector)]


def _file_of(vector: dict[str, Any]) -> Path | None:
    """The sample that a vector signs; some stand only in the list."""
    file = SAMPLES / str(vector["body_file"]).partition("#")[0]
    return file if file.is_file() else None


def _body_of(vector: dict[str, Any]) -> bytes:
    if "body" in vector:
        return str(vector["body"]).encode()
    member, file = str(vector["body_file"]).partition("#")[2], _file_of(vector)
    assert file is not None
    return str(json.loads(file.read_text())[member]).encode() if member else file.read_bytes()


@pytest.mark.parametrize("vector", _vectors())
def test_the_vectors_of_its_signatures(vector: dict[str, Any]) -> None:
    body = _body_of(vector)
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    at = datetime.fromtimestamp(int(headers["x-slack-request-timestamp"]), UTC)
    if not vector["valid"]:
        with pytest.raises(BadSignature):
            inbound.verify(body, headers, [vector["secret"]], at)
        return
    inbound.verify(body, headers, ["another", vector["secret"]], at)
    for changed in (body + b" ", body[:-1], bytes([body[0] ^ 1]) + body[1:]):
        with pytest.raises(BadSignature):
            inbound.verify(changed, headers, [vector["secret"]], at)
    for seconds in (-301, 301):
        late = datetime.fromtimestamp(at.timestamp() + seconds, UTC)
        with pytest.raises(BadSignature, match="five minutes"):
            inbound.verify(body, headers, [vector["secret"]], late)


@pytest.mark.parametrize(
    "headers", [{}, {"x-slack-request-timestamp": "x"}, {"x-slack-request-timestamp": "١٢٣", "x-slack-signature": "é"}]
)
def test_a_request_without_a_signature_is_nobodys(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        inbound.verify(b"", headers, ["secret"], datetime.now(UTC))


def _samples() -> list[Any]:
    folder = SAMPLES / "webhooks/slack"
    return [pytest.param(file, id=file.name) for file in sorted(folder.glob("*.json"))] if folder.is_dir() else []


@pytest.mark.parametrize("file", _samples())
def test_every_sample_is_read(file: Any) -> None:
    sample = json.loads(file.read_text())
    wrapped = isinstance(sample.get("raw_body"), str)
    if not wrapped and "skeleton" in file.name:
        from urllib.parse import quote

        raw = f"payload={quote(json.dumps(sample))}".encode()
    else:
        raw = sample["raw_body"].encode() if wrapped else file.read_bytes()
    try:
        arrived = inbound.arrived(raw)
    except Malformed:
        assert "skeleton" in file.name  # its values are blank
        return
    if "block_actions_button" in file.name:
        assert isinstance(arrived, inbound.Press)
        assert (arrived.user, arrived.channel, arrived.message, arrived.value) == (
            "W111", "C111", "111.222", "click_me_123"
        )  # fmt: skip
    elif "verification" in file.name:
        assert isinstance(arrived, inbound.Challenge)
    elif "view_submission" in file.name:
        assert isinstance(arrived, inbound.Submission)
        assert arrived.callback == "view-id"
    else:
        assert arrived is None


@pytest.mark.parametrize("raw", [b"", b"\xff", b"payload=", b"payload=[]", b"command=%2Fmayday", b"a&" * 200, b"{"])
def test_what_is_none_of_slacks_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        inbound.arrived(raw)


async def reopened(slack: Slack, private: bool = False) -> IncidentCard:
    """An incident whose channel was archived at its end, and which goes on."""
    chat = slack.offer.chat
    assert chat is not None
    order = ChannelOrder(effect_key="INC-1/open#1", incident=incident(), name="inc-payments", private=private)
    opened = await chat.open_channel(order)
    there = incident(channel=opened.channel)
    await chat.invite(Invitation(effect_key="INC-1/invite#1", incident=there, people=["ana"]))
    await chat.archive("INC-1/archive#1", there)
    return there


def message(there: IncidentCard, key: str = "INC-1/post#1", text: str = "It fires again") -> Post:
    return Post(effect_key=key, incident=there, text=text)


async def test_the_archived_channel_of_a_reopened_incident_is_opened_again(slack_of_ana: Slack) -> None:
    there = await reopened(slack_of_ana)
    chat = slack_of_ana.offer.chat
    assert chat is not None
    sent = await chat.post(message(there))
    assert sent.note == "the channel had been archived: it is opened again"
    assert (await chat.post(message(there, "INC-1/post#2"))).note is None
    [channel] = [each for each in slack_of_ana.double.channels.values() if each.name == "inc-payments"]
    assert len(channel.messages) == 2


@pytest.mark.parametrize("private", [False, True])
async def test_where_it_may_not_be_opened_again_a_new_one_takes_its_place(slack_of_ana: Slack, private: bool) -> None:
    there = await reopened(slack_of_ana, private)
    double, chat, board = slack_of_ana.double, slack_of_ana.offer.chat, slack_of_ana.offer.noticeboard
    assert chat is not None
    assert board is not None
    double.may_unarchive = False
    put_up = await board.put_up(card(incident=there))
    assert put_up is not None
    assert put_up.note == "the channel had been archived: it goes on in #inc-payments-again"
    sent = await chat.post(message(there))
    assert sent.note is None, "it is known by now"
    [new] = [each for each in double.channels.values() if each.name == "inc-payments-again"]
    assert (new.private, len(new.messages), new.members) == (private, 2, [ANA])
    assert await chat.invite(Invitation(effect_key="INC-1/invite#2", incident=there, people=["ana"])) == ["ana"]
    await chat.archive("INC-1/archive#2", there)
    assert new.archived
    again = await chat.post(message(there, "INC-1/post#9"))  # reopened once more
    assert again.note == "the channel had been archived: it goes on in #inc-payments-again-2"
