"""`mayday oncall` over a catalog folder, as people and scripts call it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mayday.cli.errors import CliError
from mayday.cli.oncall import oncall_app
from tests.doubles.pagerduty import PagerDuty

CATALOG = """\
apiVersion: catalog/v1
kind: Catalog
people: { ana: { name: Ana Ruiz }, raj: { name: Raj Patel } }
schedules:
  office:
    tz: Europe/London
    layers: [{ rotation: daily, handoff: "09:00", people: [ana, raj], active: { hours: "09:00-17:00" } }]
  nights: { tz: UTC, layers: [{ rotation: weekly, handoff: "Mon 09:00", people: [ana, raj] }] }
  network: { source: pagerduty, id: PABC12, fallback: schedule.nights }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "all.yaml").write_text(CATALOG, encoding="utf-8")
    return tmp_path


def mayday_oncall(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(
        oncall_app, [words[0], "--runbooks", str(folder), *words[1:]], env={"COLUMNS": "160", "TERM": "dumb"}
    )


def items(result: Result) -> list[dict[str, Any]]:
    answer = json.loads(result.stdout)
    assert answer["next"] is None
    return list(answer["items"])


def test_who_is_on_call_at_ten_past_two(folder: Path) -> None:
    result = mayday_oncall(folder, "show", "--at", "2026-03-02T02:10Z", "--json")
    assert result.exit_code == 0
    assert items(result) == [
        {
            "schedule": "office",
            "person": None,
            "source": None,
            "layer": None,
            "until": "2026-03-02T09:00:00.000Z",
            "next": {"person": "raj", "at": "2026-03-02T09:00:00.000Z"},
        },
        {
            "schedule": "nights",
            "person": "ana",
            "source": "layer",
            "layer": 1,
            "until": "2026-03-02T09:00:00.000Z",
            "next": {"person": "raj", "at": "2026-03-02T09:00:00.000Z"},
        },
        {
            "schedule": "network",
            "person": "ana",
            "people": ["ana"],
            "source": "pagerduty",
            "fallback": "schedule.nights",
            "next": None,
            "note": "schedule.nights stands in: pagerduty is not set up",
        },
    ]


def test_people_see_names_and_their_own_clock(folder: Path) -> None:
    result = mayday_oncall(folder, "show", "--at", "2026-07-01T10:00")
    assert result.exit_code == 0
    assert "Ana Ruiz" in result.stdout or "Raj Patel" in result.stdout
    assert "Wed 2026-07-01 17:00 BST" in result.stdout
    assert "schedule.nights stands in: pagerduty is not set up" in result.stdout


def test_the_shifts_of_a_few_days(folder: Path) -> None:
    result = mayday_oncall(folder, "show", "schedule.office", "--at", "2026-03-02", "--days", "1", "--json")
    assert [(row["person"], row["starts_at"][11:16], row["ends_at"][11:16]) for row in items(result)] == [
        (None, "00:00", "09:00"),
        ("raj", "09:00", "17:00"),
        (None, "17:00", "00:00"),
    ]
    assert "nobody" in mayday_oncall(folder, "show", "--at", "2026-03-02", "--days", "1").stdout


def test_gaps_leave_with_one_and_none_with_zero(folder: Path) -> None:
    found = mayday_oncall(folder, "gaps", "--at", "2026-03-02", "--days", "1")
    assert found.exit_code == 1
    assert "office: nobody from Mon 2026-03-02 00:00 GMT to Mon 2026-03-02 09:00 GMT" in found.stdout
    assert len(items(mayday_oncall(folder, "gaps", "--at", "2026-03-02", "--days", "1", "--json"))) == 2
    none = mayday_oncall(folder, "gaps", "nights")
    assert (none.exit_code, none.stdout.strip()) == (0, "no gaps in 28 days")


def test_a_misspelt_schedule_is_answered_with_the_right_one(folder: Path) -> None:
    result = mayday_oncall(folder, "show", "offise")
    assert result.exit_code == 1
    assert "did you mean office?" in result.stderr


@pytest.mark.parametrize("words", [("show", "--at", "yesterday"), ("show", "--days", "0"), ("gaps", "--days", "9999")])
def test_wrong_usage_leaves_with_two(folder: Path, words: tuple[str, ...]) -> None:
    assert mayday_oncall(folder, *words).exit_code == 2


def test_a_missing_folder_leaves_with_two(tmp_path: Path) -> None:
    assert mayday_oncall(tmp_path / "nowhere", "show").exit_code == 2


@pytest.mark.parametrize(
    ("good", "bad", "place", "hint"),
    [
        ('handoff: "Mon 09:00"', 'handoff: "09:00"', "all.yaml:8:", "write handoff: 'Mon 09:00'"),
        ("Europe/London", "Europe/Lodon", "all.yaml:6:", "did you mean Europe/London?"),
        ("kind: Catalog", "kind: Catalog\nkind: Catalog", "all.yaml:3:", "kind"),
    ],
)
def test_a_catalog_that_cannot_be_read_says_where(folder: Path, good: str, bad: str, place: str, hint: str) -> None:
    (folder / "catalog" / "all.yaml").write_text(CATALOG.replace(good, bad), encoding="utf-8")
    result = mayday_oncall(folder, "show")
    assert result.exit_code == 1
    assert place in result.stderr
    assert hint in result.stderr


class _Starter:
    """One that knows an override which somebody made tonight."""

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/api/v1/oncall/overrides"
        shift = {"from_at": "2026-03-02T00:00:00.000Z", "to_at": "2026-03-03T00:00:00.000Z", "person": "raj"}
        return {"items": [{"schedule": "nights", **shift}], "next": None}


def test_a_shift_that_somebody_took_tonight_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(folder))
    monkeypatch.setattr("mayday.cli.oncall.remote", _Starter)
    words = ["show", "nights", "--at", "2026-03-02T02:10Z", "--json"]
    (item,) = items(CliRunner().invoke(oncall_app, words))
    assert (item["person"], item["source"]) == ("raj", "override")
    (written,) = items(mayday_oncall(folder, *words))
    assert written["person"] == "ana", "a folder named by hand is looked at as it is written"


def test_a_starter_that_does_not_answer_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> None:
        raise CliError("no starter answers at http://127.0.0.1:1")

    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(folder))
    monkeypatch.setattr("mayday.cli.oncall.remote", nobody)
    result = CliRunner().invoke(oncall_app, ["show", "nights"])
    assert result.exit_code == 0
    assert "overrides made at run time are not counted" in result.stderr


async def test_a_schedule_that_is_kept_elsewhere_is_asked_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With this machine's settings; where the vendor does not say, who would be paged instead is shown, and why."""
    file = folder / "catalog" / "all.yaml"
    file.write_text(CATALOG.replace("name: Raj Patel", "name: Raj Patel, ids: { pagerduty: PRAJ001 }"))
    async with PagerDuty() as double:
        for key, value in double.settings().items():
            monkeypatch.setenv(key, value)
        double.on_duty("PABC12", "PRAJ001", "2026-03-02T00:00:00Z", "2026-03-02T09:00:00Z")

        async def shown(*words: str) -> Result:
            return await asyncio.to_thread(
                mayday_oncall, folder, "show", "network", "--at", "2026-03-02T02:10Z", *words
            )

        [row] = items(await shown("--json"))
        assert (row["person"], row["people"], row["note"]) == ("raj", ["raj"], None)
        assert "Raj Patel" in (await shown()).stdout
        double.fail("status", 500, times=20)
        [row] = items(await shown("--json"))
        assert (row["person"], row["note"]) == ("ana", f"schedule.nights stands in: {row['note'].partition(': ')[2]}")
        assert "500" in row["note"]
