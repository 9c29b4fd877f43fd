"""Trends: facts once an incident, sums over many; drills and non-incidents are not in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mayday.domain.report.charts_svg import MOST_GROUPS, drawn, shown_groups, undrawn_groups
from mayday.domain.report.kpis import DEFINITIONS, Figures, Kpis, kpis
from mayday.domain.report.trends import IncidentFacts, facts_of
from mayday.domain.timeline import GENESIS, Entry, append
from mayday.records import IncidentRecord, Records, trends
from tests.stores import Clock

START = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


def timeline(*items: tuple[int, str, dict[str, Any]], start: datetime = START) -> list[Entry]:
    """Entries that many minutes after the start."""
    head, found = GENESIS, []
    for seq, (minutes, kind, data) in enumerate(items, start=1):
        entry = append(head, seq, start + timedelta(minutes=minutes), kind, "system", data.pop("step", None), data)
        found.append(entry)
        head = entry.hash
    return found


def opened(**more: Any) -> tuple[int, str, dict[str, Any]]:
    return (0, "opened", {"title": "t", "severity": "SEV1", "service": "payments", "declare": "manual", **more})


def resolved(minutes: int) -> tuple[int, str, dict[str, Any]]:
    return (minutes, "status_changed", {"status": "resolved", "before": "investigating"})


def measure(found: Kpis, name: str) -> tuple[float | None, int]:
    each = next(each for each in found.total.measures if each.name == name)
    return each.value, each.n


def facts(*items: tuple[int, str, dict[str, Any]], start: datetime = START) -> IncidentFacts:
    made = facts_of("INC-1", timeline(*items, start=start))
    assert made is not None
    return made


def test_a_mean_comes_with_its_n_and_what_is_missing_is_not_zero() -> None:
    found = kpis([facts(opened(), resolved(30)), facts(opened(), resolved(90)), facts(opened())])
    assert measure(found, "MTTR") == (3600.0, 2)
    assert measure(found, "MTTD") == (None, 0)
    assert found.incidents == 3


def test_drills_and_what_was_no_incident_are_left_out() -> None:
    rejected = (5, "finished", {"status": "rejected", "seconds": 300, "entries": 2})
    found = kpis([facts(opened(drill=True), resolved(30)), facts(opened(declare="propose"), rejected), facts(opened())])
    assert (found.incidents, found.left_out) == (1, 2)
    assert measure(found, "MTTR") == (None, 0)


def test_a_page_that_climbed_was_not_answered_in_time() -> None:
    page = {"page": "p", "purpose": "page", "people": ["ana"], "targets": ["schedule.primary"]}
    early = facts(opened(), (1, "paged", dict(page)), (2, "acknowledged", {"page": "p", "after_s": 60}))
    climbs = (6, "page_escalated", {"page": "p", "to": [], "level": 2, "round": 1})
    late = facts(opened(), (1, "paged", dict(page)), climbs, (7, "acknowledged", {"page": "p", "after_s": 360}))
    found = kpis([early, late])
    assert measure(found, "OLA kept") == (50.0, 2)
    assert [(each.what, each.incidents) for each in found.pages_per_team] == [("primary", 2)]
    assert [(each.what, each.incidents) for each in found.pages_at_night_per_team] == [("primary", 2)]


def test_the_closing_form_and_the_actions_count() -> None:
    form = {"category": "application", "cause_code": "capacity", "caused_by_change": True, "missing": []}
    done = {"action": "A1", "title": "t", "owner": "raj", "result": "r", "on_time": True}
    late = {"actions": ["A2"], "to": ["raj"], "times": 1}
    first = facts(
        opened(), resolved(10), (20, "closing_form", form), (30, "action_done", done), (40, "action_overdue", late)
    )
    second = facts(opened(), resolved(10), (20, "closing_form", {**form, "caused_by_change": False}))
    found = kpis([first, second])
    assert measure(found, "Caused by change") == (50.0, 2)
    assert measure(found, "Actions on time") == (50.0, 2)
    assert [(each.what, each.incidents) for each in found.causes] == [("capacity", 2)]
    assert [(each.what, each.incidents) for each in found.services] == [("payments", 2)]


def test_nobody_is_named() -> None:
    page = {"page": "p", "purpose": "page", "people": ["ana"], "targets": ["person.ana"]}
    assert "ana" not in facts(opened(), (1, "paged", page)).stored()


def test_facts_come_back_as_they_were_stored_and_a_later_versions_names_are_passed_over() -> None:
    form = (20, "closing_form", {"category": "", "cause_code": "capacity", "caused_by_change": False, "missing": []})
    page = {"page": "p", "purpose": "page", "people": ["ana"], "targets": ["schedule.büro"]}
    for made in (facts(opened()), facts(opened(service="netz\x00ä"), (1, "paged", page), resolved(30), form)):
        stored = made.stored()
        stored.encode("ascii")  # PostgreSQL holds no NUL
        assert IncidentFacts.read(json.loads(stored)) == made
        assert IncidentFacts.read(json.loads(stored) | {"said_later": 1}) == made


def test_groups_are_months_services_or_severities() -> None:
    april = START.replace(month=4)
    known = [facts(opened(), resolved(10)), facts(opened(service="web"), resolved(20), start=april)]
    assert [group.key for group in kpis(known).groups] == ["2026-03", "2026-04"]
    assert [group.key for group in kpis(known, "service").groups] == ["payments", "web"]
    assert [group.key for group in kpis(known, "severity").groups] == ["SEV1"]
    picture = drawn(kpis(known))
    assert "MTTR" in picture
    assert "2026-04: 20 min, n 1" in picture


def test_a_month_without_an_incident_is_a_gap_and_not_left_out() -> None:
    known = [facts(opened(), resolved(10), start=START.replace(month=month)) for month in (1, 3)]
    picture = drawn(kpis(known))
    assert [group.key for group in shown_groups(kpis(known))] == ["2026-01", "2026-02", "2026-03"]
    assert ">Feb<" in picture
    years = [facts(opened(), resolved(10), start=START.replace(year=year)) for year in (2024, 2026)]
    assert len(shown_groups(kpis(years))) == MOST_GROUPS
    assert undrawn_groups(kpis(years)) == 1
    assert "1 of 2 groups" in drawn(kpis(years))


def test_no_incident_is_a_picture_that_says_so() -> None:
    assert "no incident that has ended fits" in drawn(kpis([]))


def test_every_measure_says_what_it_is_and_where_it_comes_from() -> None:
    assert all(each.definition and each.source for each in DEFINITIONS)
    assert len({each.name for each in DEFINITIONS}) == len(DEFINITIONS)


async def test_many_facts_are_read_by_pieces_and_later_only_what_changed(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = facts(opened(), resolved(30))
    for number in range(7):
        opened_at = START - timedelta(days=number)
        await records.trends._put(f"INC-{number}", 2, replace(one, incident_id=f"INC-{number}", opened_at=opened_at))
    await records.trends._put("INC-none", 1, None)
    monkeypatch.setattr(trends, "AT_ONCE", 3)
    parsed: list[int] = []

    def watched(texts: Sequence[str]) -> dict[str, Figures]:
        parsed.append(len(texts))
        return parse(texts)

    parse = trends._parsed
    monkeypatch.setattr(trends, "_parsed", watched)
    assert [each.incident_id for each in await records.trends.find()] == [f"INC-{6 - number}" for number in range(7)]
    assert (max(parsed), sum(parsed)) == (3, 7)
    parsed.clear()
    await records.trends._put("INC-3", 5, replace(one, incident_id="INC-3", opened_at=START + timedelta(days=1)))
    assert [each.incident_id for each in await records.trends.find()][-1] == "INC-3"
    assert sum(parsed) == 1
    parsed.clear()
    await records.trends.find()
    assert not parsed


async def test_facts_are_made_once_and_again_when_the_timeline_has_grown(records: Records, clock: Clock) -> None:
    entries = timeline(opened(), resolved(10), (20, "closing_form", {"cause_code": "defect", "missing": []}))
    await records.timeline.append("INC-1", entries[:2])
    incident = IncidentRecord(
        id="INC-1", workflow_id="incident/1", title="t", severity="SEV1", status="resolved", service="payments",
        opened_at=clock.at, ended_at=clock.at, seq=2,
    )  # fmt: skip
    await records.incidents.opened(incident)
    assert await records.trends.renew() == 1
    assert await records.trends.renew() == 0
    await records.timeline.append("INC-1", entries[2:])
    await records.incidents.save(incident.model_copy(update={"seq": 3}))
    assert await records.trends.renew() == 1
    (found,) = await records.trends.find()
    assert found.cause_code == "defect"
    assert await records.trends.find(opened_from=clock.at + timedelta(days=1)) == []


def test_ten_thousand_incidents_are_summed_up() -> None:
    one = facts(opened(), resolved(30))
    many = [replace(one, opened_at=START + timedelta(hours=number)) for number in range(10_000)]
    restored = next(measure for measure in kpis(many).total.measures if measure.name == "MTTR")
    assert (restored.value, restored.n) == (1800, 10_000)
