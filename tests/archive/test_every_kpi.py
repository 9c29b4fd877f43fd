"""Every number of the trends equals the one counted by hand from raw entries, by another way, whatever the nights."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mayday.domain.report.kpis import DEFINITIONS, kpis
from mayday.domain.report.trends import IncidentFacts, facts_of
from mayday.domain.timeline import GENESIS, Entry, append, timestamp
from tests.archive.reckoning import reckoned

Data = dict[str, Any]
Item = tuple[str, str | None, Data]

BEGIN = datetime(2026, 3, 2, 21, 10, tzinfo=UTC)
STATUSES = ("investigating", "identified", "mitigated", "resolved")


def happening(chance: random.Random) -> Item:
    """Something that a number is made of."""

    def moment() -> str | None:
        return chance.choice((None, timestamp(BEGIN + timedelta(minutes=chance.randrange(-90, 600)))))

    page, phase, action = chance.choice(("p1", "p2")), chance.choice(("open", "work")), chance.choice(("A1", "A2"))
    targets = chance.sample(("schedule.primary", "schedule.second", "person.ana"), chance.randint(1, 3))
    caused = chance.choice((None, True, False))
    return chance.choice(
        (
            ("alert_fired", None, {"occurred_at": moment()}),
            ("declared", None, {}),
            ("paged", None, {"page": page, "purpose": chance.choice(("page", "notify")), "targets": targets}),
            ("page_escalated", None, {"page": page}),
            ("acknowledged", None, {"page": page, "after_s": chance.randrange(900)}),
            ("role_taken", None, {"role": chance.choice(("incident_commander", "scribe"))}),
            (
                "message_sent",
                None,
                {"audience": "executives", "purpose": chance.choice(("update", "first", "holding"))},
            ),
            ("update_missed", None, {"audience": "executives"}),
            ("gate_decided", None, {"after_s": chance.randrange(3600)}),
            ("vendor_engaged", "reach.edge", {}),
            ("vendor_breached", "reach.edge", {}),
            ("sla_breached", None, {}),
            ("status_changed", None, {"status": chance.choice(STATUSES), "occurred_at": moment()}),
            ("reopened", None, {"status": "investigating"}),
            ("impact_set", None, {"started_at": moment(), "ended_at": moment()}),
            ("fact_learned", None, {"name": "incident.impact_started_at", "value": moment()}),
            ("fact_learned", None, {"name": "incident.impact_ended_at", "value": moment()}),
            ("phase_entered", None, {"phase": phase}),
            ("phase_left", None, {"phase": phase, "reason": "done"}),
            ("closing_form", None, {"caused_by_change": caused, "impact_started_at": moment()}),
            ("action_done", None, {"action": action, "on_time": chance.random() < 0.5}),
            ("action_overdue", None, {"actions": [action]}),
        )
    )


def timeline(declare: str, items: list[tuple[int, Item]]) -> list[Entry]:
    """Entries with so many milliseconds between them."""
    at, head, found = BEGIN, GENESIS, []
    opened: Item = ("opened", None, {"service": "payments", "severity": "SEV1", "declare": declare})
    accepted: list[tuple[int, Item]] = [(0, ("declared", None, {}))] if declare == "propose" else []
    for seq, (wait, (kind, step, data)) in enumerate([(0, opened), *accepted, *items], start=1):
        at += timedelta(milliseconds=wait)
        found.append(append(head, seq, at, kind, "system", step, data))
        head = found[-1].hash
    return found


@pytest.mark.parametrize("seed", range(20))
def test_every_measure_equals_the_one_counted_by_hand(seed: int) -> None:
    chance = random.Random(seed)
    timelines: dict[str, list[Entry]] = {}
    for number in range(30):
        items = [(chance.randrange(5_400_000), happening(chance)) for _ in range(chance.randrange(40))]
        timelines[f"INC-{number}"] = timeline(chance.choice(("manual", "propose", "auto")), items)
    for name, entries in timelines.items():  # each alone: sums could hide what two get wrong
        assert measured({name: entries}) == counted({name: entries}), name
    assert measured(timelines) == counted(timelines)


def measured(timelines: dict[str, list[Entry]]) -> dict[str, tuple[float | None, int]]:
    made = [facts_of(name, entries) for name, entries in timelines.items()]
    kept = [IncidentFacts.read(json.loads(each.stored())) for each in made if each is not None]
    return {each.name: (each.value, each.n) for each in kpis(kept).total.measures}


def counted(timelines: dict[str, list[Entry]]) -> dict[str, tuple[float | None, int]]:
    return reckoned({name: [entry.model_dump() for entry in entries] for name, entries in timelines.items()})


def test_no_measure_goes_uncounted() -> None:
    assert {each.name for each in DEFINITIONS} == set(
        reckoned({"INC-1": [e.model_dump() for e in timeline("auto", [])]})
    )
