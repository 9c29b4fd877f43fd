"""What each audience was told, when, and what it was owed and did not get."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mayday.domain.report.clocks import opened_at
from mayday.domain.report.model import AudienceFact, MessageFact
from mayday.domain.report.reading import at, seconds, text, texts
from mayday.domain.timeline import Entry

SENT = ("message_sent", "released")
PROBLEMS = (
    "message_held",
    "message_dropped",
    "send_failed",
    "send_refused",
    "holding_twice",
    "final_kept",
    "release_failed",
    "release_withheld",
    "correction_written",
)


def audiences(entries: Sequence[Entry]) -> list[AudienceFact]:
    """One per audience, in the order in which they were first spoken to."""
    found: dict[str, AudienceFact] = {}
    for entry in entries:
        name = text(entry.data.get("audience"))
        if not name:
            continue
        if entry.kind in SENT:
            _sent(found.setdefault(name, AudienceFact(audience=name)), entry)
        elif entry.kind == "update_missed":
            found.setdefault(name, AudienceFact(audience=name)).missed.append(at(entry))
        elif entry.kind in PROBLEMS:
            found.setdefault(name, AudienceFact(audience=name)).problems.append(
                MessageFact(at=at(entry), purpose=entry.kind, by=entry.actor, problem=entry.text)
            )
    begin = opened_at(entries)
    for fact in found.values():
        times = [message.at for message in fact.sent]
        fact.first_after_s = seconds(begin, times[0]) if times else None
        fact.on_time = sum(message.purpose == "update" for message in fact.sent)
        fact.due = fact.on_time + len(fact.missed)
        fact.longest_gap_s = max((seconds(one, two) or 0 for one, two in pairwise(times)), default=None)
    return list(found.values())


def _sent(fact: AudienceFact, entry: Entry) -> None:
    data = entry.data
    purpose = text(data.get("purpose")) or ("final" if entry.kind == "released" else "update")
    fact.holding += purpose == "holding"
    fact.sent.append(
        MessageFact(
            at=at(entry),
            purpose=purpose,
            text=text(data.get("text")) or text(data.get("subject")),
            via=texts(data.get("via")),
            by=text(data.get("by")) or entry.actor,
            problem="; ".join(texts(data.get("unreached"))),
        )
    )
