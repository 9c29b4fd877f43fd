"""The catalog's `schedules` as their owners write them: layers of people who take turns, overrides, external rosters.

What they mean is in `mayday.domain.oncall`. Closed models: a misspelt key is refused. Texts stay as they were written,
once they are known to be readable; descriptions are shown by editors.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from mayday.domain.durations import Duration
from mayday.domain.wallclock import (
    WallClockError,
    Window,
    ZoneName,
    parse_clock,
    parse_days,
    parse_hours,
    parse_moment,
)

__all__ = ["Active", "ExternalSchedule", "Layer", "LocalSchedule", "Override", "Schedule", "parse_handoff"]

SHORTEST_TURN = Duration(seconds=3600)


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def _checked(parse: Callable[[str], object]) -> AfterValidator:
    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


def parse_handoff(text: str) -> tuple[int | None, int]:
    """Weekday (or None) and minutes since midnight of `Mon 09:00` or `08:00`."""
    day, _, clock = text.rpartition(" ")
    days = parse_days(day) if day else None
    minutes = parse_clock(clock)
    if minutes == 1440 or (days is not None and len(days) != 1):
        raise WallClockError(f"{text!r} is no hand-off", "write one weekday and a time, for example Mon 09:00")
    return (min(days) if days else None), minutes


Moment = Annotated[
    str,
    _checked(parse_moment),
    Field(description="`2026-12-24T09:00` in the schedule's time zone, or with an offset: `2026-12-24T09:00Z`"),
]
PersonId = Annotated[str, Field(min_length=1, description="A person of the catalog")]


class Active(_Closed):
    """The part of the week in which a layer names somebody."""

    hours: Annotated[str, _checked(parse_hours)] = Field(
        "00:00-24:00",
        description="Hours of the day; `22:00-06:00` runs over midnight and belongs to the day it starts on",
    )
    days: Annotated[str, _checked(parse_days)] = Field("Mon-Sun", description="Days: `Mon-Fri`, `Sat,Sun`")

    @property
    def window(self) -> Window:
        return Window(parse_days(self.days), *parse_hours(self.hours))

    @property
    def always(self) -> bool:
        return self.window == Window(frozenset(range(7)), 0, 1440)


class Layer(_Closed):
    """People who take turns. Where several layers are active at once, the last listed wins."""

    rotation: Literal["daily", "weekly", "custom"] = Field(
        description="How often the turn changes: every day, every week, or `custom` with `every`"
    )
    handoff: Annotated[str, _checked(parse_handoff)] | None = Field(
        None, description="When the turn changes: `08:00` (daily), `Mon 09:00` (weekly); optional with `custom`"
    )
    every: Duration | None = Field(None, description="Only with `custom`: the length of a turn, `12h` or `2w`")
    start: Moment | None = Field(
        None,
        description="From when the layer counts; the first of `people` takes over then. A date alone means its "
        "hand-off time. Without it turns are counted from Monday 2024-01-01",
    )
    people: Annotated[list[PersonId], Field(min_length=1)] = Field(description="Who takes turns, in this order")
    active: Active = Field(
        default_factory=Active, description="Hours and days in which the layer counts; always, when left out"
    )

    @model_validator(mode="after")
    def _rotation_fits(self) -> Layer:
        day = parse_handoff(self.handoff)[0] if self.handoff else None
        if self.rotation != "custom":
            if self.every:
                raise WallClockError(f"`every` has no place in a {self.rotation} rotation", "write rotation: custom")
            if not self.handoff or (day is None) == (self.rotation == "weekly"):
                example = "Mon 09:00" if self.rotation == "weekly" else "08:00"
                raise WallClockError(f"a {self.rotation} rotation needs its hand-off", f"write handoff: {example!r}")
            return self
        if not self.every or self.every.is_business or self.every < SHORTEST_TURN:
            raise WallClockError("a custom rotation needs the length of a turn, 1h or more", "write every: 12h")
        if self.start and self.handoff:
            start = parse_moment(self.start_text())
            if start.tzinfo is None and not self._is_handoff(start):
                raise WallClockError(
                    f"`start` {self.start} is not at the hand-off {self.handoff}", "leave `handoff` out, or change one"
                )
        return self

    def start_text(self) -> str:
        """`start` with its time: a date alone begins at the hand-off."""
        text = self.start or ""
        if len(text) > 10:
            return text
        minutes = parse_handoff(self.handoff)[1] if self.handoff else 0
        return f"{text}T{minutes // 60:02d}:{minutes % 60:02d}"

    def _is_handoff(self, wall: datetime) -> bool:
        day, minutes = parse_handoff(self.handoff or "00:00")
        return wall.time() == time(minutes // 60, minutes % 60) and day in (None, wall.weekday())


class Override(_Closed):
    """One person instead of all layers, for a while. Of two that overlap the later in the list wins."""

    from_: Moment = Field(alias="from")
    to: Moment
    person: PersonId = Field(description="Who is on call instead")

    @classmethod
    def between(cls, from_at: datetime, to_at: datetime, person: str) -> Override:
        """An override made at run time, from one aware instant until just before another."""
        return cls.model_validate({"from": from_at.isoformat(), "to": to_at.isoformat(), "person": person})

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Override:
        start, end = parse_moment(self.from_), parse_moment(self.to)
        if (start.tzinfo is None) == (end.tzinfo is None) and end <= start:
            raise WallClockError(f"the override ends at {self.to}, before it starts", "change `from` or `to`")
        return self


class LocalSchedule(_Closed):
    """An on-call schedule kept in the catalog."""

    tz: ZoneName
    layers: Annotated[list[Layer], Field(min_length=1)] = Field(description="Later layers win where they are active")
    overrides: list[Override] = Field([], description="Exceptions: holidays, swaps, illness")


class ExternalSchedule(_Closed):
    """An on-call schedule kept in another system, which is asked who is on call."""

    source: Literal["pagerduty", "opsgenie", "jsm"] = Field(description="The system that keeps it")
    id: Annotated[str, Field(min_length=1)] = Field(description="The schedule's id in that system")
    cache: Duration = Field(Duration(seconds=300), description="How long an answer may be used again")
    fallback: Annotated[str, Field(pattern=r"^schedule\.[a-z][a-z0-9_]*$")] | None = Field(
        None, description="The schedule that stands in while the system does not answer"
    )


def _kind(value: Any) -> str:
    external = isinstance(value, ExternalSchedule) or (isinstance(value, dict) and "source" in value)
    return "external" if external else "local"


Schedule = Annotated[
    Annotated[LocalSchedule, Tag("local")] | Annotated[ExternalSchedule, Tag("external")], Discriminator(_kind)
]
"""An entry of the catalog's `schedules`; the key `source` tells the two forms apart."""
