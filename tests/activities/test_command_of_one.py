"""One person commands one SEV1: the second incident's command goes to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.dependencies import Dependencies
from activities.paging import COMMAND, Paging
from mayday.domain.effects import IncidentCard, PageRequest
from mayday.domain.incident import Board, RoleHolder
from mayday.records import Records
from mayday.records.incidents import IncidentRecord
from tests.stores import Clock

Run = Callable[..., Any]


def offer(card: IncidentCard) -> PageRequest:
    return PageRequest(
        effect_key=f"{card.id}/role:incident_commander#1",
        incident=card,
        page=COMMAND,
        purpose="role",
        targets=["person.ana"],
        via=["push"],
        text="take command",
    )


@pytest.fixture
async def ana_commands(records: Records, clock: Clock) -> None:
    known: dict[str, Any] = {
        "id": "INC-0",
        "workflow_id": "incident/0",
        "title": "AD down",
        "severity": "SEV1",
        "status": "investigating",
        "service": "identity",
        "opened_at": clock.at,
    }
    board = Board(
        **known,
        services=["identity"],
        priority="P1",
        drill=False,
        roles=[RoleHolder(role="incident_commander", person="ana")],
    )
    await records.incidents.opened(IncidentRecord(**known, board=board))


@pytest.mark.usefixtures("ana_commands")
async def test_who_commands_one_is_not_woken_for_another(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    with pytest.raises(ApplicationError, match="ana commands INC-0"):
        await run(Paging(dependencies).page_responder, offer(card))
    assert await records.desk.pages.find() == []


@pytest.mark.usefixtures("ana_commands")
async def test_a_smaller_incident_may_have_the_same_commander(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    receipt = await run(Paging(dependencies).page_responder, offer(card.model_copy(update={"severity": "SEV3"})))
    assert [each.person for each in receipt.paged] == ["ana"]


async def test_a_free_manager_is_paged(dependencies: Dependencies, card: IncidentCard, run: Run) -> None:
    receipt = await run(Paging(dependencies).page_responder, offer(card))
    assert [each.person for each in receipt.paged] == ["ana"]
