"""The ports: what mayday needs of the outside, one role each. Adapters live in mayday/providers, doubles in tests.

Every order carries its `effect_key` first: the adapter hands it to the provider as idempotency key, or looks the thing
up before creating it, so that an order given twice is carried out once (DESIGN.md, idea 7). All methods may raise the
`ProviderError`s of mayday/domain/errors.py, and nothing else that callers need to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from mayday.domain.effects import (
    ActionReceipt,
    ActionRequest,
    ClosePage,
    FlushReceipt,
    FlushRequest,
    IncidentCard,
    LookRequest,
    NextHandoff,
    PagePurpose,
    SentVia,
)
from mayday.domain.incident import AlertEvent
from mayday.domain.review.wire import ReviewBoard
from mayday.domain.timeline import Entry
from mayday.domain.wire import Wire

PageChannel = Literal["push", "sms", "voice", "email", "chat"]
TicketKind = Literal["incident", "problem", "change"]


class Call(Wire):
    """One person on one channel. `address` is what the catalog has for it: a phone number, a mail address, an id."""

    effect_key: str
    incident: IncidentCard
    page: str
    purpose: PagePurpose
    person: str
    target: str
    channel: str
    address: str
    text: str
    urgent: bool = True
    choices: list[str] = []


class Card(Wire):
    """A question on the incident's noticeboard, with buttons that answer it: a page, an offered role, a gate.

    `people` are those whom it is about; `choices` a gate's own options.
    """

    effect_key: str
    incident: IncidentCard
    page: str
    purpose: PagePurpose
    text: str
    people: list[str] = []
    choices: list[str] = []


class ChannelOrder(Wire):
    effect_key: str
    incident: IncidentCard
    name: str
    topic: str | None = None
    private: bool = False


class ChannelRef(Wire):
    channel: str
    url: str | None = None


class Post(Wire):
    """A message. `channel` is None for the incident's own; `audience` names who it is for, when it is a cadence's."""

    effect_key: str
    incident: IncidentCard
    text: str
    channel: str | None = None
    audience: str | None = None
    pin: bool = False


class Invitation(Wire):
    effect_key: str
    incident: IncidentCard
    people: list[str]


class BridgeOrder(Wire):
    effect_key: str
    incident: IncidentCard
    name: str
    kind: str = "technical"


class BridgeRef(Wire):
    url: str
    phone: str | None = None
    id: str | None = None


class TicketOrder(Wire):
    """`fields` go to the provider as they are: assignment group, plan, backout."""

    effect_key: str
    incident: IncidentCard
    kind: TicketKind
    summary: str
    description: str | None = None
    number: str | None = None
    fields: dict[str, Any] = {}


class TicketRef(Wire):
    """`ignored` names the fields that the desk did not take, None where it took all of them."""

    number: str
    url: str | None = None
    id: str | None = None
    ignored: list[str] | None = None


class WorkNote(Wire):
    effect_key: str
    incident_id: str
    ticket: str
    text: str


class TicketClosing(Wire):
    effect_key: str
    incident_id: str
    ticket: str
    reason: str | None = None


class CaseOrder(Wire):
    effect_key: str
    incident: IncidentCard
    vendor: str
    contract: str | None = None
    priority: str
    summary: str


class VendorCall(Wire):
    """One contact of a vendor's ladder on one channel."""

    effect_key: str
    incident: IncidentCard
    vendor: str
    case: str | None
    level: str
    channel: str
    address: str
    text: str


class StatusUpdate(Wire):
    effect_key: str
    incident: IncidentCard
    title: str
    text: str
    purpose: str = "update"


class Attachment(Wire):
    """`content_type` with its parameters, such as `text/calendar; method=REQUEST; charset=utf-8`."""

    filename: str
    content_type: str
    text: str


class Mail(Wire):
    effect_key: str
    incident: IncidentCard
    to: list[str]
    subject: str
    text: str
    attachments: list[Attachment] = []


class Meeting(Wire):
    """An event and its next form: `uid` stays, `sequence` rises with each change (RFC 5545, 3.8.7.4)."""

    effect_key: str
    incident: IncidentCard
    method: Literal["REQUEST", "CANCEL"] = "REQUEST"
    uid: str
    sequence: int = 0
    stamped_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str = ""
    url: str = ""
    attendees: list[str]


class HttpCall(Wire):
    """A request to an endpoint of the house; the effect key goes along as `Idempotency-Key`."""

    effect_key: str
    method: str = "POST"
    url: str
    headers: dict[str, str] = {}
    body: Any = None
    timeout_s: int = 30


class HttpAnswer(Wire):
    status: int
    body: Any = None


class Change(Wire):
    number: str
    summary: str
    state: str
    at: datetime
    service: str | None = None


class Freeze(Wire):
    name: str
    from_at: datetime
    to_at: datetime


class ChangeHistory(Wire):
    changes: list[Change] = []
    freezes: list[Freeze] = []


class KnownItem(Wire):
    """Something seen before: a past incident, a known error, an article."""

    kind: str
    ref: str
    title: str
    url: str | None = None
    note: str | None = None


class Unnoted(Wire):
    """Stored entries after the last work note, and the ticket that waits for them."""

    ticket: str
    entries: list[Entry]
    drill: bool = False


class Pager(Protocol):
    """Wakes people. A call rings until it is acknowledged at the provider or closed here."""

    name: str
    channels: frozenset[str]

    async def call(self, call: Call) -> SentVia: ...
    async def close(self, closing: ClosePage) -> int:
        """Stop what `closing.page` still rings; returns how many calls that were."""
        ...


class Chat(Protocol):
    name: str

    async def open_channel(self, order: ChannelOrder) -> ChannelRef: ...
    async def post(self, post: Post) -> SentVia: ...
    async def invite(self, invitation: Invitation) -> list[str]: ...
    async def archive(self, effect_key: str, incident: IncidentCard) -> None: ...


class Noticeboard(Protocol):
    """Where everybody in the incident's channel sees what is asked, and answers with a button."""

    name: str

    async def put_up(self, card: Card) -> SentVia | None:
        """None: the incident has no channel yet."""
        ...

    async def settle(self, closing: ClosePage) -> int:
        """Take the buttons off every card of `closing.page`, with the reason; returns how many cards that were."""
        ...


class Bridge(Protocol):
    name: str

    async def open(self, order: BridgeOrder) -> BridgeRef: ...
    async def close(self, effect_key: str, incident: IncidentCard) -> int:
        """Close the incident's bridges; returns how many were open."""
        ...


class TicketDesk(Protocol):
    name: str

    async def open(self, order: TicketOrder) -> TicketRef: ...
    async def note(self, note: WorkNote) -> None: ...
    async def close(self, closing: TicketClosing) -> None: ...


class VendorDesk(Protocol):
    name: str

    async def open_case(self, order: CaseOrder) -> str:
        """Returns the case number."""
        ...

    async def contact(self, call: VendorCall) -> SentVia: ...


class StatusPage(Protocol):
    name: str

    async def post(self, update: StatusUpdate) -> SentVia: ...


class Mailer(Protocol):
    name: str

    async def send(self, mail: Mail) -> SentVia: ...


class Calendar(Protocol):
    name: str

    async def invite(self, meeting: Meeting) -> SentVia: ...


class ChangeRunner(Protocol):
    """Carries out what is irreversible. Never retried by itself; an unknown result is `Ambiguous`."""

    name: str

    async def run(self, request: ActionRequest) -> ActionReceipt: ...


class ChangeLog(Protocol):
    name: str

    async def recent(self, service: str, since_at: datetime) -> ChangeHistory: ...


class KnowledgeBase(Protocol):
    name: str

    async def similar(self, service: str, text: str, incident_id: str) -> list[KnownItem]: ...


class HttpCaller(Protocol):
    name: str

    async def request(self, call: HttpCall) -> HttpAnswer: ...


class OnCallRoster(Protocol):
    """Who is on call. Raises ProviderError when the roster cannot be read."""

    name: str

    async def on_call(self, schedule: str, at: datetime) -> list[str]:
        """Person ids on a schedule at an instant, empty in a gap. `schedule` is the roster's own id of it."""
        ...

    def stale_since(self, schedule: str) -> datetime | None:
        """When the last answer was fresh, where it came from memory; None where it is fresh."""
        ...

    async def next_handoff(self, schedule: str, at: datetime) -> NextHandoff | None:
        """The first change of the person after an instant; None when there is none, or the roster cannot say."""
        ...


class EffectJournal(Protocol):
    """What was done already under an effect's key: read before a page is tried again."""

    async def done_under(self, incident_id: str, effect_key: str) -> Mapping[str, dict[str, Any]]:
        """Results by key of the incident's calls whose keys begin with `{effect_key}/`."""
        ...


class Ledger(Protocol):
    """The records store as flushes see it."""

    async def keep(self, request: FlushRequest) -> FlushReceipt:
        """Store entries and board in one transaction; contradicting entries are named, never stored."""
        ...

    async def unnoted(self, incident_id: str) -> Unnoted | None:
        """What the ticket has not been told yet, the same again until `noted`; None without a ticket or news."""
        ...

    async def noted(self, incident_id: str, seq: int) -> None:
        """The ticket holds everything up to `seq`."""
        ...


class Memory(Protocol):
    """What the records store knows beyond one incident."""

    async def last_alive(self, before: datetime) -> datetime | None:
        """The last moment not after `before` at which a worker lived; None: nobody knows."""
        ...

    async def commanded_by(self, person: str, severity: str, besides: str) -> str | None:
        """The id of another open incident of this severity that the person commands, if any."""
        ...


class ReviewShelf(Protocol):
    """The records store as reviews see it."""

    async def save(self, board: ReviewBoard) -> None:
        """Keep a review's board, unless one of a higher revision is kept."""
        ...

    async def entries(self, incident_id: str, up_to_seq: int) -> list[Entry]:
        """The incident's stored timeline."""
        ...

    async def put_report(self, incident_id: str, version: int, text: str, digest: str, drafted_at: datetime) -> None:
        """Keep a version of the report, as Markdown; the same version again is replaced."""
        ...


class Intake(Protocol):
    """The inbox as a closing run sees it."""

    async def look(self, request: LookRequest) -> list[AlertEvent]:
        """Firing alerts of the run that nobody forwarded yet, oldest first."""
        ...


@dataclass(frozen=True)
class Ports:
    """Per port the adapters in the order in which they are tried; the embedded desk is the last, or the only one."""

    pagers: Sequence[Pager]
    chats: Sequence[Chat]
    bridges: Sequence[Bridge]
    tickets: Sequence[TicketDesk]
    vendors: Sequence[VendorDesk]
    status_pages: Sequence[StatusPage]
    mailers: Sequence[Mailer]
    calendars: Sequence[Calendar]
    changes: Sequence[ChangeRunner]
    change_logs: Sequence[ChangeLog]
    knowledge: Sequence[KnowledgeBase]
    http: Sequence[HttpCaller]
    rosters: Mapping[str, OnCallRoster] = field(default_factory=dict)
    """By the `source` of a schedule; `catalog` for those written down there."""
    noticeboards: Sequence[Noticeboard] = ()
    """All of them carry every card; the console shows what is pending by itself."""
