"""Recorded incidents: the library's scenarios with other people, things left out and things moved, on a real server."""

from __future__ import annotations

import pathlib
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHistory

from mayday.domain.durations import offset_text, parse_offset
from mayday.domain.timeline import Entry
from mayday.language.documents import load_document
from mayday.language.library import Library
from mayday.language.scenario import Scenario
from mayday.simulator.on_temporal import time_skipping
from mayday.simulator.opening import incident_id
from mayday.simulator.runner import Rehearser

RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"
#: scenarios that a production workflow plays (no slow mocks, no outage inside it), 75 minutes at most
BASES = (
    "stories/2_not_in_the_runbook", "stories/5_their_fault", "payments_sev1", "sev3_incident", "major_incident",
)  # fmt: skip
LONGEST = timedelta(minutes=75)
PEOPLE = ("ana", "dee", "lee", "raj", "li", "sam", "kim", "noor", "dana", "chris", "max")


@dataclass(frozen=True)
class Recording:
    """An incident as the server had it."""

    name: str
    id: str
    entries: list[Entry]
    histories: list[WorkflowHistory]


async def recordings(library: Library, count: int, seed: int = 6) -> AsyncIterator[Recording]:
    """`count` incidents, the same ones for the same seed. Every third goes on in new runs."""
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        scenario = _varied(_read(BASES[number % len(BASES)]), chance, number)
        service = scenario.given.incident.service if scenario.given.incident else None
        plan = library.plan(scenario.runbook, service=service)
        async with time_skipping() as theatre:
            theatre.settings = {"continue_as_new_after": 120} if number % 3 == 2 else {}
            await Rehearser(scenario, plan, library.catalog, opener=theatre.open).play()
            stage = theatre.stages[-1]
            entries, histories = await stage.entries(), await stage.histories()
        yield Recording(scenario.metadata.name, incident_id(scenario.metadata.name), list(entries), histories)


def _read(base: str) -> dict[str, Any]:
    path = RUNBOOKS / "scenarios" / f"{base}.yaml"
    data: dict[str, Any] = load_document(path.read_bytes(), str(path)).data
    if data["runbook"].endswith(".yaml"):
        runbook = (path.parent / data["runbook"]).read_text()
        found = re.search(r"\bname: *([a-z0-9_]+)", runbook)
        assert found is not None
        data["runbook"] = found[1]
    return data


def _varied(data: dict[str, Any], chance: random.Random, number: int) -> Scenario:
    """Somebody else answers, or nobody does; a little later, or a little earlier; and people say things meanwhile."""
    items: list[dict[str, Any]] = []
    for item in data.get("timeline", []):
        if "expect" in item or parse_offset(item["at"]) > LONGEST or chance.random() < 0.2:
            continue
        moved = max(timedelta(), parse_offset(item["at"]) + timedelta(seconds=chance.choice([0, 0, 7, 31, 95, -5])))
        changed = {key: value for key, value in item.items() if key != "refused"} | {"at": offset_text(moved)}
        if "by" in item and chance.random() < 0.3:
            changed["by"] = chance.choice(PEOPLE)
        items.append(changed)
    for _ in range(chance.randrange(4)):
        at = offset_text(timedelta(seconds=chance.randrange(60, 5400)))
        said = f"{chance.choice(PEOPLE)} says that Ana looks at it"
        items.append({"at": at, "note": said, "by": chance.choice(PEOPLE)})
    items.sort(key=lambda item: parse_offset(item["at"]))
    name = f"recorded {number}"
    mocks = {} if number % 4 else data.get("mocks", {})
    mocks = {key: mock for key, mock in mocks.items() if "after" not in str(mock) and "hang" not in str(mock)}
    changed = {**data, "metadata": {"name": name}, "timeline": items, "expect": [], "mocks": mocks}
    return Scenario.model_validate(changed)
