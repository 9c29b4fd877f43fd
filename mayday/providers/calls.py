"""The effect key of one of our calls, read back from a vendor that kept it (a dedup key, an alias, a correlation id).

    INC-01J.../page_mim#1/ana/push     the page `page_mim`, its first try, to ana by push
    INC-01J.../open_ticket#1           the ticket that the step `open_ticket` opened
    INC-01J.../review:actions:A1#1     the ticket of the review's follow-up A1
    INC-01J.../engage_vendor#1/case    the case of the engagement `engage_vendor`

Written by `Walker.ask` and the activities (DESIGN.md, idea 4). A key that was too long for a vendor's field was cut to
its beginning and a digest (`vendor_words.short_key`): of that only the incident can be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ACTION_STEP", "REVIEW_STEP", "OurCall", "find_call", "read_call"]

REVIEW_STEP = "review:"
"""How the steps of reviews begin, and of their follow-up actions."""
ACTION_STEP = "review:actions:"

_INCIDENT = r"INC-[0-9A-HJKMNP-TV-Z]{26}"
_CALL = re.compile(rf"({_INCIDENT})/([^\s#]+)#(\d+)(?:/(?:(case)|([^\s/#]+)/([^\s/#]+)))?")
_CUT = re.compile(rf"({_INCIDENT})/\S*~[0-9a-f]{{32}}")
#: longer keys are none of ours: the limit of the longest field that we put one into
LONGEST = 512


@dataclass(frozen=True, slots=True)
class OurCall:
    """`step` is the path of the step, the page or the task that asked; `person` and `channel` only calls to people
    have, `case` is true for a vendor's case. `step` is empty where the key was cut."""

    incident_id: str
    step: str
    occurrence: int
    person: str | None = None
    channel: str | None = None
    case: bool = False


def read_call(text: object) -> OurCall | None:
    """The call behind a key; None for a key that is not ours."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    if cut := _CUT.fullmatch(text):
        return OurCall(cut[1], "", 0)
    found = _CALL.fullmatch(text)
    return _call(found) if found else None


def find_call(text: object) -> OurCall | None:
    """The first key of ours inside a longer text, such as a description."""
    found = _CALL.search(text[:20_000]) if isinstance(text, str) else None
    return _call(found) if found else None


def _call(found: re.Match[str]) -> OurCall:
    incident, step, occurrence, case, person, channel = found.groups()
    return OurCall(incident, step, int(occurrence[:9]), person, channel, case is not None)
