"""An incident as a scenario file that was tried: played on the virtual clock and compared with what happened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import yaml

from mayday.archive.pseudonyms import Pseudonyms, people_of
from mayday.archive.scenarios import happened
from mayday.archive.tape import Tape
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.language.catalog import Catalog
from mayday.language.plan import Plan
from mayday.language.scenario import Scenario
from mayday.simulator.comparison import TOLERANCE, roots_of, same_timeline
from mayday.simulator.runner import rehearse

#: a rehearsal looks a second after its last moment
_BEYOND = TOLERANCE + timedelta(seconds=1)


@dataclass(frozen=True)
class Reproduction:
    """The scenario, the timeline that it has to make, and what differs: nothing, else the scenario is no proof."""

    scenario: dict[str, Any]
    entries: list[Entry]
    plan: Plan
    differences: list[str]
    misses: list[str]

    @property
    def faithful(self) -> bool:
        return not self.differences and not self.misses

    def text(self) -> str:
        """The file: what people read first, what only the machine reads last and compact."""
        told = {key: value for key, value in self.scenario.items() if key != "recorded"}
        text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=110)
        lines = [f"  {key}: {_json(value)}" for key, value in self.scenario["recorded"].items()]
        return (
            text
            + "# What only a real incident has: its plan, and how everything outside answered.\nrecorded:\n"
            + ("\n".join(lines) + "\n")
        )


async def reproduced(tapes: Sequence[Tape], name: str, *, identified: bool = False) -> Reproduction:
    """The scenario of an incident, pseudonymised unless `identified`, and how it compares."""
    found = happened(tapes, name)
    scenario, plan, entries = found.scenario, found.plan, found.entries
    if not identified:
        pseudonyms = Pseudonyms(plan, people_of(scenario, plan))
        scenario = pseudonyms.scenario(scenario)
        before, plan = scenario["recorded"]["plan"]["digest"], Plan.model_validate(scenario["recorded"]["plan"])
        entries = [_pinned(pseudonyms.entry(entry), before) for entry in entries]
    scenario = json.loads(json.dumps(scenario))
    rehearsal = await rehearse(Scenario.model_validate(scenario), plan, Catalog())
    made = rehearsal.timeline
    if entries:  # an incident that goes on ends, for the comparison, where the recording does
        last = parse_timestamp(entries[-1].at) + _BEYOND
        made = [entry for entry in made if parse_timestamp(entry.at) <= last][: len(entries)]
    return Reproduction(
        scenario,
        entries,
        plan,
        same_timeline(entries, made, roots_of(plan)),
        [miss.message for miss in rehearsal.misses],
    )


def _pinned(entry: Entry, digest: str) -> Entry:
    if entry.kind != "opened":
        return entry
    return entry.model_copy(update={"data": {**entry.data, "plan": digest}})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
