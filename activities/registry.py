"""All activities of a worker, ready to register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from activities.bridge import BridgeActivities
from activities.bundle import Bundled, Bundles
from activities.calendar import CalendarActivities
from activities.change import ChangeActivities
from activities.chat import ChatActivities
from activities.dependencies import Dependencies
from activities.followups import FollowUpActivities
from activities.http import HttpActivities
from activities.inbox import InboxActivities
from activities.itsm import ItsmActivities
from activities.knowledge import KnowledgeActivities
from activities.messaging import Messaging
from activities.paging import Paging
from activities.review import ReviewActivities
from activities.roster import RosterActivities
from activities.system import SystemActivities
from activities.timeline import TimelineActivities
from activities.vendor import VendorActivities
from mayday.domain import effects as fx


def build(dependencies: Dependencies) -> list[Callable[..., Any]]:
    """Every activity, bound to its dependencies."""
    paging = Paging(dependencies)
    messaging = Messaging(dependencies)
    calendar = CalendarActivities(dependencies)
    vendor = VendorActivities(dependencies)
    bridge = BridgeActivities(dependencies)
    chat = ChatActivities(dependencies)
    itsm = ItsmActivities(dependencies)
    actions = FollowUpActivities(dependencies)
    change = ChangeActivities(dependencies)
    http = HttpActivities(dependencies)
    review = ReviewActivities(dependencies)
    roster = RosterActivities(dependencies)
    timeline = TimelineActivities(dependencies)
    system = SystemActivities(dependencies)
    bundles = Bundles(
        dependencies,
        {
            fx.PAGE: Bundled(paging.page_responder, fx.PageRequest),
            fx.CLOSE_PAGE: Bundled(paging.close_page, fx.ClosePage),
            fx.SEND: Bundled(messaging.send_message, fx.SendRequest),
            fx.RESOLVE: Bundled(roster.resolve, fx.ResolveRequest),
            fx.DEADLINE: Bundled(calendar.deadline, fx.DeadlineRequest),
            fx.LAST_SEEN: Bundled(system.last_seen, fx.LastSeenRequest),
            fx.NOTE_CHANGE: Bundled(itsm.note_change, fx.ActionRequest),
            fx.VENDOR_CONTACT: Bundled(vendor.contact, fx.VendorCase),
            fx.FLUSH: Bundled(timeline.flush, fx.FlushRequest),
        },
    )
    return [
        bundles.carry,
        paging.page_responder, paging.close_page, messaging.send_message, messaging.send_report,
        roster.resolve, calendar.deadline, calendar.meeting_slot, calendar.send_invite,
        vendor.open_case, vendor.contact, bridge.open, bridge.close,
        chat.open_channel, chat.post, chat.pin, chat.invite, chat.archive,
        itsm.open_major_incident, itsm.add_note, itsm.open_problem, itsm.open_change, itsm.note_change, itsm.close,
        itsm.reopen,
        actions.open, actions.note, actions.close,
        itsm.link_child,
        change.execute, change.invoke, change.recent, KnowledgeActivities(dependencies).similar,
        http.request, http.house, timeline.flush, InboxActivities(dependencies).look,
        system.last_seen, review.save, review.draft_report,
    ]  # fmt: skip
