"""Incidents that really ran are archived and read back: they replay, their chains hold, and their scenarios make them
again."""

from __future__ import annotations

import pathlib
from datetime import timedelta

import pytest

from mayday.archive.collecting import histories_of, history_document, tapes_of, timeline_document
from mayday.archive.compatibility import judged
from mayday.archive.export_file import packed, unpacked
from mayday.archive.moments import parse_moment, seen
from mayday.archive.plain_history import plain_history
from mayday.archive.reproduction import reproduced
from mayday.domain.report.kpis import kpis
from mayday.domain.report.trends import facts_of
from mayday.domain.timeline import Entry, first_broken
from mayday.language.library import Library
from mayday.records import Records
from mayday.simulator.on_temporal import TemporalStage
from mayday.temporal.plugin import data_converter
from tests.archive.corpus import BASES, RUNBOOKS, Recording, recordings
from tests.archive.reckoning import reckoned
from workflows.registry import WORKFLOWS

pytestmark = [pytest.mark.temporal]


async def check(recording: Recording, records: Records) -> None:
    codec = data_converter().payload_codec
    assert codec is not None
    plain = [await plain_history(history, codec) for history in recording.histories]
    documents = [*(history_document(history) for history in plain), timeline_document(recording.entries)]
    await records.archives.add(recording.id, "0.1.0", documents)
    archived = await records.archives.get(recording.id)
    assert unpacked(packed(archived), recording.name) == archived

    entries = archived.timeline()
    assert entries == recording.entries
    assert first_broken(entries) is None
    hashes = {entry.seq: entry.hash for entry in entries}
    for history in histories_of(archived):
        verdict = await judged(history, WORKFLOWS, hashes=hashes)
        assert verdict.fits, (recording.name, verdict)

    tapes = await tapes_of(archived)
    for identified in (False, True) if len(entries) < 200 else (False,):
        made = await reproduced(tapes, recording.name, identified=identified)
        assert made.differences == [], recording.name
        assert made.misses == [], recording.name
        assert len(made.entries) == len(entries)
    middle = entries[len(entries) // 2]
    then = seen(tapes, entries, parse_moment(str(middle.seq), entries))
    assert (then.entry, then.differs) == (middle.seq, None)


async def play(count: int, seed: int) -> None:
    library = Library.load(RUNBOOKS)
    async with await Records.open("sqlite://") as records:
        runs = 0
        async for recording in recordings(library, count, seed):
            await check(recording, records)
            runs += len(recording.histories)
        timelines = {id_: [entry.model_dump() for entry in (await records.archives.get(id_)).timeline()]
                     for id_ in await records.archives.incidents()}  # fmt: skip
        made = [facts_of(id_, [Entry.model_validate(entry) for entry in raw]) for id_, raw in timelines.items()]
        measures = {each.name: (each.value, each.n) for each in kpis([each for each in made if each]).total.measures}
        for name, reckoning in reckoned(timelines).items():
            assert measures[name] == reckoning, name
        assert runs > count  # some went on in new runs
        assert len(await records.archives.incidents()) == count


@pytest.fixture(autouse=True)
def short_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call to the server that skips an hour of a busy night takes longer than a call may, on a loaded machine."""
    monkeypatch.setattr(TemporalStage, "longest_sleep", timedelta(minutes=5))


@pytest.mark.timeout(600)
async def test_twenty_recorded_incidents_are_read_back_and_made_again() -> None:
    await play(20, seed=6)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(22, 32))
async def test_two_hundred_recorded_incidents_are_read_back_and_made_again(seed: int) -> None:
    await play(20, seed)


def test_the_scenarios_that_are_varied_exist() -> None:
    folder = pathlib.Path(RUNBOOKS) / "scenarios"
    assert all((folder / f"{base}.yaml").exists() for base in BASES)
