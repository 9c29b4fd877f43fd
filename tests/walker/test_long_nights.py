"""Three days and six thousand alerts: the state stays small, and nothing is forgotten in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from mayday.domain.incident import AlertEvent
from tests.walker.conftest import START, Night

MIB = 1024 * 1024


def test_the_state_of_a_long_incident_fits_the_next_run(open_night: Callable[..., Night]) -> None:
    night = open_night("payments_sev1").run(1)
    for hour in range(1, 73):
        night.run(hour * 60)
        night.say("note", "raj", text=f"hour {hour}: still looking")
    size = len(json.dumps({"state": night.walker.dump(), "plan": night.walker.start.plan}))
    assert size < MIB, size


def test_a_storm_is_a_few_lines(open_night: Callable[..., Night]) -> None:
    night = open_night("gate").run(1)
    for number in range(0, 6000, 200):
        at = START + timedelta(seconds=60 + number // 50)
        events = [
            AlertEvent(
                source="alertmanager",
                dedupe_key=f"k{n}" * 10,
                alert_key=f"pod{n}",
                state="firing",
                title="pod",
                received_at=at,
            )
            for n in range(number, number + 200)
        ]
        night.incident.run_to(at)
        night.incident.alert(events)
        night.incident.alert(events)
    night.run(10)
    assert night.walker.state.alerts.seen == 6000
    assert len(night.of("alert_fired")) == 20
    summed = night.of("alerts_summed")
    assert sum(entry.data["fired"] for entry in summed) == 6000 - 20
    assert len(json.dumps(night.walker.dump())) < MIB // 2
