"""What waits for a human now, as one visitor sees it: whose turn it is, what can be pressed, what happens otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from mayday.domain.incident import Board, Pending, place_of
from mayday.domain.timeline import Entry
from mayday.domain.timeline_words import thing
from starter.console.names import Names
from starter.console.rights import Rights

__all__ = ["HUMAN", "Field", "Said", "Seat", "Upcoming", "Waiting", "coming_of", "said_of", "waiting_of"]

HUMAN = ("page", "role", "decision", "task", "review", "confirm", "candidate")
#: the command that answers it; whatever else waits is completed
_ANSWERED_BY = {"page": "ack", "role": "accept", "decision": "vote", "candidate": "candidate"}
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Field:
    """One value of a task's form."""

    name: str
    kind: str
    required: bool
    choices: list[Any]
    hint: str
    default: Any


@dataclass(frozen=True)
class Seat:
    """One voter of a gate, and what they said."""

    name: str
    person: str
    choice: str | None
    reason: str
    required: bool


@dataclass
class Waiting:
    """One thing that waits. `mine`: for this visitor; `able`: they may answer; `ready`: buttons are shown at once."""

    id: str
    kind: str
    text: str
    people: list[str]
    mine: bool
    ready: bool
    due_at: datetime | None
    then: str
    able: bool = False
    #: they may say that they cannot
    declines: bool = False
    #: who may answer, in words
    who: str = ""
    fields: list[Field] = field(default_factory=list)
    draft: str | None = None
    subject: str | None = None
    audience: str | None = None
    author: str | None = None
    #: a gate's
    seats: list[Seat] = field(default_factory=list)
    approvals: int = 0
    approved: int = 0
    options: list[str] = field(default_factory=list)
    excluded: dict[str, str] = field(default_factory=dict)
    barred: str | None = None
    said: str | None = None
    delegates: bool = False
    #: whether they may write down what a voter said aloud
    records: bool = False
    #: who cannot be anybody's delegate here: excluded people
    taken: list[str] = field(default_factory=list)
    #: a page's
    level: int = 0
    levels: int = 0
    round: int = 1
    arriving: bool = False

    @property
    def anchor(self) -> str:
        """The id of its place on the page."""
        return place_of(self.id)

    @property
    def target(self) -> str:
        """What an answer names: the page, decision, task or role."""
        return self.id.removeprefix("role:")


@dataclass(frozen=True)
class Upcoming:
    """Something that happens by itself unless somebody does something."""

    at: datetime | None
    what: str
    then: str
    paused: bool = False


class Said(NamedTuple):
    """What the entries say of gates: how each was opened, and why its voters voted."""

    opened: dict[Any, Entry]
    reasons: dict[tuple[Any, str], str]


def said_of(entries: list[Entry]) -> Said:
    """The same for everybody who looks."""
    opened: dict[Any, Entry] = {}
    reasons: dict[tuple[Any, str], str] = {}
    for entry in entries:
        decision = entry.data.get("decision")
        if entry.kind == "gate_opened" or (entry.kind == "gate_reopened" and decision not in opened):
            opened[decision] = entry
        elif entry.kind == "voted":
            voter = entry.data.get("on_behalf_of") or entry.actor
            reasons[decision, voter] = str(entry.data.get("reason") or "")
    return Said(opened, reasons)


def waiting_of(
    board: Board, said: Said, names: Names, rights: Rights, on_call: Callable[[str], str | None]
) -> list[Waiting]:
    """What waits for people: the visitor's own first, then the soonest. `on_call` says who stands on a schedule."""
    found = []
    for item in board.pending:
        if item.kind not in HUMAN:
            continue
        waiting = _common(item, names, rights, on_call)
        if item.kind == "decision":
            _as_gate(waiting, item, said.opened.get(item.id), said.reasons, names, rights)
        elif item.kind == "page":
            waiting.level, waiting.levels = int(item.detail.get("level", 0)), int(item.detail.get("levels", 0))
            waiting.round = int(item.detail.get("round", 1))
            waiting.arriving = item.text == "acknowledged, not arrived yet"
        else:
            _as_task(waiting, item, names)
        found.append(waiting)
    return sorted(found, key=lambda waiting: (not waiting.mine, waiting.due_at or _LAST, waiting.id))


def _common(item: Pending, names: Names, rights: Rights, on_call: Callable[[str], str | None]) -> Waiting:
    visitor = rights.visitor
    meant = {on_call(ref.removeprefix("schedule.")) if ref.startswith("schedule.") else ref for ref in item.for_}
    mine = visitor.person is not None and visitor.person in meant
    what = f"{_ANSWERED_BY.get(item.kind, 'complete')}:{item.id.removeprefix('role:')}"
    able = rights.may(what) if rights.may_by is not None else visitor.decides
    at_once = mine or (able and rights.may_by is not None and item.kind in ("task", "review"))
    return Waiting(
        id=item.id,
        kind=item.kind,
        text=names.text(item.text),
        people=[names.person(ref) for ref in item.for_],
        mine=mine,
        ready=able and at_once,
        able=able,
        declines=mine
        and item.kind in ("page", "role")
        and rights.may_by is not None
        and rights.may(f"decline:{item.id}"),
        who=rights.who(what),
        due_at=item.due_at,
        then=names.then(item.then),
    )


def _as_gate(
    waiting: Waiting,
    item: Pending,
    opened: Entry | None,
    reasons: dict[tuple[Any, str], str],
    names: Names,
    rights: Rights,
) -> None:
    visitor = rights.visitor
    facts: dict[str, Any] = opened.data if opened is not None else {}
    votes: dict[str, str] = item.detail.get("votes", {})
    voters: list[str] = [*item.detail.get("voters", []), *(name for name in votes if name not in item.detail["voters"])]
    required = set(facts.get("required") or [])
    waiting.seats = [
        Seat(names.person(voter), voter, votes.get(voter), reasons.get((item.id, voter), ""), voter in required)
        for voter in voters
    ]
    waiting.approvals = int(item.detail.get("approvals", 1))
    waiting.approved = sum(1 for choice in votes.values() if choice == "approve")
    waiting.options = [str(option) for option in item.detail.get("options", [])]
    excluded = facts.get("excluded") or {}
    if isinstance(excluded, dict):
        waiting.excluded = {names.person(person): str(why) for person, why in excluded.items()}
        waiting.taken = list(excluded)
        waiting.barred = excluded.get(visitor.person or "")
    waiting.said = votes.get(visitor.person or "")
    waiting.ready = waiting.able and visitor.person in voters
    waiting.records = visitor.decides and not waiting.barred and rights.may(f"vote_for:{item.id}")
    waiting.mine = waiting.mine and waiting.said is None


def _as_task(waiting: Waiting, item: Pending, names: Names) -> None:
    detail = item.detail
    waiting.fields = [
        Field(
            name=name,
            kind=str(spec.get("type", "string")),
            required=bool(spec.get("required", True)),
            choices=list(spec.get("enum") or []),
            hint=str(spec.get("description") or ""),
            default=spec.get("default"),
        )
        for name, spec in (detail.get("fields") or {}).items()
        if isinstance(spec, dict)
    ]
    draft = detail.get("draft") or detail.get("text")
    waiting.draft = str(draft) if draft else None
    waiting.subject = detail.get("subject")
    waiting.audience = detail.get("audience")
    if waiting.kind == "review" and waiting.draft and waiting.text.endswith(f": {waiting.draft}"):
        waiting.text = waiting.text.removesuffix(f": {waiting.draft}")
    author = detail.get("author")
    waiting.author = names.person(author) if author else None


def coming_of(board: Board, names: Names) -> list[Upcoming]:
    """What happens by itself next, the soonest first: ticks, promises that run out, and what silence leads to."""
    found = []
    for item in board.pending:
        if item.kind == "cadence":
            found.append(Upcoming(item.due_at, _capital(names.text(item.text)), names.then(item.then)))
        elif item.kind == "vendor":
            vendor = names.vendor(item.for_[0]) if item.for_ else item.text
            paused = bool(item.detail.get("paused"))
            found.append(Upcoming(item.due_at, vendor, names.then(item.then), paused))
        elif item.kind == "wait":
            found.append(Upcoming(item.due_at, _capital(names.waiting(item)), names.then(item.then)))
        elif item.due_at is not None and item.then:
            found.append(Upcoming(item.due_at, _what(item, names), names.then(item.then)))
    return sorted(found, key=lambda upcoming: (upcoming.at is None, upcoming.at or _LAST, upcoming.what))


def _what(item: Pending, names: Names) -> str:
    kinds = {"decision": "Decision", "page": "Page", "role": "Role", "task": "Task", "review": "Review"}
    name = item.id.partition(":")[2] if item.kind in ("role", "review", "confirm") else item.id
    words, kind = thing(name), kinds.get(item.kind, _capital(item.kind))
    return _capital(words) if words.startswith(kind.lower()) else f"{kind} {words}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
