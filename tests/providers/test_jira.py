"""What is Jira's own: labels and properties, fields that a screen refuses, internal comments, transitions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mayday.domain.errors import Refused
from mayday.domain.ports import TicketClosing
from mayday.language.catalog import Catalog
from mayday.providers.ticket_echo import is_ours
from tests.doubles.jira import Jira
from tests.providers.contract.stand import Stand, incident, stand
from tests.providers.contract.test_tickets import note, order


@pytest.fixture
async def desk(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    async with stand(Jira, "ticket_desk", "tickets", tmp_path, catalog, monkeypatch) as opened:
        yield opened


def jira(at: Stand) -> Jira:
    assert isinstance(at.vendor, Jira)
    return at.vendor


async def test_a_comment_is_internal(desk: Stand) -> None:
    ticket = await desk.port.open(order())
    await desk.port.note(note(ticket.number))
    [comment] = jira(desk).comments[ticket.number]
    assert {"key": "sd.public.comment", "value": {"internal": True}} in comment["properties"]


async def test_fields_that_the_screen_does_not_have_are_left_out_and_named(desk: Stand) -> None:
    jira(desk).refused_fields = {"priority", "customfield_1"}
    ticket = await desk.port.open(order(fields={"customfield_1": "eu", "region": "eu"}))
    assert sorted(ticket.ignored or []) == ["customfield_1", "priority"]
    jira(desk).refused_fields = {"summary"}
    with pytest.raises(Refused, match="summary"):
        await desk.port.open(order("INC-1/ticket#2"))


async def test_an_issue_with_the_label_of_another_key_is_not_ours(desk: Stand) -> None:
    first = await desk.port.open(order())
    jira(desk).issues[first.number]["properties"]["mayday"]["effect_key"] = "somebody else's"
    desk.forget()
    assert (await desk.port.open(order())).number != first.number


async def test_a_problem_is_linked_to_its_incident_and_closing_says_why(desk: Stand) -> None:
    ticket = await desk.port.open(order())
    problem = await desk.port.open(order("p", kind="problem", incident=incident(ticket=ticket.number)))
    assert jira(desk).links == [(ticket.number, problem.number)]
    await desk.port.close(TicketClosing(effect_key="c", incident_id="INC-1", ticket=ticket.number, reason="restored"))
    [reason] = jira(desk).notes(ticket.number)
    assert reason.startswith("restored")
    assert is_ours(reason)  # its webhook is no news
    assert jira(desk).issues[ticket.number]["done"]
