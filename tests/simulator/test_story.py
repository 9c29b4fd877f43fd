"""A rehearsal told line by line, for people: times of day, lengths of time in words, and how long after the start."""

from __future__ import annotations

import pathlib
import re
from datetime import datetime

from mayday.domain.timeline import Entry
from mayday.language.library import Library
from mayday.settings import packaged_runbooks
from mayday.simulator.files import ScenarioFile
from mayday.simulator.story import Story

RAW = re.compile(r"\d{4}-\d\d-\d\dT|\b\d+ s\b")


def entry(at: str, kind: str, /, **data: object) -> Entry:
    return Entry.model_validate(
        {"seq": 1, "at": at, "kind": kind, "actor": "system", "step": None, "data": data, "prev_hash": "", "hash": ""}
    )


def told(start: str, *entries: Entry) -> list[str]:
    return list(Story(datetime.fromisoformat(start)).lines(entries))


def test_times_are_of_the_zone_in_which_the_start_is_written() -> None:
    begun = entry(
        "2026-03-03T22:40:00.000Z", "cadence_started",
        cadence="customers", audience="customers", every_s=1800, next_at="2026-03-03T23:10:00.000Z",
    )  # fmt: skip
    late = entry("2026-03-04T00:41:30.000Z", "acknowledged", page="engineers", after_s=90)
    assert told("2026-03-03T23:40:00+01:00", begun, late) == [
        "Tuesday 3 March 2026, UTC+01:00",
        "T+00m00s    23:40:00  system   customers every 30 minutes, next 4 March 00:10",
        "Wednesday 4 March 2026, UTC+01:00",
        "T+2h01m30s  01:41:30  system   the system acknowledged “engineers” after 1 minute 30 seconds",
    ]


def test_further_lines_of_a_text_stand_below_its_first() -> None:
    text = "It is the cache.\nSeen since 2026-03-04T02:55:10.000Z\n"
    sent = entry("2026-03-04T03:00:00.000Z", "message_sent", purpose="update", audience="technical", text=text)
    first, second = told("2026-03-04T03:00:00Z", sent)[1:]
    assert first.endswith("  update to technical: It is the cache.")
    assert second == " " * first.index("update to") + "Seen since 02:55:10"


async def test_no_night_of_the_library_is_told_in_raw_times() -> None:
    library = Library.load(packaged_runbooks())
    for file in sorted((packaged_runbooks() / "scenarios").glob("*.yaml")):
        report, _ = await ScenarioFile(pathlib.Path(file), library).play()
        assert report.start is not None
        lines = list(Story(report.start).lines(report.entries))
        assert [line for line in lines if RAW.search(line)] == [], file
        assert len(lines) > len(report.timeline)
        assert not {"start", "entries"} & report.model_dump().keys()
