"""A channel that is archived or deleted under an incident: it goes on, and says where."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from activities.chain import first_that_works
from mayday.catalogs import FixedCatalog
from mayday.domain.effects import ClosePage, IncidentCard, Unreached
from mayday.domain.errors import Refused
from mayday.domain.ports import Card, ChannelOrder, Invitation, Post
from mayday.language.catalog import Catalog
from mayday.providers.registry import desk_ports
from tests.doubles.server import Double
from tests.doubles.slack import SlackDouble
from tests.doubles.teams import Teams
from tests.providers.contract.stand import Stand, incident, named, stand

THERE = incident(channel="inc-payments")


@pytest.fixture
def catalog(catalog: Catalog) -> Catalog:
    """Everybody is known everywhere."""
    people = {
        name: person.model_copy(update={"ids": {"teams": f"aad-{name}", "slack": f"U{number:02d}"}})
        for number, (name, person) in enumerate(catalog.people.items(), start=1)
    }
    return catalog.model_copy(update={"people": people})


@pytest.fixture(params=[SlackDouble, Teams], ids=named)
async def chat(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    kind: type[Double] = request.param
    async with stand(kind, "chat", "chats", tmp_path, catalog, monkeypatch) as opened:
        yield opened


async def begun(chat: Stand, *, private: bool = False) -> Any:
    """The incident's channel with somebody in it, and one message; returns it as the vendor has it."""
    order = ChannelOrder(effect_key="INC-1/open#1", incident=incident(), name="inc-payments", private=private)
    await chat.port.open_channel(order)
    await chat.port.invite(Invitation(effect_key="INC-1/invite#1", incident=THERE, people=["ana", "raj"]))
    await chat.port.post(message("before"))
    return vendor(chat).called("inc-payments")


def vendor(chat: Stand) -> Any:
    return chat.double


def message(text: str, *, to: str | None = None, there: IncidentCard = THERE) -> Post:
    return Post(effect_key=f"INC-1/{text}#1", incident=there, text=text, channel=to)


async def test_an_archived_one_is_opened_again(chat: Stand) -> None:
    channel = await begun(chat)
    channel.archived = True
    sent = await chat.port.post(message("after"))
    assert sent.note == "the channel had been archived: it is opened again"
    assert not channel.archived
    assert (await chat.port.post(message("later"))).note is None
    assert "later" in vendor(chat).said("inc-payments")[-1]


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
async def test_where_it_may_not_be_opened_a_new_one_takes_its_place(chat: Stand, private: bool) -> None:
    (await begun(chat, private=private)).archived = True
    vendor(chat).may_unarchive = False
    sent = await chat.port.post(message("after"))
    assert sent.note == "the channel had been archived: it goes on in #inc-payments-again"
    new = vendor(chat).called("inc-payments-again")
    assert new.private == private
    if private:
        assert len(new.members) == 2
    assert (await chat.port.post(message("later"))).note is None


async def test_a_deleted_one_is_replaced_by_a_new_one(chat: Stand) -> None:
    await begun(chat, private=True)
    vendor(chat).delete("inc-payments")
    sent = await chat.port.post(message("after"))
    assert sent.note == "the channel is not there any more for mayday: it goes on in #inc-payments-again"
    new = vendor(chat).called("inc-payments-again")
    assert new.private
    assert len(new.members) == 2, "those who were asked in are asked again"
    assert await chat.port.invite(Invitation(effect_key="INC-1/invite#2", incident=THERE, people=["dana"])) == ["dana"]
    vendor(chat).delete("inc-payments-again")  # somebody means it
    sent = await chat.port.post(message("at last"))
    third = f"inc-payments-again{'-2' if isinstance(chat.double, Teams) else ''}"  # Slack frees a deleted one's name
    assert sent.note == f"the channel is not there any more for mayday: it goes on in #{third}"
    await chat.port.archive("INC-1/archive#1", THERE)
    assert vendor(chat).called(third).archived


async def test_a_message_that_is_tried_again_stands_once_in_the_new_one(chat: Stand) -> None:
    await begun(chat)
    vendor(chat).delete("inc-payments")
    first = await chat.port.post(message("after"))
    again = await chat.port.post(message("after"))
    assert again.ref == first.ref
    assert len(vendor(chat).said("inc-payments-again")) == 1


@pytest.mark.parametrize("how", ["archived", "deleted"])
async def test_a_channel_of_the_houses_is_left_to_the_house_and_the_next_chat_carries_the_message(
    chat: Stand, how: str, catalog: Catalog
) -> None:
    await begun(chat)
    status = vendor(chat).add_channel("status")
    await chat.port.post(message("first", to="status"))
    if how == "archived":
        status.archived = True
    else:
        vendor(chat).delete("status")
    before = set(vendor(chat).channels)
    [desk] = desk_ports(chat.records, FixedCatalog(catalog), "https://mayday.example").chats
    passed: list[Unreached] = []
    second = message("second", to="status")
    sent = await first_that_works([chat.port, desk], lambda port: port.post(second), port="chat", passed=passed)
    assert sent.provider == "desk"
    [unreached] = passed
    assert unreached.target == chat.double.name
    assert f"#status: the channel {'had been archived' if how == 'archived' else 'is not there'}" in unreached.reason
    assert set(vendor(chat).channels) == before
    assert status.archived == (how == "archived")

    vendor(chat).channels.pop(status.id, None)
    vendor(chat).add_channel("status")  # the house makes a new one
    assert (await chat.port.post(message("third", to="status"))).note is None
    assert len(vendor(chat).said("status")) == 1


@pytest.mark.parametrize("how", ["archived", "deleted"])
async def test_a_name_that_a_dead_channel_keeps_gets_the_incidents_id(chat: Stand, how: str) -> None:
    """Slack keeps the name of an archived one, Teams that of a deleted one for a month."""
    old = vendor(chat).add_channel("inc-payments")
    if how == "archived":
        old.archived = True
    else:
        vendor(chat).delete("inc-payments")
    order = ChannelOrder(effect_key="INC-1/open#1", incident=incident(), name="inc-payments")
    opened = await chat.port.open_channel(order)
    free = how == "deleted" and isinstance(chat.double, SlackDouble)
    assert opened.channel == ("inc-payments" if free else f"inc-payments-{incident().id[-6:].lower()}")
    assert (await chat.port.post(message("here", there=incident(channel=opened.channel)))).note is None


async def test_a_post_that_is_refused_for_another_reason_moves_nothing(chat: Stand) -> None:
    await begun(chat)
    before = set(vendor(chat).channels)
    chat.double.fail("status", 400)
    with pytest.raises(Refused):
        await chat.port.post(message("after"))
    assert set(vendor(chat).channels) == before


async def test_a_card_in_a_dead_channel_is_settled(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (SlackDouble, Teams):
        folder = tmp_path / kind.name
        folder.mkdir()
        async with stand(kind, "noticeboard", "chats", folder, catalog, monkeypatch) as at:
            for page in ("archived", "deleted"):
                card = Card(effect_key=f"INC-1/{page}#1", incident=incident(), page=page, purpose="vote", text="Do it?")
                assert await at.port.put_up(card)
                if page == "archived":
                    vendor(at).called("incidents").archived = True
                else:
                    vendor(at).delete("incidents")
                over = ClosePage(effect_key=f"INC-1/{page}#2", incident=incident(), page=page, reason="decided")
                assert await at.port.settle(over) == 1
                vendor(at).channels.clear()
                vendor(at).add_channel("incidents")
