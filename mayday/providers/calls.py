"""The effect key of one of our calls, read back from a vendor that kept it (a dedup key, an alias, a correlation id).

    INC-01J.../page_mim#1/ana/push     the page `page_mim`, its first try, to ana by push
    INC-01J.../open_ticket#1           the ticket that the step `open_ticket` opened

Written by `Walker.ask` and `activities.paging` (DESIGN.md, idea 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["OurCall", "find_call", "read_call"]

_INCIDENT = r"INC-[0-9A-HJKMNP-TV-Z]{26}"
_CALL = re.compile(rf"({_INCIDENT})/([^\s#]+)#(\d+)(?:/([^\s/#]+)/([^\s/#]+))?")
#: longer keys are none of ours: the limit of the longest field that we put one into
LONGEST = 512


@dataclass(frozen=True, slots=True)
class OurCall:
    """`step` is the path of the step, the page or the task that asked; `person` and `channel` only calls to people
    have."""

    incident_id: str
    step: str
    occurrence: int
    person: str | None = None
    channel: str | None = None


def read_call(text: object) -> OurCall | None:
    """The call behind a key; None for a key that is not ours."""
    found = _CALL.fullmatch(text) if isinstance(text, str) and len(text) <= LONGEST else None
    return _call(found) if found else None


def find_call(text: object) -> OurCall | None:
    """The first key of ours inside a longer text, such as a description."""
    found = _CALL.search(text[:20_000]) if isinstance(text, str) else None
    return _call(found) if found else None


def _call(found: re.Match[str]) -> OurCall:
    incident, step, occurrence, person, channel = found.groups()
    return OurCall(incident, step, int(occurrence[:9]), person, channel)
