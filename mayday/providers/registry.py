"""Settings -> ports: which provider serves what. The one place that knows all adapters.

A port's list is tried in its order. A vendor whose settings are present comes first and the embedded desk stays behind
it where it can carry the same message to the same people (pages, chat, mail, calls to vendors); where a second record
would only confuse (tickets, bridges, changes) the vendor stands alone. `MAYDAY_PAGERS=opsgenie,twilio,desk` and the
like say it otherwise. Drills have the vendors' sandboxes where the house has set some up, in the same order, and the
desk for the rest: the real vendors are not among the ports of drills at all.
To add a vendor: a package `mayday/providers/VENDOR/` with an `offer.py`, and a line in `VENDORS`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from mayday.catalogs import CatalogSource
from mayday.domain.ports import EffectJournal, Intake, Ledger, Memory, Ports, ReviewShelf
from mayday.providers.drill_labels import labelled
from mayday.providers.embedded import NAME as DESK
from mayday.providers.embedded.bridge import DeskBridges
from mayday.providers.embedded.chat import DeskChat
from mayday.providers.embedded.knowledge import DeskChangeLog, DeskKnowledge
from mayday.providers.embedded.ledger import RecordsIntake, RecordsLedger, RecordsMemory, RecordsReviews
from mayday.providers.embedded.outbox import DeskCalendar, DeskMailer, DeskStatusPage
from mayday.providers.embedded.pager import DeskJournal, DeskPager
from mayday.providers.embedded.roster import CatalogRoster
from mayday.providers.embedded.tickets import DeskChanges, DeskTickets
from mayday.providers.embedded.vendors import DeskVendors
from mayday.providers.http.caller import DrillCaller, HouseCaller
from mayday.providers.offers import Offer, VendorSettings
from mayday.providers.sandboxes import SUFFIX, Fence, fenced, sandbox_of
from mayday.providers.vendor_pager import CallJournal, VendorPager
from mayday.providers.watched_tickets import WatchedDesk
from mayday.records.records import Records
from mayday.settings import PREFIX, Settings, SettingsError

#: vendor -> module and function of its offer, in the order in which they are tried
VENDORS: dict[str, str] = {
    "pagerduty": "mayday.providers.pagerduty.offer:offer",
    "opsgenie": "mayday.providers.opsgenie.offer:offer",
    "jsm": "mayday.providers.jsm.offer:offer",
    "everbridge": "mayday.providers.everbridge.offer:offer",
    "twilio": "mayday.providers.twilio.offer:offer",
    "servicenow": "mayday.providers.servicenow.offer:offer",
    "jira": "mayday.providers.jira.offer:offer",
    "bmc": "mayday.providers.bmc.offer:offer",
    "zoom": "mayday.providers.zoom.offer:offer",
    "graph": "mayday.providers.graph.offer:offer",
    "google": "mayday.providers.google.offer:offer",
    "static_bridge": "mayday.providers.static_bridge.offer:offer",
    "statuspage": "mayday.providers.statuspage.offer:offer",
    "smtp": "mayday.providers.smtp.offer:offer",
    "teams": "mayday.providers.teams.offer:offer",
    "vendor_case": "mayday.providers.vendor_case.offer:offer",  # behind mail, which carries some of its cases
    "slack": "mayday.providers.slack.offer:offer",  # behind the pagers: a direct message wakes nobody who sleeps well
}


#: vendors whose webhooks come in under another's name
TOLD_BY = {"jsm": "opsgenie"}


class Port(NamedTuple):
    """A list of `Ports`, the field of an `Offer` that serves it, and whether the desk stays behind a vendor."""

    name: str
    served_as: str
    desk_behind: bool

    @property
    def setting(self) -> str:
        """The setting that gives its order: `MAYDAY_PAGERS`, `MAYDAY_TICKET_DESKS`."""
        return f"{self.served_as}s"


PORTS = (
    Port("pagers", "pager", True), Port("chats", "chat", True), Port("mailers", "mailer", True),
    Port("calendars", "calendar", True), Port("bridges", "bridge", False), Port("tickets", "ticket_desk", False),
    Port("vendors", "vendor_desk", True), Port("status_pages", "status_page", False),
    Port("change_logs", "change_log", False), Port("changes", "change_runner", True),
)  # fmt: skip


@dataclass(frozen=True)
class Providers:
    """Everything that activities may ask. `close` ends the connections of the adapters."""

    ports: Ports
    drills: Ports
    desk: Ports
    journal: EffectJournal
    ledger: Ledger
    intake: Intake
    reviews: ReviewShelf
    memory: Memory
    offers: Mapping[str, Offer]
    sandboxes: Mapping[str, Offer]
    """Where drills go, by the sandbox's name: `pagerduty_sandbox`."""
    close: Callable[[], Awaitable[None]]


def build_providers(settings: Settings, records: Records, catalog: CatalogSource) -> Providers:
    """Raises SettingsError for a provider's setting that cannot be used."""
    client = httpx.AsyncClient(follow_redirects=False)
    desk = desk_ports(records, catalog, settings.base_url, _sender(settings))
    offers = made_offers(settings, records, catalog, client)
    ports = ordered_ports(replace(desk, http=[HouseCaller(client)]), offers, settings)
    sandboxes = made_sandboxes(settings, records, catalog, client)
    drills = ordered_ports(
        desk, {name: fenced(offer, name) for name, offer in sandboxes.items()}, settings, drills=True
    )
    return Providers(
        ports=ports, drills=labelled(drills), desk=desk, sandboxes=sandboxes,
        journal=CallJournal(DeskJournal(records.desk), records.pager_calls),
        ledger=RecordsLedger(records), intake=RecordsIntake(records), reviews=RecordsReviews(records),
        memory=RecordsMemory(records), offers=offers, close=client.aclose,
    )  # fmt: skip


def desk_ports(records: Records, catalog: CatalogSource, base_url: str, sender: str = "mayday@localhost") -> Ports:
    """Every port served by the embedded desk alone: nothing leaves this installation."""
    desk = records.desk
    return Ports(
        pagers=[DeskPager(desk)], chats=[DeskChat(desk, base_url)], bridges=[DeskBridges(desk, catalog, base_url)],
        tickets=[DeskTickets(desk, base_url)], vendors=[DeskVendors(desk)], status_pages=[DeskStatusPage(desk)],
        mailers=[DeskMailer(desk)], calendars=[DeskCalendar(desk, sender)], changes=[DeskChanges(desk)],
        change_logs=[DeskChangeLog(records)], knowledge=[DeskKnowledge(records, base_url)], http=[DrillCaller()],
        rosters={"catalog": CatalogRoster(catalog, records.overrides)},
    )  # fmt: skip


def made_offers(
    settings: Settings, records: Records, catalog: CatalogSource, client: httpx.AsyncClient
) -> dict[str, Offer]:
    """The vendors whose settings are present, in the registry's order. Raises SettingsError."""
    made: dict[str, Offer] = {}
    for name in VENDORS:
        offer = offered(name, settings, records, catalog, client, made)
        if offer is not None:
            made[name] = offer
    return made


def made_sandboxes(
    settings: Settings, records: Records, catalog: CatalogSource, client: httpx.AsyncClient
) -> dict[str, Offer]:
    """The sandboxes that are set up, by their names, in the registry's order.

    Raises SettingsError for half of the settings of one, and for one that leads to the real vendor.
    """
    made: dict[str, Offer] = {}
    for name in VENDORS:
        offer = offered(name, settings, records, catalog, client, made, sandbox=True)
        if offer is not None:
            made[sandbox_of(name)] = offer
    return made


def offered(
    name: str, settings: Settings, records: Records, catalog: CatalogSource, client: httpx.AsyncClient,
    others: Mapping[str, Offer], *, sandbox: bool = False,
) -> Offer | None:  # fmt: skip
    """What one vendor, or its sandbox, serves with its settings; None without any. Raises SettingsError for half of
    them. A sandbox is asked for answers: the vendor's webhook is the real one's."""
    module, _, attribute = VENDORS[name].partition(":")
    source, known = TOLD_BY.get(name, name), sandbox_of(name) if sandbox else name
    given = VendorSettings(
        name=known, values=settings.provider(known), http=client, base_url=settings.base_url, catalog=catalog,
        records=records, sender=_sender(settings, sandbox=sandbox), others=others,
        webhook=not sandbox and bool(settings.webhook_token(source) or settings.webhook_secrets(source)),
        fence=Fence(name, _real(settings)) if sandbox else None,
    )  # fmt: skip
    made: Offer | None = getattr(import_module(module), attribute)(given)
    if sandbox and made is not None and isinstance(made.pager, VendorPager):
        made.pager.name = known  # its calls are noted under this name, and asked for by it
    return made


def _real(settings: Settings) -> dict[str, dict[str, str]]:
    """The settings of the real vendors."""
    own = f"{SUFFIX.removeprefix('_')}_"
    return {
        name: {key: value for key, value in settings.provider(name).items() if not key.startswith(own)}
        for name in VENDORS
    }


def watched_desks(
    settings: Settings, records: Records, catalog: CatalogSource, client: httpx.AsyncClient
) -> dict[str, WatchedDesk]:
    """The ticket desks that have to be asked, by vendor. Raises SettingsError."""
    offers = made_offers(settings, records, catalog, client)
    return {name: each.watched_desk for name, each in offers.items() if each.watched_desk is not None}


def serving(offers: Mapping[str, Offer], settings: Settings, *, drills: bool = False) -> dict[str, list[str]]:
    """Per port the names of who serves it, in the order in which they are tried. `drills`: the offers are sandboxes.

    Raises SettingsError for a name in an order that serves no such port here.
    """
    orders = {}
    for port in PORTS:
        able = [name for name, offer in offers.items() if getattr(offer, port.served_as) is not None]
        wanted = _wanted(settings, port.setting)
        if drills and wanted is not None:  # of the house's order those who have a sandbox
            there = [name if name == DESK else sandbox_of(name) for name in wanted]
            wanted = [name for name in there if name == DESK or name in able] or [DESK]
        if wanted is None:
            wanted = [*able, *([DESK] if port.desk_behind or not able else [])]
        for name in wanted:
            if name != DESK and name not in able:
                key = f"{PREFIX}{port.setting.upper()}"
                here = ", ".join([*able, DESK])
                raise SettingsError(f"{key}={','.join(wanted)}: {name} serves no {port.name} here; possible: {here}")
        orders[port.name] = wanted
    return orders


def ordered_ports(desk: Ports, offers: Mapping[str, Offer], settings: Settings, *, drills: bool = False) -> Ports:
    """Per port the vendors that serve it, in the order of `MAYDAY_<PORT>`; the desk behind them where it stays.

    Raises SettingsError for a name in an order that serves no such port here.
    """
    ports: dict[str, list[Any]] = {}
    orders = serving(offers, settings, drills=drills)
    for port in PORTS:
        own: Sequence[Any] = getattr(desk, port.name)
        ports[port.name] = [
            adapter
            for name in orders[port.name]
            for adapter in (own if name == DESK else [getattr(offers[name], port.served_as)])
        ]
    chats = {adapter.name for adapter in ports["chats"]}
    boards = [each.noticeboard for name, each in offers.items() if each.noticeboard and name in chats]
    rosters = {name: each.roster for name, each in offers.items() if each.roster is not None}
    return replace(desk, rosters={**desk.rosters, **rosters}, noticeboards=boards, **ports)


def _wanted(settings: Settings, setting: str) -> list[str] | None:
    listed = getattr(settings, setting)
    return None if listed is None else [name.strip() for name in str(listed).lower().split(",") if name.strip()]


def _sender(settings: Settings, *, sandbox: bool = False) -> str:
    """Who mails come from: `MAYDAY_SMTP_FROM`, else mayday at the console's host."""
    named = settings.value("SMTP_SANDBOX_FROM" if sandbox else "SMTP_FROM")
    return named or f"mayday@{urlsplit(settings.base_url).hostname or 'localhost'}"
