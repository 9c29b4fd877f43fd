"""Settings -> ports: which provider serves what. The one place that knows all adapters.

A port's list is tried in its order. A vendor whose settings are present comes first and the embedded desk stays behind
it where it can carry the same message to the same people (pages, chat, mail); where a second record would only confuse
(tickets, bridges, changes) the vendor stands alone. To add a vendor: an adapter in `mayday/providers/VENDOR/`, and a
line in `_vendors`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx

from mayday.catalogs import CatalogSource
from mayday.domain.ports import EffectJournal, Intake, Ledger, Memory, Ports, ReviewShelf
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
from mayday.providers.smtp.mailer import SmtpAddress, SmtpMailer
from mayday.records.records import Records
from mayday.settings import Settings, SettingsError


@dataclass(frozen=True)
class Providers:
    """Everything that activities may ask. `close` ends the connections of the adapters."""

    ports: Ports
    drills: Ports
    journal: EffectJournal
    ledger: Ledger
    intake: Intake
    reviews: ReviewShelf
    memory: Memory
    close: Callable[[], Awaitable[None]]


def build_providers(settings: Settings, records: Records, catalog: CatalogSource) -> Providers:
    """Raises SettingsError for a provider's setting that cannot be used."""
    client = httpx.AsyncClient(follow_redirects=False)
    desk = desk_ports(records, catalog, settings.base_url, _sender(settings))
    ports = _vendors(replace(desk, http=[HouseCaller(client)]), settings)
    return Providers(
        ports=ports, drills=desk, journal=DeskJournal(records.desk), ledger=RecordsLedger(records),
        intake=RecordsIntake(records), reviews=RecordsReviews(records), memory=RecordsMemory(records),
        close=client.aclose,
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


def _vendors(ports: Ports, settings: Settings) -> Ports:
    """`ports` with the vendors before the desk whose settings are present."""
    if url := settings.value("SMTP_URL"):
        try:
            mailer = SmtpMailer(SmtpAddress.parse(url), _sender(settings))
        except ValueError as error:
            raise SettingsError(f"MAYDAY_SMTP_URL: {error}") from error
        ports = replace(ports, mailers=[mailer, *ports.mailers], calendars=[mailer, *ports.calendars])
    return ports


def _sender(settings: Settings) -> str:
    """Who mails come from: `MAYDAY_SMTP_FROM`, else mayday at the console's host."""
    return settings.value("SMTP_FROM") or f"mayday@{urlsplit(settings.base_url).hostname or 'localhost'}"
