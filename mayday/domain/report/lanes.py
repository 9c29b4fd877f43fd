"""The timeline as lanes over time: status, phases, pages, gates, cadences, vendors, and what reached whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from mayday.domain.plain_words import spoken
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.domain.timeline_words import NAMELESS, Naming, thing

Tone = Literal["calm", "busy", "good", "bad", "quiet", "warn"]
MarkShape = Literal["dot", "page", "tick", "cross", "diamond"]


class Bar(NamedTuple):
    """Something that lasted; `until` is None while it does."""

    since: datetime
    until: datetime | None
    label: str
    tone: Tone
    title: str


class Mark(NamedTuple):
    """Something that happened at once."""

    at: datetime
    shape: MarkShape
    tone: Tone
    title: str


class Lane(NamedTuple):
    """One row. `group` stands once above its lanes."""

    group: str
    name: str
    bars: list[Bar]
    marks: list[Mark]


_STATUS_TONES: dict[str, Tone] = {
    "candidate": "quiet", "investigating": "bad", "identified": "warn", "mitigated": "busy", "resolved": "good",
    "closed": "good",
}  # fmt: skip
_OUTCOMES: dict[str, Tone] = {"approved": "good", "rejected": "bad", "lapsed": "quiet"}
#: in the order in which they are drawn
GROUPS = ("incident", "pages", "gates", "updates", "vendors", "people")


def lanes_of(entries: Sequence[Entry], say: Callable[[Entry], str] = lambda entry: entry.text) -> list[Lane]:
    """The lanes of a timeline, in the order in which they are drawn; empty lanes are left out.

    `say` tells an entry in words: the titles of bars and marks.
    """
    drawing = _Drawing(say, entries[0].naming if entries else NAMELESS)
    for entry in entries:
        drawing.take(entry)
    return drawing.lanes()


def night_of(entries: Sequence[Entry]) -> tuple[datetime, datetime]:
    """From the opening to the end, without the review's weeks; one that is open, again too, goes to its last entry."""
    begin = parse_timestamp(entries[0].at)
    last = next((entry for entry in reversed(entries) if entry.kind in ("finished", "reopened")), entries[-1])
    ended = last if last.kind == "finished" else entries[-1]
    return begin, parse_timestamp(ended.at) + timedelta(seconds=1)


class _Drawing:
    def __init__(self, say: Callable[[Entry], str], naming: Naming) -> None:
        self._say, self._naming = say, naming
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._open: dict[tuple[str, str, str], Bar] = {}

    def lanes(self) -> list[Lane]:
        for (group, name, _), bar in self._open.items():
            self._lane(group, name).bars.append(bar)
        self._open.clear()
        named = (lane._replace(name=self._name(lane)) for lane in self._lanes.values())
        return sorted(named, key=lambda lane: GROUPS.index(lane.group))

    def _name(self, lane: Lane) -> str:
        """As people say it. Vendors stay as they are where no catalog says how they are called."""
        if lane.group == "vendors":
            return self._naming.vendors.get(lane.name, lane.name)
        return self._naming.of(lane.name) if lane.group == "people" else thing(lane.name, self._naming)

    def _lane(self, group: str, name: str) -> Lane:
        return self._lanes.setdefault((group, name), Lane(group, name, [], []))

    def _begin(self, group: str, name: str, key: str, entry: Entry, label: str, tone: Tone) -> None:
        self._lane(group, name)
        self._open[group, name, key] = Bar(parse_timestamp(entry.at), None, label, tone, self._say(entry))

    def _end(
        self, group: str, name: str, key: str, entry: Entry, tone: Tone | None = None, label: str | None = None
    ) -> None:
        bar = self._open.pop((group, name, key), None)
        if bar is not None:
            title = bar.title if tone is None else f"{bar.title} | {self._say(entry)}"
            ended = bar._replace(until=parse_timestamp(entry.at), tone=tone or bar.tone, title=title)
            ended = ended if label is None else ended._replace(label=label)
            self._lane(group, name).bars.append(ended)

    def _mark(self, group: str, name: str, entry: Entry, shape: MarkShape, tone: Tone) -> None:
        self._lane(group, name).marks.append(Mark(parse_timestamp(entry.at), shape, tone, self._say(entry)))

    def take(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "opened":
                status = "candidate" if data.get("declare") == "propose" else "investigating"
                self._begin("incident", "status", "", entry, status, _STATUS_TONES[status])
            case "status_changed" | "reopened" | "declared":
                status = data.get("status", "investigating")
                self._end("incident", "status", "", entry)
                self._begin("incident", "status", "", entry, status, _STATUS_TONES.get(status, "quiet"))
            case "severity_changed" | "merged_in" | "merged_into":
                self._mark("incident", "status", entry, "diamond", "warn")
            case "phase_entered":
                name = data.get("name") or data["phase"]
                self._begin("incident", "phase", data["phase"], entry, str(name), "calm")
            case "phase_left":
                self._end("incident", "phase", data["phase"], entry)
            case "finished":
                for group, name, key in list(self._open):
                    self._end(group, name, key, entry)
            case _:
                self._take_page(entry)
                self._take_work(entry)

    def _take_page(self, entry: Entry) -> None:
        """A call rings from the first page until somebody answers, or nobody is left to call."""
        data = entry.data
        match entry.kind:
            case "paged" if data.get("purpose") == "page":
                page = str(data["page"])
                if ("pages", page, "") not in self._open:
                    self._begin("pages", page, "", entry, "rings", "warn")
            case "page_escalated":
                self._mark("pages", str(data["page"]), entry, "page", "bad")
            case "acknowledged":
                self._end("pages", str(data.get("page")), "", entry, "good", "answered")
            case "page_exhausted":
                self._end("pages", str(data["page"]), "", entry, "bad", "nobody answered")
                self._mark("pages", str(data["page"]), entry, "cross", "bad")

    def _take_work(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "gate_opened" | "gate_reopened":
                self._begin("gates", data["decision"], "", entry, "waits", "warn")
            case "gate_decided":
                outcome = str(data.get("outcome"))
                self._end("gates", data["decision"], "", entry, _OUTCOMES.get(outcome, "busy"), spoken(outcome))
            case "cadence_started":
                self._begin("updates", data["cadence"], "", entry, "", "quiet")
            case "cadence_stopped":
                self._end("updates", data["cadence"], "", entry)
            case "message_sent":
                name = (entry.step or "").removeprefix("cadence:") if "cadence:" in (entry.step or "") else ""
                tone: Tone = "warn" if data.get("purpose") == "holding" else "good"
                self._mark("updates", name or f"to {data['audience']}", entry, "dot", tone)
            case "update_missed" | "holding_twice" | "send_failed":
                self._mark("updates", str(data.get("cadence") or f"to {data.get('audience')}"), entry, "cross", "bad")
            case "vendor_engaged":
                self._begin("vendors", data["vendor"], entry.step or "", entry, str(data["priority"]), "busy")
            case "vendor_closed":
                self._end("vendors", data["vendor"], entry.step or "", entry)
            case "vendor_replied" | "vendor_contacted":
                self._mark("vendors", data["vendor"], entry, "dot", "good")
            case "vendor_warning" | "vendor_breached" | "vendor_update_missed":
                tone = "warn" if entry.kind == "vendor_warning" else "bad"
                self._mark("vendors", data["vendor"], entry, "cross", tone)
            case _:
                self._take_people(entry)

    def _take_people(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "paged":
                for person in data.get("people", []):
                    self._mark("people", person, entry, "page", "bad" if data.get("level", 1) > 1 else "warn")
            case "acknowledged" | "voted" | "task_completed" | "joined":
                self._mark("people", entry.actor, entry, "diamond" if entry.kind == "voted" else "tick", "good")
            case "noted" | "overridden":
                self._mark("people", entry.actor, entry, "dot", "quiet" if entry.kind == "noted" else "warn")
            case "role_taken":
                role, before = data["role"], data.get("before")
                for group, name, key in list(self._open):
                    if group == "people" and key == role and name == (before or name):
                        self._end(group, name, key, entry)
                self._begin("people", data["person"], role, entry, role.replace("_", " "), "calm")
