"""A rehearsal told line by line: since when, at what time of day, who, and what; for people who read it aloud.

Only the telling is here. What the entries hold, and what two engines are compared by, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from mayday.domain.timeline import Entry, parse_timestamp
from mayday.domain.timeline_words import sentence

__all__ = ["Story", "since"]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Story:
    """Tells entries with times of day in the zone in which the scenario's start is written."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._zone = start.tzinfo

    def lines(self, entries: Iterable[Entry]) -> Iterator[str]:
        """One entry a line, the further lines of its text below it; a new day has a line of its own."""
        day = None
        for entry in entries:
            at = parse_timestamp(entry.at).astimezone(self._zone)
            if at.date() != day:
                day = at.date()
                yield f"{at:%A} {at.day} {at:%B %Y}, {self._start.tzname()}"
            begin = f"{since(at, self._start):<11} {at:%H:%M:%S}  {entry.actor:<8} "
            first, *more = self.text(entry, at).rstrip("\n").split("\n")
            yield begin + first
            yield from (" " * len(begin) + line for line in more)

    def text(self, entry: Entry, at: datetime) -> str:
        """An entry's sentence with moments as times of day, those of what it quotes too."""

        def here(moment: datetime) -> str:
            return self._moment(moment, at)

        said = sentence(entry.kind, entry.actor, entry.step, entry.data, at=at, moment=here)
        return _MOMENT.sub(lambda found: here(parse_timestamp(found[0])), said)

    def _moment(self, moment: datetime, now: datetime) -> str:
        """`03:20`, `03:20:30`, and with the day where it is not that of `now`."""
        here = moment.astimezone(self._zone)
        clock = f"{here:%H:%M:%S}" if here.second else f"{here:%H:%M}"
        return clock if here.date() == now.date() else f"{here.day} {here:%B} {clock}"


def since(moment: datetime, start: datetime) -> str:
    """`T+1h02m03s`: how long after the start."""
    hours, rest = divmod(max(0, int((moment - start).total_seconds())), 3600)
    return f"T+{f'{hours}h' if hours else ''}{rest // 60:02d}m{rest % 60:02d}s"
