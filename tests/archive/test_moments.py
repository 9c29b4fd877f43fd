"""What was known when: a moment is rebuilt from the history, whichever run it falls into."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mayday.archive.collecting import tapes_of
from mayday.archive.dossier import Dossier
from mayday.archive.export_file import write
from mayday.archive.moments import parse_begin, parse_moment, seen
from mayday.archive.tape import Tape
from mayday.cli.main import app
from mayday.domain.timeline import Entry, parse_timestamp
from tests.archive.recorded import archived

CLI = CliRunner()


@pytest.fixture(scope="module")
def night() -> Dossier:
    """A SEV1 whose vendor broke a promise, in five runs."""
    return asyncio.run(archived("payments_sev1_every_150"))


@pytest.fixture(scope="module")
def taped(night: Dossier) -> tuple[list[Tape], list[Entry]]:
    return asyncio.run(tapes_of(night)), night.timeline()


def test_a_time_of_day_shows_what_people_knew(taped: tuple[list[Tape], list[Entry]]) -> None:
    tapes, entries = taped
    then = seen(tapes, entries, parse_moment("02:35", entries))
    assert (then.status, then.phase, then.roles["incident_commander"]) == ("investigating", "restore", "ana")
    assert "invoke_dr" in {item.id for item in then.pending}
    asked = next(call for call in then.paged if call.page == "invoke_dr")
    assert (asked.people, asked.answered_by) == (["chris", "dana"], None)
    (response, *_) = [clock for clock in then.vendors if clock.clock == "response"]
    assert (response.vendor, response.state) == ("gateway_co", "breached")
    later = seen(tapes, entries, parse_moment("T+31m", entries))
    assert (
        next(call for call in later.paged if call.page == "invoke_dr" and "dana" in call.people).answered_by == "dana"
    )
    assert {update.audience for update in later.updates} >= {"customers", "technical"}


def test_every_entry_can_be_looked_at_and_fits_the_stored_one(taped: tuple[list[Tape], list[Entry]]) -> None:
    tapes, entries = taped
    for entry in entries[:: len(entries) // 12]:
        then = seen(tapes, entries, parse_moment(f"#{entry.seq}", entries))
        assert (then.entry, then.last, then.differs) == (entry.seq, entry.text, None)


def test_after_the_end_nothing_is_pending(taped: tuple[list[Tape], list[Entry]]) -> None:
    tapes, entries = taped
    then = seen(tapes, entries, parse_moment("T+20h", entries))
    assert (then.status, then.pending, then.next_update_at) == ("resolved", [], None)


def test_a_stored_entry_that_the_history_does_not_make_is_named(taped: tuple[list[Tape], list[Entry]]) -> None:
    tapes, entries = taped
    edited = [entry if entry.seq != 9 else entry.model_copy(update={"hash": "0" * 64}) for entry in entries]
    assert seen(tapes, edited, parse_moment("#12", edited)).differs == 9


@pytest.mark.parametrize("text", ["25:00", "soon", "#9999", "T-5m", ""])
def test_what_is_no_moment_is_refused_in_words(taped: tuple[list[Tape], list[Entry]], text: str) -> None:
    with pytest.raises(ValueError, match=r"time of day|no moment|no entry"):
        parse_moment(text, taped[1])


def test_before_the_opening_there_was_nothing(taped: tuple[list[Tape], list[Entry]]) -> None:
    tapes, entries = taped
    with pytest.raises(ValueError, match="not open yet"):
        seen(tapes, entries, parse_moment("2026-03-01T00:00:00Z", entries))


def test_the_commands_need_nothing_but_the_file(night: Dossier, tmp_path: Path) -> None:
    file = str(tmp_path / "x.mayday.zip")
    write(night, Path(file))
    shown = CLI.invoke(app, ["review", "at", file, "T+25m"])
    assert shown.exit_code == 0, shown.output
    assert "gateway_co" in shown.output
    assert json.loads(CLI.invoke(app, ["review", "at", file, "02:35", "--json"]).stdout)["phase"] == "restore"
    assert "nothing was written after that" not in shown.output
    assert (
        "nothing was written after that: the last entry is of 2026-03-0"
        in CLI.invoke(app, ["review", "at", file, "T+900d"]).output
    )
    assert CLI.invoke(app, ["review", "at", file, "soon"]).exit_code == 2
    assert "intact: " in CLI.invoke(app, ["review", "verify", "--file", file]).output
    Path(file).write_bytes(Path(file).read_bytes()[:3000])
    half = CLI.invoke(app, ["review", "verify", "--file", file])
    assert (half.exit_code, "no whole archive" in half.output) == (1, True)
    write(night, Path(file))

    drawn = CLI.invoke(
        app, ["review", "lanes", file, "-o", str(tmp_path / "x.svg"), "--from", "02:10", "--to", "03:00"]
    )
    assert drawn.exit_code == 0, drawn.output
    picture = (tmp_path / "x.svg").read_text()
    for word in ("invoke dr", "gateway_co", "customer update", "incident commander", "02:30"):
        assert word in picture
    assert "05:00" not in picture

    written = CLI.invoke(app, ["review", "scenario", file, "-o", str(tmp_path / "again.yaml")])
    assert written.exit_code == 0, written.output
    text = (tmp_path / "again.yaml").read_text()
    assert "person.dana" not in text
    assert "Dana" not in text
    played = CLI.invoke(app, ["runbook", "test", str(tmp_path / "again.yaml")])
    assert played.exit_code == 0, played.output


def test_a_time_of_day_at_which_it_was_not_open_is_not_the_next_day(taped: tuple[list[Tape], list[Entry]]) -> None:
    entries = taped[1]
    opened, ended = parse_timestamp(entries[0].at), next(entry for entry in entries if entry.kind == "finished")
    before = (opened - timedelta(minutes=30)).strftime("%H:%M")
    assert parse_timestamp(ended.at) < opened + timedelta(hours=23)
    with pytest.raises(ValueError, match=f"at {before} UTC it was not open: it went from"):
        parse_moment(before, entries)
    still = [entry for entry in entries if entry.kind != "finished"]  # of one that goes on, the next morning counts
    assert parse_moment(before, still).at > opened


def test_a_whole_time_of_another_zone_is_said_in_utc(taped: tuple[list[Tape], list[Entry]]) -> None:
    moment = parse_moment("2026-03-02T03:35:00+01:00", taped[1])
    assert (moment.at.hour, moment.at.tzinfo) == (2, UTC)
    with pytest.raises(ValueError, match="no such time in UTC"):
        parse_moment("0001-01-01T00:00:00+14:00", taped[1])


def test_a_minute_goes_to_its_end_and_begins_at_its_first_second(taped: tuple[list[Tape], list[Entry]]) -> None:
    assert parse_moment("02:35", taped[1]).at.second == 59
    assert parse_moment("02:35:10", taped[1]).at.microsecond == 999_000, "what happened in that second has happened"
    assert parse_begin("02:35", taped[1]).second == 0
