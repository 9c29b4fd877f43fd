"""Flushes: entries to the store, the board beside them, and one work note with the head hash to the ticket."""

from __future__ import annotations

from temporalio import activity

from activities.chain import first_that_works
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import FLUSH, FlushReceipt, FlushRequest
from mayday.domain.errors import ProviderError
from mayday.domain.ports import ChildTicket, Ports, Unnoted, WorkNote
from mayday.domain.timeline import Entry
from mayday.domain.timeline_words import Naming
from mayday.language.naming import naming_of

#: most characters of a work note; what is cut stands in the store
NOTE_LENGTH = 16_000
#: channels of commands that came out of a ticket
TICKET_CHANNELS = frozenset({"servicenow", "jira", "bmc"})


class TimelineActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name=FLUSH)
    async def flush(self, request: FlushRequest) -> FlushReceipt:
        """Keep a batch. Only a silent store fails; a ticket desk that is away is told with the next batch."""
        with reported():
            receipt = await self._given.ledger.keep(request)
            if receipt.conflicts:
                activity.logger.error("timeline_conflict", extra={"seqs": receipt.conflicts})
            if request.note_to_ticket:
                try:
                    receipt.noted = await self._note(request)
                except ProviderError as error:
                    activity.logger.warning("work_note_waits", extra={"reason": str(error)})
        return receipt

    async def _note(self, request: FlushRequest) -> bool:
        told = False
        while (news := await self._given.ledger.unnoted(request.incident_id)) is not None:
            if any(not _from_the_ticket(entry) for entry in news.entries):
                note = _work_note(request.incident_id, news, naming_of(self._given.catalog.current()))
                await self._tell(self._given.drills if news.drill else self._given.ports, note)
            await self._adopt(request.incident_id, news)
            await self._given.ledger.noted(request.incident_id, news.entries[-1].seq)
            told = True
        return told

    async def _adopt(self, incident_id: str, news: Unnoted) -> None:
        """Tickets that came as alerts, or with an incident that was merged in, point to the major one. A link is a
        comfort: one that fails is logged."""
        ports = self._given.drills if news.drill else self._given.ports
        for entry in news.entries:
            number = await self._childs_number(entry)
            if number is None or number == news.ticket:
                continue
            child = ChildTicket(
                effect_key=f"{incident_id}/child/{number}", incident_id=incident_id, ticket=news.ticket, child=number
            )
            desks = [desk for desk in ports.tickets if entry.kind == "merged_in" or desk.name == entry.actor]
            try:
                await first_that_works(desks, lambda desk, child=child: desk.adopt(child), port="tickets")  # type: ignore[misc]
            except ProviderError as error:
                activity.logger.info("ticket_not_linked", extra={"ticket": number, "reason": str(error)})

    async def _childs_number(self, entry: Entry) -> str | None:
        if entry.kind == "merged_in":
            return await self._given.ledger.ticket_of(str(entry.data.get("source")))
        if entry.kind == "alert_fired" and entry.actor in TICKET_CHANNELS:
            labels = entry.data.get("labels")
            return str(labels.get("number") or "") or None if isinstance(labels, dict) else None
        return None

    async def _tell(self, ports: Ports, note: WorkNote) -> None:
        await first_that_works(ports.tickets, lambda desk: desk.note(note), port="tickets")


def _from_the_ticket(entry: Entry) -> bool:
    """Whether an entry is what somebody wrote into the ticket: it stands there already."""
    return entry.kind == "noted" and entry.data.get("channel") in TICKET_CHANNELS


def _work_note(incident_id: str, news: Unnoted, naming: Naming) -> WorkNote:
    """The entries as lines, then what proves them: number and hash of the last one."""
    first, last = news.entries[0], news.entries[-1]
    told = [entry for entry in news.entries if not _from_the_ticket(entry)]
    lines = [f"{entry.at[:19].replace('T', ' ')} {entry.named(naming).text}" for entry in told]
    text = "\n".join(lines)
    if len(text) > NOTE_LENGTH:
        text = text[:NOTE_LENGTH].rsplit("\n", 1)[0] + "\n(cut; the records hold every entry)"
    return WorkNote(
        effect_key=f"{incident_id}/note/{first.seq}-{last.seq}", incident_id=incident_id, ticket=news.ticket,
        text=f"{text}\nTimeline up to {last.seq}, sha256 {last.hash}",
    )  # fmt: skip
