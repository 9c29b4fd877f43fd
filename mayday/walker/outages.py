"""Time in which nobody could answer does not count against people (LANGUAGE.md "Waiting").

The worker that comes back after an outage tells every open incident from when to when nobody could answer (`told`).
Besides, the walker knows when it wanted to be woken. Woken much later, something was away all the same, be it that the
store was down as well and nobody could tell: then an effect asks since when. What follows for deadlines is worked out
in `deadlines`.

A start of before (`gives_time_back` is False) knows only the second way, and moves only deadlines that fell into the
outage (`shifted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mayday.domain.effects import LAST_SEEN, EffectResult, LastSeen, LastSeenRequest
from mayday.domain.outage import LATE_AFTER, OutageNotice
from mayday.walker import deadlines
from mayday.walker.deadlines import AT_LEAST
from mayday.walker.state import Flight, Outage

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: more outages than this are forgotten once no deadline that ran in them is open
KEPT = 200


def note(w: Walker) -> None:
    """Notice an outage when the walker is looked at much later than it asked for."""
    wanted = w.state.wake_at
    if wanted is None or w.now - wanted <= LATE_AFTER or w.state.finished:
        return
    w.state.wake_at = None
    outage = Outage(from_at=wanted, to_at=w.now)
    w.state.outages.append(outage)
    if w.start.gives_time_back:
        deadlines.move(w, _others(w, outage))
    else:
        _ask(w, len(w.state.outages) - 1)


def ask(w: Walker) -> None:
    """Ask since when the system was away, where nobody has told it by now."""
    if not w.start.gives_time_back:
        return
    for number, outage in enumerate(w.state.outages):
        if not outage.known and not outage.asked:
            outage.asked = True
            _ask(w, number)


def _ask(w: Walker, number: int) -> None:
    wanted = w.state.outages[number].from_at
    w.ask(
        LAST_SEEN,
        "outage",
        lambda key: LastSeenRequest(effect_key=key, wanted_at=wanted),
        owner=f"outage:{number}",
        effect_class="read",
        summary="since when the system was away",
    )


def began(w: Walker, number: str, flight: Flight, result: EffectResult) -> None:
    """The answer: the outage is counted from its beginning."""
    outage = w.state.outages[int(number)]
    seen = LastSeen.model_validate(result.value).last_seen_at if result.failure is None else None
    if seen is not None and seen < outage.from_at:
        outage.from_at = max(seen, w.state.opened_at) if w.start.gives_time_back else seen
    outage.known = True
    if not w.start.gives_time_back:
        _say(w, outage, [])
    elif _adds(w, outage):
        _say(w, outage, deadlines.move(w, _others(w, outage)))


def told(w: Walker, notice: OutageNotice) -> None:
    """A worker that came back says from when to when nobody could answer.

    It is over for this incident when it is looked at again: what was sent meanwhile is handled only now. Told again,
    in part or by several workers, it gives no more time than was lost.
    """
    if not w.start.gives_time_back or w.state.finished:
        return
    looked_at = w.state.looked_at
    back = w.now - notice.to_at <= LATE_AFTER and (looked_at is None or looked_at < notice.to_at)
    outage = Outage(
        from_at=max(notice.from_at, w.state.opened_at),
        to_at=w.now if back else notice.to_at,
        known=True,
    )
    for guessed in [each for each in w.state.outages if not each.known and not each.asked]:
        if guessed.from_at <= outage.to_at and outage.from_at <= guessed.to_at:
            outage.from_at = min(outage.from_at, guessed.from_at)
            w.state.outages.remove(guessed)
    if outage.from_at >= outage.to_at or not _adds(w, outage) or _was_over(w, outage):
        return
    _forget(w)
    w.state.outages.append(outage)
    _say(w, outage, deadlines.move(w, _others(w, outage)))


def paused(w: Walker, since: datetime) -> None:
    """A drill stood still from then to now."""
    outage = Outage(from_at=since, to_at=w.now, known=True)
    w.state.outages.append(outage)
    if w.start.gives_time_back:
        deadlines.move(w, _others(w, outage))


def _others(w: Walker, outage: Outage) -> list[Outage]:
    return [each for each in w.state.outages if each is not outage]


def _adds(w: Walker, outage: Outage) -> bool:
    """Whether some of it was not known before."""
    known = deadlines.spans(_others(w, outage))
    return not any(begin <= outage.from_at and outage.to_at <= end for begin, end in known)


def _was_over(w: Walker, outage: Outage) -> bool:
    """Whether it is, for the most part, one that is known and was over for this incident: of two workers that come back
    together, the second tells while the first works already."""
    looked_at = w.state.looked_at
    return looked_at is not None and any(
        begin <= outage.from_at < end <= looked_at and outage.to_at - end <= min(LATE_AFTER, end - outage.from_at)
        for begin, end in deadlines.spans(_others(w, outage))
    )


def _forget(w: Walker) -> None:
    outages = w.state.outages
    if len(outages) > KEPT and all(outage.known for outage in outages):
        since = min((promise.since for promise in w.state.promises.values()), default=w.now)
        w.state.outages = [outage for outage in outages if outage.to_at > since]


def _say(w: Walker, outage: Outage, moved: Sequence[dict[str, Any]]) -> None:
    seconds = int((outage.to_at - outage.from_at).total_seconds())
    more = len(moved) - deadlines.LISTED
    w.entry(
        "outage_ended",
        "system",
        None,
        from_at=outage.from_at,
        to_at=outage.to_at,
        seconds=seconds,
        moved=list(moved[: deadlines.LISTED]) or None,
        more_moved=more if more > 0 else None,
    )


def shifted(due: datetime, outages: Sequence[Outage]) -> datetime:
    """When a person's deadline really ends in an incident of before, given the times in which the system was away."""
    for outage in outages:
        if outage.from_at <= due <= outage.to_at:
            due = outage.to_at + max(AT_LEAST, due - outage.from_at)
    return due


__all__ = ["AT_LEAST", "LATE_AFTER", "ask", "began", "note", "paused", "shifted", "told"]
