"""The incident's ticket at its end and after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from activities.dependencies import Dependencies
from activities.itsm import ItsmActivities
from mayday.domain import effects as fx
from mayday.domain.effects import IncidentCard
from mayday.domain.errors import Refused, Unreachable
from mayday.domain.ports import TicketClosing, TicketDesk, TicketReopening, WorkNote
from mayday.records import Records
from tests.activities.test_actions import Run, ask


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
