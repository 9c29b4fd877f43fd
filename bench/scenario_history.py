"""How long a history the scenario makes, all duties and flushes included, and what it is made of."""

from __future__ import annotations

from bench.figures import Figure
from bench.progress import say
from bench.scenario import Stage, shape_of
from bench.sizes import Sizes

NAME = "history"
EVENTS_AIMED_AT = 700


async def run(sizes: Sizes, stage: Stage) -> Figure:
    played = await stage.played()
    shape, plain = shape_of(*played.histories), shape_of(played.plain)
    for name, count in shape.events.most_common(5):
        say(f"  {count:4} {name}, {shape.bytes[name]:,} bytes")
    return Figure(
        name=NAME,
        what="history of the scenario payments_sev1 on the time-skipping server; floor: the same effects and timers by "
        "hand, one ordinary activity each",
        aim=f"at most {EVENTS_AIMED_AT} events",
        measured={"events": shape.size, "bytes": shape.weight},
        floor={"events": plain.size, "bytes": plain.weight},
        ratio={"events": shape.size / plain.size, "bytes": shape.weight / plain.weight},
        met=shape.size <= EVENTS_AIMED_AT,
        detail={
            "runs": len(played.histories),
            "timeline_entries": len(played.report.timeline),
            "events": dict(shape.events.most_common()),
            "bytes": dict(shape.bytes.most_common()),
            "local_activities": dict(shape.local.most_common()),
            "ordinary_activities": dict(shape.ordinary.most_common()),
            "calls": dict(played.calls.most_common()),
        },
    )
