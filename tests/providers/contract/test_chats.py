"""What every chat has to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mayday.domain.errors import ProviderError, Refused
from mayday.domain.ports import ChannelOrder, Invitation, Post
from mayday.language.catalog import Catalog
from mayday.records import RecordsUnavailable
from tests.doubles.server import Double
from tests.doubles.slack import SlackDouble
from tests.doubles.teams import Teams
from tests.providers.contract.outcomes import HOSTILE, LONG, OUTCOMES, Outcome, assert_no_secret, raises_cleanly
from tests.providers.contract.stand import Stand, incident, named, stand

VENDORS: list[type[Double]] = [SlackDouble, Teams]


@pytest.fixture
def catalog(catalog: Catalog) -> Catalog:
    """Everybody is known everywhere."""
    ids = {name: {"teams": f"aad-{name}", **person.ids} for name, person in catalog.people.items()}
    people = {name: person.model_copy(update={"ids": ids[name]}) for name, person in catalog.people.items()}
    return catalog.model_copy(update={"people": people})


@pytest.fixture(params=[*VENDORS, None], ids=named)
async def chat(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    async with stand(request.param, "chat", "chats", tmp_path, catalog, monkeypatch) as opened:
        yield opened


@pytest.fixture(params=VENDORS, ids=named)
async def outside(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    """The same without the desk, which has no network to fail."""
    async with stand(request.param, "chat", "chats", tmp_path, catalog, monkeypatch) as opened:
        yield opened


def channel(key: str = "INC-1/channel#1", **more: Any) -> ChannelOrder:
    return ChannelOrder.model_validate({"effect_key": key, "incident": incident(), "name": "inc-payments", **more})


def post(key: str = "INC-1/say#1", text: str = "We are on it", **more: Any) -> Post:
    return Post.model_validate(
        {"effect_key": key, "incident": incident(channel="inc-payments"), "text": text, **more}
    )  # fmt: skip


async def said(stand: Stand, name: str = "inc-payments") -> list[str]:
    """The texts of a channel, in order."""
    if stand.vendor is None:
        return [message.text for message in await stand.records.desk.chat.messages(channel=name)]
    return stand.double.said(name)  # type: ignore[attr-defined,no-any-return]


async def test_the_incidents_channel_is_opened_once_and_talked_in(chat: Stand) -> None:
    first = await chat.port.open_channel(channel())
    assert first.channel == "inc-payments"
    assert await chat.port.open_channel(channel()) == first
    sent = await chat.port.post(post())
    assert (sent.channel, sent.provider, bool(sent.ref)) == ("chat", chat.port.name, True)
    await chat.port.post(post("INC-1/say#2", "Better now"))
    texts = await said(chat)
    assert [("We are on it" in text, "Better now" in text) for text in texts] == [(True, False), (False, True)]


async def test_a_name_that_another_incident_has_is_not_taken_from_it(chat: Stand) -> None:
    first = await chat.port.open_channel(channel())
    second = await chat.port.open_channel(channel("INC-2/channel#1", incident=incident(id="INC-01KBCHECKOUT")))
    assert second.channel != first.channel
    assert second.channel.startswith("inc-payments-")


async def test_the_same_message_twice_is_said_once(chat: Stand) -> None:
    await chat.port.open_channel(channel())
    sent = await asyncio.gather(chat.port.post(post(pin=True)), chat.port.post(post("INC-1/other#1", "other")))
    assert await chat.port.post(post(pin=True)) == sent[0]
    assert len(await said(chat)) == 2


async def test_people_are_invited_once(chat: Stand) -> None:
    await chat.port.open_channel(channel())
    there = incident(channel="inc-payments")
    invitation = Invitation(effect_key="INC-1/invite#1", incident=there, people=["ana", "raj"])
    assert await chat.port.invite(invitation) == ["ana", "raj"]
    assert await chat.port.invite(invitation) == ["ana", "raj"]


async def test_a_private_channel_is_one(outside: Stand) -> None:
    await outside.port.open_channel(channel(name="sec-private", topic="need to know", private=True))
    there = incident(channel="sec-private")
    await outside.port.invite(Invitation(effect_key="INC-1/invite#1", incident=there, people=["ana", "raj"]))
    opened = outside.double.called("sec-private")  # type: ignore[attr-defined]
    assert (opened.private, len(opened.members)) == (True, 2)
    assert (await outside.port.post(post(incident=there))).ref


async def test_a_channel_that_the_desk_opened_is_no_other_incidents_in_the_vendor(outside: Stand) -> None:
    """The vendor was down when the second one was opened: the desk's name is another incident's here."""
    await outside.port.open_channel(channel())
    second = incident(id="INC-01KBCHECKOUT", channel="inc-payments")
    with pytest.raises(Refused, match="not opened"):
        await outside.port.post(post("INC-2/say#1", incident=second))
    assert await said(outside) == []


async def test_a_store_that_is_silent_takes_no_words_away(
    outside: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """The channel says itself whose it is, and messages are looked for before they are posted."""
    await outside.port.open_channel(channel())

    def down(*_: object, **__: object) -> Any:
        raise RecordsUnavailable("no disk")

    monkeypatch.setattr(type(outside.records.store), "read", down)
    monkeypatch.setattr(type(outside.records.store), "commit", down)
    await outside.port.post(post())
    await outside.port.post(post())
    assert len(await said(outside)) == 1


async def test_the_channel_is_archived_and_again(chat: Stand) -> None:
    await chat.port.open_channel(channel())
    there = incident(channel="inc-payments")
    await chat.port.archive("INC-1/archive#1", there)
    await chat.port.archive("INC-1/archive#1", there)


async def test_a_long_text_is_cut_and_a_hostile_one_calls_nobody(chat: Stand) -> None:
    await chat.port.open_channel(channel(topic=HOSTILE))
    title = incident(title=HOSTILE, channel="inc-payments")
    await chat.port.post(post("INC-1/long#1", LONG))
    await chat.port.post(post("INC-1/hostile#1", HOSTILE, incident=title))
    long, hostile = await said(chat)
    assert long.startswith("Zahlung läuft nicht 💳")
    if chat.vendor is not None:
        assert len(long) < 20_000
        assert "everyone" in hostile
        assert chat.double.read_as_markup("inc-payments") == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_every_failure_has_its_error(outside: Stand, outcome: Outcome) -> None:
    await outside.port.open_channel(channel())
    outcome.arrange(outside.double)
    with raises_cleanly(outcome.errors, outside.double):
        await outside.port.post(post())


@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
async def test_a_message_whose_answer_is_lost_is_found_again(outside: Stand, how: Any) -> None:
    await outside.port.open_channel(channel())
    outside.double.fail(how)
    await _again(lambda: outside.port.post(post()))
    assert len(await said(outside)) == 1


@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
async def test_a_channel_whose_answer_is_lost_is_found_again(outside: Stand, how: Any) -> None:
    outside.double.fail(how)
    ref = await _again(lambda: outside.port.open_channel(channel()))
    sent = await outside.port.post(post(incident=incident(channel=ref.channel)))
    assert sent.ref
    assert outside.double.channels_of(incident().id) == [ref.channel]  # type: ignore[attr-defined]


async def test_a_worker_that_died_between_posting_and_noting_it_looks_first(outside: Stand) -> None:
    """Its successor finds that it was begun, and the message by its key."""
    await outside.port.open_channel(channel())
    outside.double.fail("timeout_after")
    outside.double.fail("status", 503, times=20)
    with pytest.raises(ProviderError) as raised:
        await outside.port.post(post())
    assert_no_secret(str(raised.value), outside.double)
    outside.double.recover()
    await outside.port.post(post())
    assert len(await said(outside)) == 1


async def _again(ask: Any) -> Any:
    """As Temporal does: tried again after a failure that a retry may cure."""
    for _ in range(3):
        try:
            return await ask()
        except ProviderError as error:
            if not error.retryable:
                raise
    raise AssertionError("three tries")
