"""Recorded incidents: the library's scenarios with other people, things left out and things moved, on a real server."""

from __future__ import annotations

import base64
import hashlib
import pathlib
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic_core import from_json, to_json
from temporalio.client import WorkflowHistory

from mayday.domain.commands import Command, CommandEnvelope, Note
from mayday.domain.durations import offset_text, parse_offset
from mayday.domain.signed import decision_bytes
from mayday.domain.timeline import Entry
from mayday.language.documents import load_document
from mayday.language.library import Library
from mayday.language.scenario import Scenario, TurnedAway
from mayday.simulator.on_temporal import TemporalStage, time_skipping
from mayday.simulator.opening import incident_id
from mayday.simulator.runner import rehearse
from workflows.door import COMMAND_SIGNAL

RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"
#: scenarios that a production workflow plays (no slow mocks, no outage inside it), 75 minutes at most
BASES = (
    "stories/2_not_in_the_runbook", "stories/5_their_fault", "payments_sev1", "sev3_incident", "major_incident",
)  # fmt: skip
LONGEST = timedelta(minutes=75)
STATES = ("firing", "firing", "resolved")
ERRORS = ("unreachable", "ambiguous", "rate_limited", "refused", "broken")
PEOPLE = ("ana", "dee", "lee", "raj", "li", "sam", "kim", "noor", "dana", "chris", "max")


class HouseStage(TemporalStage):
    """As with a starter before it: decisions are signed by the house's key, and what is forged is not."""

    async def open(self) -> None:
        pen = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self._start.id.encode()).digest())
        self._pen, self._forged = pen, 0
        self._public = base64.b64encode(pen.public_key().public_bytes_raw()).decode()
        self._start = self._start.model_copy(update={"decision_keys": [self._public]})
        await super().open()

    def envelope(self, command: Command) -> CommandEnvelope:
        travels = from_json(to_json(CommandEnvelope(command=command)))["command"]
        signature = base64.b64encode(self._pen.sign(decision_bytes(self._start.id, travels))).decode()
        return CommandEnvelope(command=command, signatures={self._public: signature})

    async def turn_away(self, what: TurnedAway) -> None:
        """Somebody reaches Temporal past the starter; what it wants makes no difference."""
        assert self.handle is not None
        self._forged += 1
        said = Note(
            id=f"forged-{self._forged}", actor=what.claimed, channel="temporal", received_at=await self.now(), text="-"
        )
        await self.handle.signal(COMMAND_SIGNAL, CommandEnvelope(command=said))


@dataclass(frozen=True)
class Recording:
    """An incident as the server had it."""

    name: str
    id: str
    entries: list[Entry]
    histories: list[WorkflowHistory]


async def recordings(library: Library, count: int, seed: int = 6) -> AsyncIterator[Recording]:
    """`count` incidents, the same ones for the same seed. Every third goes on in new runs.

    Providers are away for a while, alerts come in floods, and somebody forges decisions: by chance.
    """
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        scenario = _varied(_read(BASES[number % len(BASES)]), chance, number)
        service = scenario.given.incident.service if scenario.given.incident else None
        plan = library.plan(scenario.runbook, service=service)
        async with time_skipping() as theatre:
            theatre.stage_class = HouseStage
            theatre.settings = {"continue_as_new_after": 120} if number % 3 == 2 else {}
            await rehearse(scenario, plan, library.catalog, opener=theatre.open, attempts=8)
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
    for number_of_alerts in chance.choice([(), (), (1, 3), (30,), (2, 45)]):
        at = offset_text(timedelta(seconds=chance.randrange(30, 4000)))
        keys = [f"{at}/{chance.randrange(40)}" for _ in range(number_of_alerts)]
        alerts = [{"title": f"pod {key}", "dedupe_key": key, "state": chance.choice(STATES)} for key in keys]
        items.append({"at": at, "alert": alerts})
    for _ in range(chance.choice([0, 0, 1, 3])):
        at = offset_text(timedelta(seconds=chance.randrange(30, 4000)))
        items.append({"at": at, "turned_away": {"command": "note", "claimed": chance.choice(PEOPLE)}})
    items.sort(key=lambda item: parse_offset(item["at"]))
    name = f"recorded {number}"
    mocks = {} if number % 4 else data.get("mocks", {})
    mocks = {key: mock for key, mock in mocks.items() if "after" not in str(mock) and "hang" not in str(mock)}
    away = {"pager": 4, "chat": 3, "mail": 2, "bridge.open": 3, "itsm": 2, "vendor.open": 1}
    for port in chance.sample(sorted(away), chance.choice([0, 1, 3])):
        mocks[port] = {"fail": chance.randrange(1, 1 + away[port]), "error": chance.choice(ERRORS)}
    changed = {**data, "metadata": {"name": name}, "timeline": items, "expect": [], "mocks": mocks}
    return Scenario.model_validate(changed)
