"""Who stands on call goes into each plan: as of that moment, however many incidents are opened in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starter.playbooks import Playbooks
from tests.starter.doubles import Clock
from tests.stores import in_memory

SUNDAY = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
HANDED_OFF = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""Monday 09:00 in Zurich: `web_primary` passes from one to the other."""


async def standing(playbooks: Playbooks, schedule: str, at: datetime) -> str | None:
    plan, _ = await playbooks.pinned(playbooks.choose("web", "SEV2"), "web", at)
    found: str | None = plan["schedules"][schedule]["on_call"]
    return found


async def test_the_next_incident_after_a_hand_off_has_the_next_person(playbooks: Playbooks) -> None:
    before, after = HANDED_OFF - timedelta(seconds=1), HANDED_OFF
    house = Playbooks(playbooks.library)
    people = [await standing(house, "web_primary", at) for at in (SUNDAY, before, after, after, before)]
    assert people == [people[0], people[0], people[2], people[2], people[0]]
    assert people[2] != people[0]


async def test_an_override_holds_from_the_next_look_on(playbooks: Playbooks) -> None:
    async with await in_memory(Clock()) as records:
        house = Playbooks(playbooks.library, records)
        usual = await standing(house, "web_primary", SUNDAY)
        await records.overrides.add("web_primary", "ada", SUNDAY, SUNDAY + timedelta(hours=2), created_by="ana")
        assert await standing(house, "web_primary", SUNDAY + timedelta(minutes=1)) == "ada"
        assert await standing(house, "web_primary", SUNDAY + timedelta(hours=3)) == usual
