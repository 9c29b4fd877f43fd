"""The runbooks and the catalog that this starter works by: checked at start-up, pinned into each incident."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import structlog

from mayday.domain.oncall import LocalSchedule, Override, on_call, with_overrides
from mayday.language.catalog import Catalog
from mayday.language.library import DEFAULT_RUNBOOK, Library, UnknownRunbook
from mayday.language.plan import Plan
from mayday.language.routing import route_problems
from mayday.language.runbook import FieldSpec, Runbook
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from starter.door_list import DoorList

__all__ = ["InputRefused", "Playbooks", "PlaybooksRefused", "fitting_inputs"]

log = structlog.get_logger(__name__)

KEPT_PLANS = 64
OVERRIDES_AGE = timedelta(seconds=30)
STANDS_FOR = timedelta(hours=1)


class _Standing(NamedTuple):
    """Who is on call in [since, until)."""

    since: datetime
    until: datetime
    people: tuple[tuple[str, str | None], ...]


class InputRefused(ValueError):
    """An input that the runbook does not take. `name` is which, the text says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"inputs.{name}: {reason}")
        self.name = name
        self.reason = reason


class PlaybooksRefused(ValueError):
    """The catalog's routes cannot be used; the text names each."""


class Playbooks:
    """Library and catalog of one folder. `load` raises `LibraryRefused` with file and line of all that is wrong."""

    def __init__(self, library: Library, records: Records | None = None) -> None:
        self.library = library
        self._records = records
        self._pinned: dict[tuple[str, str, tuple[tuple[str, str | None], ...]], tuple[dict[str, Any], str]] = {}
        self._overrides: dict[str, list[Override]] = {}
        self._overrides_at: datetime | None = None
        self._stands: _Standing | None = None
        self._door: DoorList | None = None
        self._named: tuple[Catalog, Catalog] | None = None

    @classmethod
    def load(cls, folder: Path, records: Records | None = None) -> Playbooks:
        library = Library.load(folder).require()
        problems = route_problems(library.catalog)
        if problems:
            raise PlaybooksRefused("the routes of the catalog cannot be used:\n" + "\n".join(problems))
        return cls(library, records)

    def attach(self, records: Records) -> None:
        """Overrides made at run time are read from here."""
        self._records = records

    def watch(self, folder: Path) -> None:
        """From now on people and `access` are those of the folder's files as they change."""
        self._door = DoorList(folder, self.library.catalog)

    @property
    def at_the_door(self) -> Catalog:
        """Who may come in, at which level: the catalog as its files are now."""
        return self._door.current() if self._door is not None else self.library.catalog

    @property
    def catalog(self) -> Catalog:
        """The catalog of the start, with the name of everybody who was or has come since."""
        now, began = self.at_the_door, self.library.catalog
        if now is began:
            return began
        if self._named is None or self._named[0] is not now:
            self._named = now, began.model_copy(update={"people": {**began.people, **now.people}})
        return self._named[1]

    def choose(self, service: str, severity: str, wanted: str | None = None) -> Runbook:
        """The runbook for an incident; `UnknownRunbook` when the wanted one does not exist."""
        return self.library.runbook(self.library.choose_runbook(service, severity, wanted))

    def choose_anyway(self, service: str, severity: str, wanted: str | None = None) -> Runbook:
        """As `choose`, and the default runbook where the wanted one is gone: an alert must not wait for a route."""
        try:
            return self.choose(service, severity, wanted)
        except UnknownRunbook as error:
            log.error("runbook_unknown", runbook=error.name, used=DEFAULT_RUNBOOK)
            return self.library.runbook(DEFAULT_RUNBOOK)

    async def pinned(self, runbook: Runbook, service: str, at: datetime) -> tuple[dict[str, Any], str]:
        """The plan as canonical JSON and its digest, with who is on call at this moment as the snapshot that is used
        when the roster cannot be read."""
        await self._fresh_overrides(at)
        standing = self._standing(at)
        key = (f"{runbook.metadata.name}@{runbook.metadata.version}", service, standing)
        found = self._pinned.get(key)
        if found is None:
            plan = self._with_snapshot(self.library.plan(key[0], service=service), dict(standing))
            found = (plan.canonical(), plan.digest)
            while len(self._pinned) >= KEPT_PLANS:
                del self._pinned[next(iter(self._pinned))]
            self._pinned[key] = found
        return found

    def _standing(self, at: datetime) -> tuple[tuple[str, str | None], ...]:
        """Who stands on each schedule: worked out anew at the next hand-off, or when overrides were read again."""
        if self._stands is None or not self._stands.since <= at < self._stands.until:
            rosters = {name: self.roster(name) for name in sorted(self.catalog.schedules)}
            found = {name: on_call(entry, at) if entry else None for name, entry in rosters.items()}
            until = min((now.until for now in found.values() if now and now.until), default=at + STANDS_FOR)
            people = tuple((name, now.person if now else None) for name, now in found.items())
            self._stands = _Standing(at, min(until, at + STANDS_FOR), people)
        return self._stands.people

    def on_call(self, schedule: str, at: datetime) -> str | None:
        """Who stands on a schedule of the catalog, overrides made at run time included."""
        entry = self.roster(schedule)
        return on_call(entry, at).person if entry is not None else None

    def roster(self, schedule: str) -> LocalSchedule | None:
        """A schedule with the overrides made at run time; None for one that is kept elsewhere or does not exist."""
        entry = self.catalog.schedules.get(schedule)
        if not isinstance(entry, LocalSchedule):
            return None
        return with_overrides(entry, self._overrides.get(schedule, []))

    async def read_overrides(self, at: datetime) -> None:
        """Read the overrides made at run time again."""
        if self._records is None:
            return
        found: dict[str, list[Override]] = {}
        for made in await self._records.overrides.find(from_at=at - timedelta(days=1)):
            override = Override.model_validate(
                {"from": _moment(made.from_at), "to": _moment(made.to_at), "person": made.person}
            )
            found.setdefault(made.schedule, []).append(override)
        if found != self._overrides:
            self._stands = None
        self._overrides, self._overrides_at = found, at

    async def _fresh_overrides(self, at: datetime) -> None:
        if self._overrides_at is not None and at - self._overrides_at < OVERRIDES_AGE:
            return
        try:
            await self.read_overrides(at)
        except RecordsUnavailable:
            pass  # the last ones known are the best there is; pages resolve the roster again anyway

    @staticmethod
    def _with_snapshot(plan: Plan, standing: Mapping[str, str | None]) -> Plan:
        schedules = {
            name: entry.model_copy(update={"on_call": standing.get(name)}) for name, entry in plan.schedules.items()
        }
        pinned = plan.model_copy(update={"schedules": schedules})
        pinned.digest = pinned.compute_digest()
        return pinned


def _moment(at: datetime) -> str:
    """As a roster writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fitting_inputs(runbook: Runbook, given: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    """Inputs as the runbook declares them: texts of a route become numbers and booleans where those are declared.

    With `strict` (a person declares) whatever does not fit raises `InputRefused`; without (an alert) it is left out,
    so that the default applies.
    """
    fitting: dict[str, Any] = {}
    for name, value in given.items():
        spec = runbook.inputs.get(name)
        try:
            if spec is None:
                known = ", ".join(sorted(runbook.inputs)) or "none"
                raise InputRefused(name, f"{runbook.metadata.name} has no such input (it has {known})")
            fitting[name] = _fit(name, spec, value)
        except InputRefused as refused:
            if strict:
                raise
            log.warning("input_left_out", runbook=runbook.metadata.name, reason=str(refused))
    if strict:
        for name, spec in runbook.inputs.items():
            if name not in fitting and spec.required and spec.default is None:
                raise InputRefused(name, f"is missing; {runbook.metadata.name} needs it")
    return fitting


def _fit(name: str, spec: FieldSpec, value: Any) -> Any:
    fitted = _typed(name, spec.type, value)
    if spec.enum is not None and fitted not in spec.enum:
        raise InputRefused(name, f"is one of {', '.join(map(str, spec.enum))}, not {value}")
    return fitted


def _typed(name: str, kind: str, value: Any) -> Any:
    if kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InputRefused(name, "is a number")
        try:
            number = float(value)
            whole = int(number) if number.is_integer() else None
        except (ValueError, OverflowError):
            raise InputRefused(name, f"is a number, not {value}") from None
        if kind == "integer" and whole is None:
            raise InputRefused(name, f"is a whole number, not {value}")
        return number if whole is None else whole
    if kind == "boolean":
        known = {"true": True, "false": False} if isinstance(value, str) else {True: True, False: False}
        try:
            return cast("dict[Any, bool]", known)[value]
        except (KeyError, TypeError):
            raise InputRefused(name, "is true or false") from None
    if kind == "list":
        if not isinstance(value, list):
            raise InputRefused(name, "is a list")
        return value
    if not isinstance(value, str):
        raise InputRefused(name, "is a text")
    return value
