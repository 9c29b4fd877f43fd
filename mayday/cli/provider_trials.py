"""One labelled test of what a provider serves: a message to somebody, or an object that is taken away again.

pager, chat, mail        one message that says that it is a test
calendar                 an invitation to `--to`, called off at once
ticket                   a ticket, a note in it, resolved
vendor                   a case at the vendor `--to` (no one is called), which says that it is a test
status                   an incident on the page; the port can only post, so it is resolved by its last word
bridge                   opened and closed
changes, oncall          read only
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, get_args, runtime_checkable

from mayday.cli.errors import CliError

if TYPE_CHECKING:
    from mayday.domain.effects import IncidentCard
    from mayday.language.catalog import Catalog, Person
    from mayday.providers.offers import Offer

__all__ = ["WORDS", "Trial", "Tried", "Way", "tried"]

Way = Literal["pager", "chat", "mail", "calendar", "ticket", "bridge", "status", "vendor", "changes", "oncall"]
WORDS = "TEST from mayday (mayday providers test). Nothing is wrong and nothing has to be done."
_ADDRESSED = ("pager", "chat", "mail", "calendar", "vendor", "changes", "oncall")
_SERVED_AS: dict[Way, str] = {
    "pager": "pager", "chat": "chat", "mail": "mailer", "calendar": "calendar", "ticket": "ticket_desk",
    "bridge": "bridge", "status": "status_page", "vendor": "vendor_desk", "changes": "change_log", "oncall": "roster",
}  # fmt: skip


@runtime_checkable
class TakesBack(Protocol):
    """A status page from which a test can be taken away."""

    async def take_back(self, ref: str) -> None: ...


class Tried(NamedTuple):
    """What came of it. `look` says where it is to be seen, `left` what stays there or was taken away."""

    channel: str
    ref: str | None
    look: str
    left: str | None = None


class Trial(NamedTuple):
    """What is to be tried: one provider's offer, to whom, on which channel."""

    offer: Offer
    name: str
    to: str
    channel: str | None
    catalog: Catalog
    incident: IncidentCard
    key: str
    text: str
    now: datetime

    @property
    def person(self) -> Person | None:
        return self.catalog.people.get(self.to)


async def tried(
    offer: Offer, name: str, to: str | None, way: Way | None, channel: str | None, catalog: Catalog
) -> tuple[Way, Tried]:
    """Try one port. Raises CliError for what cannot be tried, ProviderErrors for what the provider does not take."""
    from ulid import ULID

    from mayday.domain.effects import IncidentCard

    chosen = _chosen(offer, name, to or "", way)
    if not to and chosen in _ADDRESSED:
        raise CliError(f"a test of {chosen} needs --to: {_WHOM[chosen]}", status=2)
    now = datetime.now(UTC)
    incident = IncidentCard(
        id=f"INC-{ULID()}", title="TEST from mayday", severity="SEV5", status="test", service="mayday", opened_at=now
    )
    trial = Trial(
        offer, name, to or "", channel, catalog, incident, f"{incident.id}/providers_test#1",
        f"{WORDS} {now:%Y-%m-%d %H:%M:%S} UTC", now,
    )  # fmt: skip
    return chosen, await _TRIALS[chosen](trial)


def _chosen(offer: Offer, name: str, to: str, way: Way | None) -> Way:
    able: list[Way] = [each for each in get_args(Way) if getattr(offer, _SERVED_AS[each]) is not None]
    if way is not None and way not in able:
        raise CliError(f"{name} serves no {way} here; it serves {', '.join(able) or 'nothing'}", status=2)
    if way is not None:
        return way
    if not able:
        raise CliError(f"{name} carries no messages here", hint="mayday doctor checks what it does")
    if to.startswith("#") and "chat" in able:
        return "chat"
    return "mail" if "@" in to and "mail" in able else able[0]


async def _pager(it: Trial) -> Tried:
    from mayday.domain.ports import Call

    assert it.offer.pager is not None
    served = it.offer.pager.channels
    via = it.channel or next(each for each in ("push", "sms", "email", "voice", "chat") if each in served)
    if via not in served:
        raise CliError(f"{it.name} serves {', '.join(sorted(served))}, not {via}", status=2)
    sent = await it.offer.pager.call(Call(
        effect_key=f"{it.key}/{it.to}/{via}", incident=it.incident, page="providers_test", purpose="notice",
        person=it.to, target=f"person.{it.to}", channel=via, address=_address(it.to, it.person, via, it.name),
        text=it.text, urgent=False,
    ))  # fmt: skip
    look = {"push": f"on the telephone of {it.to} and in {it.name}", "chat": f"at direct messages in {it.name}"}
    return Tried(sent.channel, sent.ref, look.get(via, f"at what came by {via} to {it.to}"))


async def _chat(it: Trial) -> Tried:
    from mayday.domain.ports import Post

    assert it.offer.chat is not None
    place = it.to.removeprefix("#")
    sent = await it.offer.chat.post(
        Post(effect_key=f"{it.key}/chat", incident=it.incident, text=it.text, channel=place)
    )
    return Tried(sent.channel, sent.ref, f"in #{place}")


async def _mail(it: Trial) -> Tried:
    from mayday.domain.ports import Mail

    assert it.offer.mailer is not None
    sent = await it.offer.mailer.send(Mail(
        effect_key=f"{it.key}/email", incident=it.incident, to=[_mail_address(it)], subject="TEST from mayday",
        text=it.text,
    ))  # fmt: skip
    return Tried(sent.channel, sent.ref, f"in the inbox of {_mail_address(it)}")


async def _calendar(it: Trial) -> Tried:
    """Tomorrow, for a quarter of an hour; the same event is called off by its UID."""
    from mayday.domain.ports import Meeting

    assert it.offer.calendar is not None
    starts_at = (it.now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    meeting = Meeting(
        effect_key=f"{it.key}/invite", incident=it.incident, uid=f"{it.incident.id}-test@mayday", stamped_at=it.now,
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=15), summary="TEST from mayday",
        description=it.text, attendees=[_mail_address(it)],
    )  # fmt: skip
    sent = await it.offer.calendar.invite(meeting)
    called_off = {
        "effect_key": f"{it.key}/cancel", "method": "CANCEL", "sequence": 1,
        "stamped_at": it.now + timedelta(seconds=1),
    }  # fmt: skip
    await it.offer.calendar.invite(meeting.model_copy(update=called_off))
    look = f"in the calendar and inbox of {_mail_address(it)}"
    return Tried("calendar", sent.ref, look, "the invitation was called off again")


async def _ticket(it: Trial) -> Tried:
    from mayday.domain.ports import TicketClosing, TicketOrder, WorkNote

    desk = it.offer.ticket_desk
    assert desk is not None
    made = await desk.open(TicketOrder(
        effect_key=f"{it.key}/ticket", incident=it.incident, kind="incident", summary=f"TEST {it.incident.id}",
        description=it.text, fields={"severity": it.incident.severity},
    ))  # fmt: skip
    common = {"incident_id": it.incident.id, "ticket": made.number}
    await desk.note(WorkNote(effect_key=f"{it.key}/note", text=it.text, **common))
    await desk.close(TicketClosing(effect_key=f"{it.key}/close", reason=WORDS, **common))
    ignored = f"; it did not take {', '.join(made.ignored)}" if made.ignored else ""
    left = f"it is resolved and can be deleted{ignored}"
    return Tried("ticket", made.number, f"at {made.url or made.number}", left)


async def _bridge(it: Trial) -> Tried:
    from mayday.domain.ports import BridgeOrder

    bridge = it.offer.bridge
    assert bridge is not None
    opened = await bridge.open(BridgeOrder(effect_key=f"{it.key}/bridge", incident=it.incident, name="TEST mayday"))
    closed = await bridge.close(f"{it.key}/close", it.incident)
    left = "it was closed again" if closed else "it stays until it runs out"
    return Tried("bridge", opened.id or opened.url, f"at {opened.url}", left)


async def _status(it: Trial) -> Tried:
    """Readers of the page may see it for a second: its subscribers are told nothing, and it is taken away."""
    from mayday.domain.ports import StatusUpdate

    page = it.offer.status_page
    assert page is not None
    sent = await page.post(StatusUpdate(
        effect_key=f"{it.key}/status", incident=it.incident.model_copy(update={"status": "investigating"}),
        title="TEST from mayday", text=it.text, purpose="test",
    ))  # fmt: skip
    if isinstance(page, TakesBack) and sent.ref is not None:
        await page.take_back(sent.ref)
        return Tried("status_page", sent.ref, "at the page: nothing is left", "it was taken away again")
    return Tried("status_page", sent.ref, "at the page", "it stays there: take it away by hand")


async def _vendor(it: Trial) -> Tried:
    from mayday.domain.ports import CaseOrder

    assert it.offer.vendor_desk is not None
    if it.to not in it.catalog.vendors:
        raise CliError(f"the catalog has no vendor {it.to}", status=2)
    number = await it.offer.vendor_desk.open_case(CaseOrder(
        effect_key=f"{it.key}/case", incident=it.incident, vendor=it.to, priority="P5",
        contract=it.catalog.vendors[it.to].contract.ref, summary=f"{WORDS} Please close this case.",
    ))  # fmt: skip
    return Tried("case", number, f"at {it.to}'s desk for the case", "the vendor is asked to close it")


async def _changes(it: Trial) -> Tried:
    assert it.offer.change_log is not None
    found = await it.offer.change_log.recent(it.to, it.now - timedelta(hours=72))
    read = f"{len(found.changes)} changes on {it.to} in 72 hours, {len(found.freezes)} freezes"
    return Tried("read", read, f"at the changes of {it.name}")


async def _oncall(it: Trial) -> Tried:
    """`to` is a schedule of the catalog, or the vendor's own id of one."""
    from mayday.domain.oncall import ExternalSchedule

    assert it.offer.roster is not None
    known = it.catalog.schedules.get(it.to.removeprefix("schedule."))
    schedule = known.id if isinstance(known, ExternalSchedule) else it.to
    people = await it.offer.roster.on_call(schedule, it.now)
    return Tried(
        "read", f"on call: {', '.join(people) or 'nobody of the catalog'}", f"at schedule {schedule} in {it.name}"
    )


_TRIALS: dict[Way, Callable[[Trial], Awaitable[Tried]]] = {
    "pager": _pager, "chat": _chat, "mail": _mail, "calendar": _calendar, "ticket": _ticket, "bridge": _bridge,
    "status": _status, "vendor": _vendor, "changes": _changes, "oncall": _oncall,
}  # fmt: skip
_WHOM: dict[str, str] = {
    "pager": "a person of the catalog or an address", "chat": "a #channel", "mail": "a person or a mail address",
    "calendar": "a person or a mail address", "vendor": "a vendor of the catalog", "changes": "a service",
    "oncall": "a schedule",
}  # fmt: skip


def _mail_address(it: Trial) -> str:
    return (it.person.email if it.person else None) or it.to


def _address(to: str, person: Any, via: str, provider: str) -> str:
    """Where a person of the catalog is reached; anything else is an address itself."""
    if person is None:
        return to
    found = {"sms": person.phone, "voice": person.phone, "email": person.email}.get(via, person.ids.get(provider) or to)
    if found is None:
        raise CliError(f"the catalog has no address of {to} for {via}")
    return str(found)
