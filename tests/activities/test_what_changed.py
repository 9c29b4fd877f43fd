"""What changed lately is read when an incident is declared, and said once on its timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from activities.change import ChangeActivities
from activities.dependencies import Dependencies
from mayday.catalogs import FixedCatalog
from mayday.domain.commands import Ack, Note
from mayday.domain.effects import IncidentCard
from mayday.domain.errors import Unreachable
from mayday.domain.ports import ChangeHistory, TicketOrder
from mayday.language.catalog import Catalog, Freeze
from mayday.records import Records
from mayday.records.incidents import IncidentRecord
from tests.stores import Clock
from worker.what_changed import SHOWN, WhatChanged


class Incident:
    """Takes notes, or is silent."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.silent = False

    async def tell(self, incident: str, workflow_id: str, command: Ack | Note) -> bool:
        if self.silent:
            return False
        assert isinstance(command, Note)
        self.notes.append(command)
        return True


@pytest.fixture
def incident() -> Incident:
    return Incident()


@pytest.fixture
def looking(dependencies: Dependencies, records: Records, incident: Incident) -> WhatChanged:
    return WhatChanged(records, ChangeActivities(dependencies).history, incident)


async def declared(records: Records, clock: Clock, **more: Any) -> None:
    values = {
        "id": "INC-1", "workflow_id": "incident/1", "title": "Payments down", "severity": "SEV1",
        "status": "investigating", "service": "payments", "services": ["payments"], "opened_at": clock(),
    }  # fmt: skip
    await records.incidents.opened(IncidentRecord.model_validate({**values, **more}))


async def changed(dependencies: Dependencies, card: IncidentCard, summary: str, key: str = "c") -> None:
    order = TicketOrder(effect_key=key, incident=card, kind="change", summary=summary)
    await dependencies.ports.tickets[0].open(order)


async def test_changes_and_freezes_are_said_once(
    dependencies: Dependencies, catalog: Catalog, records: Records, incident: Incident, card: IncidentCard, clock: Clock
) -> None:
    await changed(dependencies, card, "gateway 2.1")
    freeze = Freeze.model_validate(
        {"name": "Year end", "from": clock() - timedelta(days=1), "to": clock() + timedelta(days=1)}
    )
    known = replace(dependencies, catalog=FixedCatalog(catalog.model_copy(update={"freezes": {"year_end": freeze}})))
    looking = WhatChanged(records, ChangeActivities(known).history, incident)
    await declared(records, clock)
    assert [await looking.look(), await looking.look()] == [1, 0]
    [note] = incident.notes
    assert note.text.splitlines() == [
        "Changes of the last 72 hours on payments and what it depends on:",
        "CHG-1001, open, 2026-03-02 02:10 UTC: gateway 2.1",
        "Freeze: Year end, 2026-03-01 02:10 to 2026-03-03 02:10 UTC",
    ]
    assert (note.channel, note.actor) == ("changes", "owner")


async def test_where_nothing_changed_nothing_is_said(
    looking: WhatChanged, records: Records, incident: Incident, clock: Clock
) -> None:
    await declared(records, clock)
    assert await looking.look() == 0
    assert incident.notes == []


async def test_a_silent_temporal_and_a_change_log_that_is_away_are_tried_again_for_two_hours(
    dependencies: Dependencies, looking: WhatChanged, records: Records, incident: Incident, card: IncidentCard,
    clock: Clock,
) -> None:  # fmt: skip
    await changed(dependencies, card, "gateway 2.1")
    await declared(records, clock)
    incident.silent = True
    assert await looking.look() == 0
    incident.silent = False

    async def away(*_: Any) -> ChangeHistory:
        raise Unreachable("servicenow is not reachable")

    assert await WhatChanged(records, away, incident).look() == 0
    clock.forward(hours=1)
    assert await looking.look() == 1
    await declared(records, clock, id="INC-2", workflow_id="incident/2")
    clock.forward(hours=3)
    assert await looking.look() == 0


async def test_candidates_wait_and_runbooks_that_read_them_are_left_to_it(
    dependencies: Dependencies, looking: WhatChanged, records: Records, incident: Incident, card: IncidentCard,
    clock: Clock,
) -> None:  # fmt: skip
    await changed(dependencies, card, "gateway 2.1")
    await records.plans.put("digest", {"phases": [{"steps": [{"do": "changes.recent"}]}]})
    await declared(records, clock, plan_digest="digest")
    await declared(records, clock, id="INC-2", workflow_id="incident/2", status="candidate")
    assert await looking.look() == 0
    assert incident.notes == []


async def test_a_note_stays_short(
    dependencies: Dependencies, looking: WhatChanged, records: Records, incident: Incident, card: IncidentCard,
    clock: Clock,
) -> None:  # fmt: skip
    for number in range(SHOWN + 3):
        await changed(dependencies, card, "x" * 5_000, key=f"c{number}")
    await declared(records, clock)
    await looking.look()
    assert incident.notes[0].text.endswith("and 3 more")
    assert len(incident.notes[0].text) < 4_000
