"""The catalog's schedules: what may be written, and what a refusal says."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from mayday.domain.durations import HintedError
from mayday.domain.oncall import people_of
from mayday.domain.schedules import ExternalSchedule, LocalSchedule, Schedule
from tests.domain.rotations import custom, daily, schedule, weekly

SCHEDULE: TypeAdapter[LocalSchedule | ExternalSchedule] = TypeAdapter(Schedule)


def test_everybody_who_may_stand_on_a_schedule() -> None:
    roster = schedule(
        layers=[daily("ana", "raj"), weekly("raj", "lee")],
        overrides=[{"from": "2026-03-03", "to": "2026-03-04", "person": "max"}],
    )
    assert people_of(roster) == ["ana", "raj", "lee", "max"]
    assert people_of(ExternalSchedule(source="pagerduty", id="PABC12")) == []


def test_a_schedule_may_live_elsewhere() -> None:
    external = SCHEDULE.validate_python(
        {"source": "pagerduty", "id": "PABC12", "cache": "5m", "fallback": "schedule.payments_secondary"}
    )
    assert isinstance(external, ExternalSchedule)
    assert str(external.cache) == "5m"
    assert SCHEDULE.validate_python(external) is external
    local = SCHEDULE.validate_python({"tz": "UTC", "layers": [daily("ana")]})
    assert isinstance(local, LocalSchedule)
    with pytest.raises(ValidationError, match="fallback"):
        SCHEDULE.validate_python({"source": "pagerduty", "id": "P1", "fallback": "payments_secondary"})


def test_what_is_read_is_written_back() -> None:
    written = {
        "tz": "Europe/London",
        "layers": [weekly("ana", active={"hours": "00:00-24:00"})],
        "overrides": [{"from": "2026-12-24T09:00", "to": "2026-12-27T09:00", "person": "raj"}],
    }
    read = SCHEDULE.validate_python(written)
    assert SCHEDULE.dump_python(read, mode="json", by_alias=True, exclude_unset=True) == written


def test_editors_get_an_explanation_of_every_key() -> None:
    schema = SCHEDULE.json_schema()
    for model in ("Layer", "Active", "Override", "ExternalSchedule"):
        for name, key in schema["$defs"][model]["properties"].items():
            assert key.get("description"), f"{model}.{name}"


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        (daily("ana", at="Mon 08:00"), "write handoff: '08:00'"),
        (weekly("ana", at="08:00"), "write handoff: 'Mon 09:00'"),
        ({"rotation": "weekly", "people": ["ana"]}, "write handoff: 'Mon 09:00'"),
        (weekly("ana", at="Mon-Tue 09:00"), "one weekday and a time"),
        (weekly("ana", at="Monday 09:00"), "did you mean Mon?"),
        (weekly("ana", at="Mon 9:00"), "did you mean 09:00?"),
        (weekly("ana", at="Mon 24:00"), "one weekday and a time"),
        (daily("ana", every="12h"), "write rotation: custom"),
        ({"rotation": "custom", "people": ["ana"]}, "write every: 12h"),
        (custom("ana", every="2 business days"), "write every: 12h"),
        (custom("ana", every="5m"), "write every: 12h"),
        (custom("ana", every="1w", handoff="Mon 09:00", start="2026-03-03T09:00"), "change one"),
        (custom("ana", every="1w", handoff="Mon 09:00", start="2026-03-03"), "change one"),
        (daily("ana", active={"hours": "09:00"}), "09:00-17:30"),
        (daily("ana", active={"days": "weekend"}), "one of Mon"),
        (daily("ana", start="next week"), "2026-12-24T09:00"),
    ],
)
def test_layers_that_make_no_sense_are_refused_with_what_to_write(layer: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        schedule(layers=[layer])
    error = refusal.value.errors()[0]["ctx"]["error"]
    assert isinstance(error, HintedError)
    assert hint in error.hint


@pytest.mark.parametrize(
    "wrong",
    [
        {"tz": "Europe/Lodon"},
        {"layers": []},
        {"layers": [daily()]},
        {"layers": [daily("ana", peple=["raj"])]},
        {"overrides": [{"from": "2026-03-04", "to": "2026-03-03", "person": "raj"}]},
        {"overrides": [{"from": "2026-03-04", "to": "2026-03-04", "person": "raj"}]},
        {"overrides": [{"from": "2026-03-04", "to": "2026-03-05"}]},
        {"overides": []},
    ],
)
def test_schedules_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LocalSchedule.model_validate({"tz": "UTC", "layers": [daily("ana")], **wrong})
