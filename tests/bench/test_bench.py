"""Every benchmark runs, and says what it measured, the raw floor of the same run and whether the aim is met."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from bench.__main__ import BENCHMARKS, main, measure
from bench.figures import paired, percentile, spread
from bench.scenario import HistoryShape, Stage, plain_of, same_size_of
from bench.sizes import TINY, Sizes, UnknownSize


@pytest.mark.temporal
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "names",
    [
        ["first_page"],
        ["storm"],
        ["open_incidents"],
        ["watchers"],
        ["history", "replay", "virtual_clock"],
        ["lint", "cold_start", "growth"],
        ["archive"],
    ],
)
async def test_it_runs(names: list[str]) -> None:
    figures = await measure(names, TINY, Stage())
    assert sorted(figure.name for figure in figures) == sorted(names)
    for figure in figures:
        assert all(value > 0 for value in figure.measured.values())
        assert all(value > 0 for value in figure.floor.values()), "a figure without its floor says nothing"
        assert figure.ratio
        assert json.loads(json.dumps(figure.as_data()))["aim"]


def test_only_the_result_goes_to_stdout(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """What Temporal's core or a child process prints there must not spoil the JSON."""

    async def chatty(*_: object) -> list[object]:
        os.write(1, b"a child says something\n")
        return []

    monkeypatch.setattr("bench.__main__.measure", chatty)
    monkeypatch.setattr("bench.__main__.log_only_errors", lambda: None)
    assert main(["--tiny", "--only", "replay"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["figures"] == []
    assert "a child says something" in err


def test_sizes_are_set_by_name() -> None:
    assert Sizes().changed(["open_incidents=7"]).open_incidents == 7
    for wrong in ("open_incident=7", "open_incidents=none", "open_incidents=0"):
        with pytest.raises(UnknownSize):
            Sizes().changed([wrong])


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5, 1, 4, 2, 3], 50) == 3
    assert percentile([5, 1, 4, 2, 3], 99) == 5
    assert spread([0.002])["p99_ms"] == 2
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_what_disturbs_a_round_disturbs_both_of_it() -> None:
    assert paired([10, 100, 10], [5, 50, 5]) == 2


def test_the_hand_written_run_has_as_many_effects_and_timers() -> None:
    shape = HistoryShape()
    shape.events.update(timer_fired=7, marker_recorded=20)
    shape.bytes.update(marker_recorded=20_000)
    shape.local.update({"messaging.send_message": 20})
    shape.ordinary.update({"dr.invoke": 3})
    beats = same_size_of(shape).beats
    assert (len(beats), sum(beat.local for beat in beats), sum(beat.ordinary for beat in beats)) == (7, 20, 3)
    calls = Counter({"messaging.send_message": 20, "dr.invoke": 3})
    assert sum(beat.ordinary for beat in plain_of(shape, calls).beats) == 23


def test_the_names_are_those_of_the_documentation() -> None:
    assert list(BENCHMARKS) == [
        "first_page", "storm", "open_incidents", "watchers", "history", "replay", "virtual_clock", "lint", "cold_start",
        "growth", "archive",
    ]  # fmt: skip


def test_the_documentation_names_every_benchmark() -> None:
    text = (Path(__file__).parents[2] / "docs" / "performance.md").read_text(encoding="utf-8")
    assert [name for name in BENCHMARKS if f"| `{name}` |" not in text] == []
