"""The ports: what mayday needs of the outside, one role each. Adapters live in mayday/providers, doubles in tests.

Every order carries its `effect_key` first: the adapter hands it to the provider as idempotency key, or looks the thing
up before creating it, so that an order given twice is carried out once (DESIGN.md, idea 7). All methods may raise the
`ProviderError`s of mayday/domain/errors.py, and nothing else that callers need to know.
"""

from __future__ import annotations

from mayday.domain.ports.changes import (
    Change,
    ChangeHistory,
    ChangeLog,
    ChangeRunner,
    Freeze,
    HttpAnswer,
    HttpCall,
    HttpCaller,
    KnowledgeBase,
    KnownItem,
)
from mayday.domain.ports.paging import Call, Card, Noticeboard, OnCallRoster, PageChannel, Pager
from mayday.domain.ports.records import EffectJournal, Intake, Ledger, Memory, ReviewShelf, Unnoted
from mayday.domain.ports.rendering import UNSENT, Rendering, Renders
from mayday.domain.ports.talking import (
    Attachment,
    Bridge,
    BridgeOrder,
    BridgeRef,
    Calendar,
    ChannelOrder,
    ChannelRef,
    Chat,
    Invitation,
    Mail,
    Mailer,
    Meeting,
    Post,
    StatusPage,
    StatusUpdate,
)
from mayday.domain.ports.tickets import (
    CaseOrder,
    ChildTicket,
    TicketClosing,
    TicketDesk,
    TicketKind,
    TicketOrder,
    TicketRef,
    TicketReopening,
    VendorCall,
    VendorDesk,
    WorkNote,
)
from mayday.domain.ports.wiring import Ports

__all__ = [
    "UNSENT",
    "Rendering",
    "Renders",
    "PageChannel",
    "Call",
    "Card",
    "Pager",
    "Noticeboard",
    "OnCallRoster",
    "ChannelOrder",
    "ChannelRef",
    "Post",
    "Invitation",
    "BridgeOrder",
    "BridgeRef",
    "StatusUpdate",
    "Attachment",
    "Mail",
    "Meeting",
    "Chat",
    "Bridge",
    "StatusPage",
    "Mailer",
    "Calendar",
    "TicketKind",
    "TicketOrder",
    "TicketRef",
    "TicketReopening",
    "WorkNote",
    "TicketClosing",
    "CaseOrder",
    "ChildTicket",
    "VendorCall",
    "TicketDesk",
    "VendorDesk",
    "HttpCall",
    "HttpAnswer",
    "Change",
    "Freeze",
    "ChangeHistory",
    "KnownItem",
    "ChangeRunner",
    "ChangeLog",
    "KnowledgeBase",
    "HttpCaller",
    "Unnoted",
    "EffectJournal",
    "Ledger",
    "Memory",
    "ReviewShelf",
    "Intake",
    "Ports",
]
