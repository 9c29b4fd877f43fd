"""The embedded desk's registers: pages, channels, tickets, bridges, vendor cases, outgoing mail, invites, status posts.

Methods that end in `_in` write inside a transaction of `effects.once`; the others are for whoever shows or answers.
"""

from __future__ import annotations

from mayday.records.desk.bridges import Bridges
from mayday.records.desk.cases import Cases
from mayday.records.desk.chat import Channels
from mayday.records.desk.effects import EffectLog
from mayday.records.desk.outbox import Outbox
from mayday.records.desk.pages import Pages
from mayday.records.desk.tickets import Tickets
from mayday.records.store import Store


class Desk:
    """All registers over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.effects = EffectLog(store)
        self.pages = Pages(store)
        self.chat = Channels(store)
        self.tickets = Tickets(store)
        self.bridges = Bridges(store)
        self.cases = Cases(store)
        self.outbox = Outbox(store)
