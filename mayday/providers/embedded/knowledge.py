"""What the desk remembers: recent changes, incidents that looked alike, and what their reviews know about them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from mayday.domain.ports import Change, ChangeHistory, KnownItem
from mayday.providers.embedded import NAME
from mayday.providers.embedded.failures import provider_errors
from mayday.records.incidents import IncidentRecord
from mayday.records.records import Records

#: how many past incidents are compared, and how many are shown
COMPARED, SHOWN = 200, 5
#: characters of a workaround
LONGEST = 500
_WORD = re.compile(r"[a-z0-9]{3,}")


class DeskChangeLog:
    """Changes are those of the desk's own register; freezes are the catalog's (`activities.change`)."""

    name = NAME

    def __init__(self, records: Records) -> None:
        self._records = records

    async def recent(self, service: str, since_at: datetime) -> ChangeHistory:
        with provider_errors():
            tickets = await self._records.desk.tickets.find(kind="change", opened_from=since_at)
        changes = [
            Change(
                number=ticket.number, summary=ticket.summary, state=ticket.state, at=ticket.opened_at,
                service=ticket.fields.get("service"),
            )
            for ticket in tickets if ticket.fields.get("service") in (None, service)
        ]  # fmt: skip
        return ChangeHistory(changes=changes)


class DeskKnowledge:
    """Past incidents by what they share with this one: the service first, then words of the title.

    One whose review names a workaround is a known error, and comes before others that are as like.
    """

    name = NAME

    def __init__(self, records: Records, base_url: str) -> None:
        self._records = records
        self._base_url = base_url

    async def similar(self, service: str, text: str, incident_id: str) -> list[KnownItem]:
        with provider_errors():
            past = await self._records.incidents.find(drill=False, limit=COMPARED)
            words = _words(text)
            scored = [
                (_likeness(incident, service, words), incident)
                for incident in past.items if incident.id != incident_id
            ]  # fmt: skip
            alike = {incident.id: (score, incident) for score, incident in scored if score > 0}
            reviews = await self._records.reviews.boards(list(alike))
        found = [(score, incident, _learned(reviews.get(incident.id, {}))) for score, incident in alike.values()]
        best = sorted(found, key=lambda one: (one[0], one[2].workaround is not None, one[1].opened_at), reverse=True)
        return [self._item(incident, learned) for _, incident, learned in best[:SHOWN]]

    def _item(self, incident: IncidentRecord, learned: _Learned) -> KnownItem:
        over = learned.workaround is not None
        return KnownItem(
            kind="known_error" if over else "incident", ref=incident.id, title=f"{incident.severity} {incident.title}",
            url=f"{self._base_url}/{'reviews' if over else 'incidents'}/{incident.id}",
            note=f"{incident.status}, {incident.opened_at:%Y-%m-%d}", **learned._asdict(),
        )  # fmt: skip


class _Learned(NamedTuple):
    """What a review knows; None is not known."""

    workaround: str | None
    cause: str | None
    problem: str | None


def _learned(review: dict[str, Any]) -> _Learned:
    form = review.get("form") or {}
    workaround = form.get("workaround")
    return _Learned(workaround[:LONGEST] if workaround else None, form.get("cause_code"), review.get("problem"))


def _likeness(incident: IncidentRecord, service: str, words: frozenset[str]) -> int:
    """Ten for the same service, one for each shared word."""
    return (10 if service in incident.services else 0) + len(words & _words(incident.title))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
