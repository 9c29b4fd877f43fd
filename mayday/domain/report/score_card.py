"""The score card of a drill: how fast each *role* answered, decided and wrote; never who it was.

Made of a drill's timeline and of nothing else: an incident has none. A role's answers are those of whoever held it at
that moment; what somebody did without a role counts for "responders". Time in which the drill stood back is not
counted: the entries themselves leave it out, or say that it was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mayday.domain.report.communication import audiences
from mayday.domain.report.reading import at, first, number, of, text, texts
from mayday.domain.report.score_model import Pace, Pause, RoleScore, ScoreCard, UpdateScore
from mayday.domain.timeline import Entry

__all__ = ["NotADrill", "score_card"]

RESPONDERS = "responders"


class NotADrill(ValueError):
    """People are not measured in an incident."""


class _Holders:
    """Who held which role when: built as the timeline is read."""

    def __init__(self) -> None:
        self._by_role: dict[str, str] = {}

    def took(self, entry: Entry) -> None:
        self._by_role[text(entry.data.get("role"))] = text(entry.data.get("person"))

    def role_of(self, person: str) -> str:
        return next((role for role, holder in sorted(self._by_role.items()) if holder == person), RESPONDERS)


def score_card(entries: Sequence[Entry], incident_id: str) -> ScoreCard:
    """Raises NotADrill."""
    opened = first(entries, "opened")
    if opened is None or opened.data.get("drill") is not True:
        raise NotADrill(f"{incident_id} is no drill: how fast people were in an incident is nobody's score")
    card = ScoreCard(
        incident_id=incident_id, title=text(opened.data.get("title")), service=text(opened.data.get("service"))
    )
    times: dict[str, dict[str, list[int]]] = {}
    late: dict[str, int] = {}
    offered_at: dict[str, datetime] = {}
    offers: dict[str, int] = {}
    holders = _Holders()
    for entry in entries:
        match entry.kind:
            case "role_offered":
                offered_at.setdefault(text(entry.data.get("role")), at(entry))
            case "role_taken":
                holders.took(entry)
                role = text(entry.data.get("role"))
                times.setdefault(role, {})
                if role in offered_at:
                    offers.setdefault(role, int((at(entry) - offered_at[role]).total_seconds()))
            case "acknowledged" | "voted" | "task_completed":
                seconds = number(entry.data.get("after_s"))
                role = _came_with(entry, entries) or holders.role_of(entry.actor)
                if seconds is not None:
                    times.setdefault(role, {}).setdefault(entry.kind, []).append(seconds)
                if entry.data.get("late") is True:
                    late[role] = late.get(role, 0) + 1
    card.roles = [
        RoleScore(
            role=role, acknowledged=_pace(found.get("acknowledged")), decided=_pace(found.get("voted")),
            done=_pace(found.get("task_completed")), late=late.get(role, 0), offered_s=offers.get(role),
        )
        for role, found in sorted(times.items())
    ]  # fmt: skip
    card.updates = [
        UpdateScore(
            audience=fact.audience, due=fact.due, on_time=fact.on_time, missed=len(fact.missed),
            longest_gap_s=fact.longest_gap_s, first_after_s=fact.first_after_s,
        )
        for fact in audiences(entries)
    ]  # fmt: skip
    card.unanswered = _unanswered(entries)
    card.pauses = _pauses(entries)
    return card


def _came_with(answer: Entry, entries: Sequence[Entry]) -> str | None:
    """The role that came with an acknowledgement (a page that `assigns` it): taken in the same moment, just after."""
    behind = (entry for entry in of(entries, "role_taken") if entry.at == answer.at and entry.seq > answer.seq)
    taken = next((entry for entry in behind if entry.data.get("person") == answer.actor), None)
    return text(taken.data.get("role")) if taken and answer.kind == "acknowledged" else None


def _pace(seconds: Sequence[int] | None) -> Pace:
    if not seconds:
        return Pace()
    return Pace(n=len(seconds), mean_s=round(sum(seconds) / len(seconds)), longest_s=max(seconds))


def _unanswered(entries: Sequence[Entry]) -> list[str]:
    pages = [text(entry.data.get("page")) for entry in of(entries, "paged") if entry.data.get("purpose") == "page"]
    answered = {text(entry.data.get("page")) for entry in of(entries, "acknowledged")}
    gates = [text(entry.data.get("decision")) for entry in of(entries, "gate_opened")]
    voted = {text(entry.data.get("decision")) for entry in of(entries, "voted")}
    found = [f"page {page}" for page in pages if page not in answered]
    found += [f"decision {gate}" for gate in gates if gate not in voted]
    return list(dict.fromkeys(found))


def _pauses(entries: Sequence[Entry]) -> list[Pause]:
    found: list[Pause] = []
    for entry in of(entries, "drill_paused", "drill_resumed", "drill_ended"):
        if entry.kind == "drill_paused":
            found.append(Pause(from_at=at(entry), reason=" ".join(texts(entry.data.get("reason")))))
        elif found and found[-1].until_at is None:
            found[-1].until_at = at(entry)
    return found
