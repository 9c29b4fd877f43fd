"""All ports of a process, wired once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mayday.domain.ports.changes import ChangeLog, ChangeRunner, HttpCaller, KnowledgeBase
from mayday.domain.ports.paging import Noticeboard, OnCallRoster, Pager
from mayday.domain.ports.talking import Bridge, Calendar, Chat, Mailer, StatusPage
from mayday.domain.ports.tickets import TicketDesk, VendorDesk


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
