"""Words with an order: severities, statuses, priorities, levels of impact.

Comparing severities as text is a known trap of alert tools (Keep #5086: `critical` < `warning`). Here every such word
belongs to a closed class that knows its rank, compares only with words of the same class, and refuses a word it does
not know. The values are texts in JSON and as keys of mappings.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

__all__ = [
    "RANKED", "Level", "Priority", "PriorityName", "RankedText", "Severity", "SeverityName", "Status", "UnknownRank",
]  # fmt: skip

#: the names as a file or a request writes them
SeverityName = Literal["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"]
PriorityName = Literal["P1", "P2", "P3", "P4", "P5"]


class UnknownRank(ValueError):
    """A text that is no member of the class it is compared with. `text` is the word, `known` the members."""

    def __init__(self, kind: str, text: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{text!r} is no {kind}; known are {', '.join(known)}")
        self.kind = kind
        self.text = text
        self.known = known


class RankedText(StrEnum):
    """A closed set of words, from least to most unless `rank` says otherwise.

    `<`, `<=`, `>`, `>=` take a member or the text of one; an unknown text raises `UnknownRank`, anything else
    `TypeError`. A member without a rank is in no order: every such comparison with it is false, as with NaN.
    Equality is that of the text.
    """

    @classmethod
    def named(cls, text: str) -> Self:
        """The member with this exact text; `UnknownRank` names the ones that exist."""
        try:
            return cls(text)
        except ValueError:
            raise UnknownRank(cls.__name__.lower(), text, tuple(member.value for member in cls)) from None

    def rank(self) -> int | None:
        """Position in the order, higher is more; None for a word outside the order."""
        return list(type(self)).index(self)

    def __lt__(self, other: str) -> bool:
        mine, theirs = self._ranks(other)
        return mine is not None and theirs is not None and mine < theirs

    def __le__(self, other: str) -> bool:
        mine, theirs = self._ranks(other)
        return mine is not None and theirs is not None and mine <= theirs

    def __gt__(self, other: str) -> bool:
        mine, theirs = self._ranks(other)
        return mine is not None and theirs is not None and mine > theirs

    def __ge__(self, other: str) -> bool:
        mine, theirs = self._ranks(other)
        return mine is not None and theirs is not None and mine >= theirs

    def _ranks(self, other: object) -> tuple[int | None, int | None]:
        if isinstance(other, RankedText) and type(other) is not type(self):
            raise TypeError(f"a {type(self).__name__.lower()} has no order with a {type(other).__name__.lower()}")
        if not isinstance(other, str):
            raise TypeError(f"a {type(self).__name__.lower()} has no order with {other!r}")
        return self.rank(), type(self).named(other).rank()


class Severity(RankedText):
    """SEV1 (critical, customers widely down) to SEV5 (no impact).

    More severe is *greater*: `incident.severity >= "SEV2"` is true for SEV1 and SEV2, which reads as people say it
    (at least a SEV2). Definitions of the levels: PagerDuty incident response documentation.
    """

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"
    SEV5 = "SEV5"

    def rank(self) -> int:
        """5 for SEV1 down to 1 for SEV5."""
        return 6 - int(self.value[-1])


class Priority(RankedText):
    """P1 (critical) to P5 (planning), the scale of ServiceNow; more urgent is greater, as with severities."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"

    def rank(self) -> int:
        """5 for P1 down to 1 for P5."""
        return 6 - int(self.value[-1])


class Level(RankedText):
    """Impact and urgency: the two sides of the severity matrix."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Status(RankedText):
    """Where an incident stands; `incident.status >= "mitigated"` means mitigated, resolved or closed.

    Cancelled, rejected and merged are ends outside the order: no order comparison with them is true. So a phase that
    waits for `>= "mitigated"` is not ended by its `until` when the incident is cancelled, but by the cancellation.
    """

    CANDIDATE = "candidate"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    MERGED = "merged"

    def rank(self) -> int | None:
        """0 for candidate up to 5 for closed; None for cancelled, rejected and merged."""
        return _STATUS_ORDER.get(self.value)


_STATUS_ORDER = {
    name: rank
    for rank, name in enumerate(("candidate", "investigating", "identified", "mitigated", "resolved", "closed"))
}

RANKED: tuple[type[RankedText], ...] = (Severity, Status, Priority, Level)
"""Every ranked class, for documentation and checks."""
