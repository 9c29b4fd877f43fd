"""Teams: questions in a channel, the webhook that leads one way, and what is written to us."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.effects import ClosePage
from mayday.domain.errors import Ambiguous, ProviderError, Refused, Unauthorised, Unreachable
from mayday.domain.ports import Card, ChannelOrder, Invitation, Post
from mayday.language.catalog import Catalog
from mayday.providers.inbound import BadSignature, Malformed
from mayday.providers.offers import Offer, VendorSettings
from mayday.providers.receipts import Receipts
from mayday.providers.teams import inbound
from mayday.providers.teams.cards import post_card
from mayday.providers.teams.offer import offer
from mayday.records import Records
from mayday.settings import SettingsError
from tests.doubles.api_description import SAMPLES
from tests.doubles.given import offer_of
from tests.doubles.teams import SECURITY_TOKEN, SIGNATURE, Teams, problems_of, signature_of, words_of
from tests.providers.contract.outcomes import HOSTILE, LONG
from tests.providers.contract.stand import incident


@dataclass
class Room:
    double: Teams
    offer: Offer
    hook: Offer


@pytest.fixture
async def teams(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr(Receipts, "look_after_s", (0.0,))
    people = {
        name: person.model_copy(update={"ids": {**person.ids, "teams": f"aad-{name}"} if name != "chris" else {}})
        for name, person in catalog.people.items()
    }
    source = FixedCatalog(catalog.model_copy(update={"people": people}))
    async with (
        await Records.open("sqlite://") as records,
        Teams() as double,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        by_hook = offer(_settings(double.webhook(), records, source, http))
        assert by_hook is not None
        yield Room(double, offer_of(double, http, records, source), by_hook)
        assert double.violations == []


def _settings(
    values: dict[str, str], records: Records, catalog: FixedCatalog, http: httpx.AsyncClient
) -> VendorSettings:
    return VendorSettings(
        name="teams", values=values, http=http, base_url="https://mayday.example", catalog=catalog, records=records
    )


def card(key: str = "INC-1/gate#1/card", **more: Any) -> Card:
    given = {"effect_key": key, "incident": incident(), "page": "approve_it", "purpose": "vote", "text": "Do it?"}
    return Card.model_validate({**given, **more})


def closing(**more: Any) -> ClosePage:
    given = {"effect_key": "INC-1/close#1", "incident": incident(), "page": "approve_it", "reason": "decided: approved"}
    return ClosePage.model_validate({**given, **more})


async def test_a_question_says_how_it_is_answered_and_for_whom(teams: Room) -> None:
    assert teams.offer.noticeboard is not None
    first = await teams.offer.noticeboard.put_up(card(people=["ana", "chris"]))
    assert await teams.offer.noticeboard.put_up(card(people=["ana", "chris"])) == first
    [shown] = teams.double.cards("incidents")
    assert "for Ana Ruiz, Chris Wong" in words_of(shown)
    assert "@mayday vote approve_it approve" in words_of(shown)
    assert [action["title"] for action in shown["actions"]] == ["Open in mayday"]


async def test_who_cannot_has_a_link_to_where_the_reason_is_asked(teams: Room) -> None:
    assert teams.offer.noticeboard is not None
    await teams.offer.noticeboard.put_up(card(purpose="role", page="role:comms_lead"))
    await teams.offer.noticeboard.put_up(card("INC-1/p#1/card", purpose="page", page="loop[2].wake"))
    role, page = teams.double.cards("incidents")
    assert "@mayday accept comms_lead, @mayday decline comms_lead REASON" in words_of(role)
    assert "@mayday decline loop[2].wake REASON" in words_of(page)
    where = f"https://mayday.example/incidents/{incident().id}"
    assert [(each["title"], each["url"]) for each in role["actions"]] == [
        ("Open in mayday", where), ("I cannot take it", f"{where}#w-role-comms-lead-why"),
    ]  # fmt: skip
    assert page["actions"][-1]["url"] == f"{where}#w-loop-2--wake-why"


async def test_a_question_that_is_over_says_so_and_leads_nowhere(teams: Room) -> None:
    board = teams.offer.noticeboard
    assert board is not None
    await board.put_up(card())
    await board.put_up(card("INC-1/other#1/card", page="another"))
    assert await board.settle(closing(over=False)) == 0
    assert await board.settle(closing()) == 1
    one, other = teams.double.cards("incidents")
    assert "Over: decided: approved" in words_of(one)
    assert "@mayday" not in words_of(one)
    assert ("actions" in one, "actions" in other) == (False, True)
    assert await board.settle(closing()) == 0


async def test_settling_is_tried_again_until_teams_answers(teams: Room) -> None:
    board = teams.offer.noticeboard
    assert board is not None
    await board.put_up(card())
    teams.double.fail("timeout_after")
    with pytest.raises(Unreachable):
        await board.settle(closing())
    assert await board.settle(closing()) == 1


async def test_a_card_that_somebody_deleted_stops_nothing(teams: Room) -> None:
    board = teams.offer.noticeboard
    assert board is not None
    await board.put_up(card())
    teams.double.called("incidents").messages.clear()
    assert await board.settle(closing()) == 1


async def test_inviting_is_telling_those_whose_id_is_known(teams: Room) -> None:
    assert teams.offer.chat is not None
    invitation = Invitation(effect_key="INC-1/invite#1", incident=incident(), people=["ana", "chris"])
    assert await teams.offer.chat.invite(invitation) == ["ana"]
    assert await teams.offer.chat.invite(invitation) == ["ana"]
    [message] = teams.double.called("incidents").messages.values()
    assert message["mentions"][0]["mentioned"]["user"]["id"] == "aad-ana"
    assert '<at id="0">Ana Ruiz</at>' in message["body"]["content"]
    with pytest.raises(Refused, match="nobody"):
        await teams.offer.chat.invite(invitation.model_copy(update={"people": ["chris"]}))


@pytest.mark.parametrize("text", [LONG, HOSTILE, "x\n" * 5_000, "", "💳" * 20_000])
def test_every_card_is_one_by_the_schema_and_fits(text: str) -> None:
    shown = post_card(text, incident(title=text, bridge_url="https://meet.example/1"), "https://mayday.example")
    assert problems_of(shown) == []
    assert len(json.dumps(json.dumps(shown, ensure_ascii=False), ensure_ascii=False).encode()) < 27_000
    assert all(block["type"] == "RichTextBlock" for block in shown["body"])


async def test_the_doctor_sees_the_team(teams: Room) -> None:
    [check] = teams.offer.checks
    assert (await check()).ok


# the webhook -------------------------------------------------------------------------------------------------------


def post(key: str = "INC-1/say#1", **more: Any) -> Post:
    return Post.model_validate({"effect_key": key, "incident": incident(), "text": HOSTILE, **more})


async def test_a_webhook_carries_cards_to_its_channel_once(teams: Room) -> None:
    assert teams.hook.chat is not None
    await teams.hook.chat.post(post())
    await teams.hook.chat.post(post())
    await teams.hook.chat.post(post("INC-1/say#2", channel="#incidents"))
    assert len(teams.double.workflow) == 2
    with pytest.raises(Refused, match="does not lead"):
        await teams.hook.chat.post(post("INC-1/say#3", channel="executives"))
    with pytest.raises(Refused):
        await teams.hook.chat.open_channel(
            ChannelOrder(effect_key="INC-1/channel#1", incident=incident(), name="inc-payments")
        )


@pytest.mark.parametrize("how", ["timeout_before", "timeout_after", "status", "malformed"])
async def test_the_webhooks_secret_stands_in_no_error(teams: Room, how: Any) -> None:
    assert teams.hook.chat is not None
    teams.double.fail(how, 401)
    if how == "malformed":  # what it answers says nothing: 202 is taken
        await _tolerated(teams, how)
        return
    expected = Unauthorised if how == "status" else Ambiguous
    with pytest.raises(expected) as raised:
        await teams.hook.chat.post(post())
    assert SIGNATURE not in str(raised.value)


async def _tolerated(teams: Room, how: str) -> None:
    assert teams.hook.chat is not None
    try:
        await teams.hook.chat.post(post())
    except ProviderError as error:
        assert SIGNATURE not in str(error), how  # noqa: PT017 - either may be; what counts is what it says


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"tenant": "t"}, "MAYDAY_TEAMS_TEAM is missing"), ({"webhook_url": "https://x.example"}, "no address"),
        ({"webhook_url": "http://x.example/y?sig=1"}, "https"),
    ],
)  # fmt: skip
async def test_half_a_setting_says_what_is_missing(teams: Room, values: dict[str, str], reason: str) -> None:
    records = await Records.open("sqlite://")
    async with records, httpx.AsyncClient() as http:
        with pytest.raises(SettingsError, match=reason):
            offer(_settings(values, records, FixedCatalog(Catalog()), http))
        assert offer(_settings({"secret": SECURITY_TOKEN}, records, FixedCatalog(Catalog()), http)) is None


# what is written to us ---------------------------------------------------------------------------------------------


def test_the_vector_of_its_signature() -> None:
    file = SAMPLES / "signatures/vectors.json"
    if not file.is_file():
        pytest.skip("no samples on this machine")
    for vector in json.loads(file.read_text())["teams_outgoing_webhook"]["vectors"]:
        body = vector["body"].encode()
        headers = {name.lower(): value for name, value in vector["headers"].items()}
        inbound.verify(body, headers, ["d3Jvbmc=", vector["secret_base64"]])
        for changed in (body + b" ", body[:-1], bytes([body[0] ^ 1]) + body[1:]):
            with pytest.raises(BadSignature):
                inbound.verify(changed, headers, [vector["secret_base64"]])


@pytest.mark.parametrize("secret", ["not base64!", "", SECURITY_TOKEN])
@pytest.mark.parametrize("header", ["", "HMAC", "HMAC x", "Bearer x", "HMAC é"])
def test_a_message_without_a_signature_is_nobodys(secret: str, header: str) -> None:
    with pytest.raises(BadSignature):
        inbound.verify(b"{}", {"authorization": header}, [secret])


NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<at>mayday</at> status", "status"),
        ("<p><at id=\"0\">mayday</at>&nbsp;note a &lt;b&gt; &amp; c</p>", "note a <b> & c"),
        ("<div>note one<br>two</div>", "note one\ntwo"),
        ("vote gate approve", "vote gate approve"), ("<at>mayday", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_words_of_a_message(text: str, plain: str) -> None:
    activity = {"type": "message", "id": "1", "text": text, "from": {"aadObjectId": "u"}, "timestamp": NOW.isoformat()}
    assert inbound.written(json.dumps(activity).encode(), NOW).text == plain


def test_a_message_of_another_time_is_not_taken() -> None:
    body, headers = Teams().writes("u", "status", NOW)
    inbound.verify(body.encode(), {"authorization": headers["Authorization"]}, [SECURITY_TOKEN])
    for away in (timedelta(minutes=6), -timedelta(minutes=6)):
        with pytest.raises(BadSignature, match="five minutes"):
            inbound.written(body.encode(), NOW + away)
    assert signature_of(body) == headers["Authorization"]


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"type": "message"}', b'{"type": "message", "from": {}, "id": 1}',
            b'{"type": "message", "from": {}, "id": "1", "text": 5}', b"\xff"],
)  # fmt: skip
def test_what_is_no_message_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        inbound.written(raw, NOW)
