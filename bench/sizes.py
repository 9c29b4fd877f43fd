"""How much each benchmark does. The defaults keep the whole bench under eight minutes on two cores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace


class UnknownSize(ValueError):
    """A size of that name does not exist, or the value is no whole number above zero."""


@dataclass(frozen=True)
class Sizes:
    """Counts, and durations in seconds."""

    first_page_warm_ups: int = 5
    first_page_samples: int = 200
    storm_rounds: int = 3
    storm_alerts: int = 10_000
    storm_alerts_a_body: int = 50
    storm_connections: int = 8
    storm_signals: int = 3_000
    storm_signals_at_once: int = 64
    open_incidents: int = 200
    open_seconds: int = 40
    open_every: int = 30
    watchers: int = 200
    watcher_entries: int = 500
    watcher_entries_per_s: int = 50
    replay_rounds: int = 7
    replay_histories: int = 3
    virtual_rounds: int = 30
    authoring_rounds: int = 30
    archived_incidents: int = 10_000
    archive_rounds: int = 20

    def changed(self, settings: Iterable[str]) -> Sizes:
        """With `name=number` texts applied. Raises UnknownSize."""
        known = {field.name for field in fields(self)}
        sizes = self
        for setting in settings:
            name, _, number = setting.partition("=")
            if name not in known:
                raise UnknownSize(f"no size {name!r}; there are {', '.join(sorted(known))}")
            if not number.isdecimal() or int(number) < 1:
                raise UnknownSize(f"{name} takes a whole number above zero, not {number!r}")
            sizes = replace(sizes, **{name: int(number)})
        return sizes


#: just enough to see that every benchmark runs
TINY = Sizes(
    first_page_warm_ups=1, first_page_samples=2, storm_rounds=1,
    storm_alerts=40, storm_alerts_a_body=10, storm_connections=2, storm_signals=20, storm_signals_at_once=4,
    open_incidents=2, open_seconds=5, open_every=2,
    watchers=3, watcher_entries=10, watcher_entries_per_s=20,
    replay_rounds=1, replay_histories=1, virtual_rounds=2, authoring_rounds=2,
    archived_incidents=64, archive_rounds=2,
)  # fmt: skip
