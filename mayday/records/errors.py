"""What the records store can refuse.

MaydayError
+-- RecordsError
    +-- RecordsUnavailable   the database does not answer: callers queue, retry or take the direct path
    +-- ChainConflict        an entry of the timeline differs from the one stored under its number
    +-- UnknownRecord        nothing is stored under that id
    +-- KeyReused            an idempotency key came back with another request
"""

from __future__ import annotations

from typing import Literal

from mayday.domain.errors import MaydayError

Why = Literal["unreachable", "full", "read_only", "disk_error"]
_SAID: dict[Why, str] = {
    "unreachable": "does not answer",
    "full": "takes nothing: its disk is full",
    "read_only": "takes nothing: it is read-only",
    "disk_error": "takes nothing: its disk gives errors",
}


class RecordsError(MaydayError):
    """Root of the store's errors."""


class RecordsUnavailable(RecordsError):
    """The database cannot be reached, is locked for too long, or takes nothing: its disk is full or broken, it is
    read-only.

    Retrying later is right. `why` says which it is; the message has the database's own words.
    """

    def __init__(self, message: str, why: Why = "unreachable") -> None:
        super().__init__(message)
        self.why: Why = why

    @property
    def said(self) -> str:
        """For people, after "the records store"."""
        return _SAID[self.why]


class ChainConflict(RecordsError):
    """Entries that contradict what is stored: nothing of the batch was written.

    `seqs` are the numbers of the offending entries.
    """

    def __init__(self, incident_id: str, seqs: list[int]) -> None:
        super().__init__(f"timeline of {incident_id} contradicts the store at seq {', '.join(map(str, seqs))}")
        self.incident_id = incident_id
        self.seqs = seqs


class UnknownRecord(RecordsError):
    """Nothing is stored under that id."""


class KeyReused(RecordsError):
    """The same idempotency key was sent with a different request (HTTP 422)."""
