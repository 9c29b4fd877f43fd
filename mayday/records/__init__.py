"""The records store: inbox, incidents and timelines to read, the embedded desk, tokens and audit."""

from __future__ import annotations

from mayday.records.errors import ChainConflict, KeyReused, RecordsError, RecordsUnavailable, UnknownRecord
from mayday.records.inbox import InboxItem, InboxRow, Kept
from mayday.records.incidents import IncidentRecord
from mayday.records.listing import Listing
from mayday.records.overrides import ScheduleOverride
from mayday.records.records import Records
from mayday.records.reviews import FollowUp, ReviewRecord
from mayday.records.tokens import Token

__all__ = [
    "ChainConflict", "FollowUp", "InboxItem", "InboxRow", "IncidentRecord", "Kept", "KeyReused", "Listing", "Records",
    "RecordsError", "RecordsUnavailable", "ReviewRecord", "ScheduleOverride", "Token", "UnknownRecord",
]  # fmt: skip
