"""Emergency changes: carried out once, told what was decided, and what changed lately."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.change import ChangeActivities
from activities.dependencies import Dependencies
from activities.itsm import ItsmActivities
from mayday.catalogs import FixedCatalog
from mayday.domain import effects as fx
from mayday.domain.effects import ActionReceipt, ActionRequest, IncidentCard
from mayday.domain.errors import Ambiguous, Unreachable
from mayday.domain.ports import WorkNote
from mayday.language.catalog import Catalog, Freeze
from mayday.records import Records
from tests.activities.test_actions import Run, ask
from tests.stores import Clock


async def test_a_change_is_carried_out_once_at_the_first_runner_only(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    request = ask(card, "change.execute", change="CHG-9").model_copy(update={"approval": "emergency_change#1"})
    changes = ChangeActivities(dependencies)
    first = await run(changes.execute, request)
    assert first == await run(changes.execute, request)
    assert first.outputs == {"outcome": "ordered", "ref": "WO-1001"}
    [order] = await records.desk.tickets.orders()
    assert order.approval == "emergency_change#1"

    class Lost:
        name = "runner"

        async def run(self, request: ActionRequest) -> ActionReceipt:
            raise Ambiguous("no answer")

    unsure = replace(dependencies, ports=replace(dependencies.ports, changes=[Lost(), *dependencies.ports.changes]))
    with pytest.raises(ApplicationError) as failed:
        await run(ChangeActivities(unsure).invoke, ask(card, "dr.invoke", "INC-1/dr#1", service="payments"))
    assert (failed.value.type, failed.value.details[0]["ambiguous"]) == ("ambiguous", True)
    assert len(await records.desk.tickets.orders()) == 1

    class Away(Lost):
        async def run(self, request: ActionRequest) -> ActionReceipt:
            raise Unreachable("runner is not reachable")

    behind = replace(dependencies, ports=replace(dependencies.ports, changes=[Away(), *dependencies.ports.changes]))
    done = await run(ChangeActivities(behind).invoke, ask(card, "dr.invoke", "INC-1/dr#1", service="payments"))
    assert [each.target for each in done.unreached] == ["runner"]
    assert len(await records.desk.tickets.orders()) == 2


async def test_a_change_is_told_that_it_was_not_approved_by_the_desk_that_knows_it(
    dependencies: Dependencies, card: IncidentCard, run: Run, records: Records
) -> None:
    itsm = ItsmActivities(dependencies)
    change = (await run(itsm.open_change, ask(card, "itsm.open_change", "c", summary="bypass"))).outputs["number"]
    words = {"text": "Not approved: no rollback plan"}
    for _ in range(2):
        told = await run(itsm.note_change, ask(card, fx.NOTE_CHANGE, "d", change=change, **words))
        assert told.outputs == {"noted": True}
    assert [note.text for note in await records.desk.tickets.notes(change)] == [words["text"]]
    unknown = await run(itsm.note_change, ask(card, fx.NOTE_CHANGE, "e", change="CHG-OF-THE-HOUSES", **words))
    assert unknown.outputs == {"noted": False}

    class Away:
        name = "servicenow"

        async def note(self, note: WorkNote) -> None:
            raise Unreachable("servicenow is not reachable", provider=self.name)

    behind = replace(dependencies.ports, tickets=[Away(), *dependencies.ports.tickets])
    itsm = ItsmActivities(replace(dependencies, ports=behind))
    with pytest.raises(ApplicationError, match="not reachable"):  # nobody else knows it: tried again
        await run(itsm.note_change, ask(card, fx.NOTE_CHANGE, "f", change="CHG0030001", **words))


async def test_recent_changes_are_looked_up_for_the_service_and_all_below_it(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    itsm, below = ItsmActivities(dependencies), card.model_copy(update={"service": "gateway"})
    await run(itsm.open_change, ask(below, "itsm.open_change", "c", summary="gateway 2.1"))
    recent = ChangeActivities(dependencies).recent
    found = await run(recent, ask(card, "changes.recent", service="checkout"))
    assert [change["summary"] for change in found.outputs["changes"]] == ["gateway 2.1"]
    assert found.outputs["freezes"] == []
    assert (await run(recent, ask(card, "changes.recent", service="warehouse"))).outputs["changes"] == []


async def test_freezes_of_the_catalog_are_shown_beside_the_changes(
    dependencies: Dependencies, catalog: Catalog, card: IncidentCard, run: Run, clock: Clock
) -> None:
    def freeze(*services: str, starts: int, ends: int) -> Freeze:
        between = {"from": clock.at + timedelta(hours=starts), "to": clock.at + timedelta(hours=ends)}
        return Freeze.model_validate({"services": list(services), **between})

    freezes = {
        "year_end": freeze(starts=-100, ends=100), "below": freeze("gateway", starts=5, ends=6),
        "elsewhere": freeze("warehouse", starts=-1, ends=1), "over": freeze(starts=-200, ends=-80),
        "far_ahead": freeze(starts=80, ends=90),
    }  # fmt: skip
    known = replace(dependencies, catalog=FixedCatalog(catalog.model_copy(update={"freezes": freezes})))
    found = await run(ChangeActivities(known).recent, ask(card, "changes.recent", service="checkout"))
    assert [each["name"] for each in found.outputs["freezes"]] == ["year end", "below"]
