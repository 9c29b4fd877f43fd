"""`mayday review`: what it asks of the starter, what it prints, how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from mayday.cli import review, review_actions, review_verify
from mayday.cli.main import app
from mayday.cli.remote import Remote
from tests.review.one_night import night
from tests.review.story import Story, given
from tests.review.test_obligations import FINAL

Run = Callable[..., Result]


class Starter:
    """Answers from a table and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body))
        if request.method == "POST":
            return httpx.Response(200, json={"state": "applied", "entry": 7, "detail": {}})
        return httpx.Response(200, json=self.answers[request.url.path])


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> Starter:
    found = Starter()
    made = lambda: Remote("http://starter", "t", transport=httpx.MockTransport(found))  # noqa: E731 - a factory
    for module in (review, review_actions, review_verify):
        monkeypatch.setattr(module, "remote", made)
    return found


@pytest.fixture
def run() -> Run:
    def command(*arguments: str, **more: Any) -> Result:
        return CliRunner().invoke(app, ["review", *arguments], **more)

    return command


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        ("accept INC-1", "accepts", {}),
        ("owner INC-1 dee --reason away", "owner", {"person": "dee", "reason": "away"}),
        ("meeting INC-1 2026-05-05T10:00:00Z", "meeting", {"starts_at": "2026-05-05T10:00:00Z", "reason": ""}),
        ("edit INC-1 summary Broke --version 2", "report", {"section": "summary", "text": "Broke", "version": 2}),
        ("state INC-1 in_review", "state", {"state": "in_review"}),
        ("close INC-1", "state", {"state": "closed"}),
        (
            "form INC-1 --category network --no-change",
            "closing-form",
            {"category": "network", "caused_by_change": False},
        ),
        ("release INC-1 x", "releases", {"item": "x", "withhold": False, "reason": ""}),
        ("release INC-1 x --text better", "rewrites", {"item": "x", "text": "better"}),
        ("finding INC-1 f --no --reason late", "findings", {"finding": "f", "yes": False, "reason": "late"}),
        ("finding INC-1 f --settle done", "settlements", {"finding": "f", "text": "done"}),
        ("rca INC-1 gateway_co route", "vendor-rcas", {"vendor": "gateway_co", "text": "route"}),
        ("problem INC-1 PRB-1", "problem", {"number": "PRB-1", "url": ""}),
        ("note INC-1 hello", "notes", {"text": "hello"}),
        ("actions add INC-1 Drill --owner lee", "actions", {"title": "Drill", "owner": "lee", "priority": "normal"}),
        ("actions complete INC-1 A1 --result ok", "actions/A1/complete", {"result": "ok"}),
        ("actions drop INC-1 A1 --reason moot", "actions/A1/drop", {"reason": "moot"}),
        ("actions reassign INC-1 A1 kim", "actions/A1/reassign", {"to": "kim", "reason": ""}),
        (
            "actions extend INC-1 A1 2026-06-30T17:00:00Z --reason late",
            "actions/A1/extend",
            {"due_at": "2026-06-30T17:00:00Z", "reason": "late"},
        ),
    ],
)
def test_each_command_sends_what_it_says(starter: Starter, run: Run, arguments: str, path: str, body: Any) -> None:
    done = run(*arguments.split())
    assert done.exit_code == 0, done.output
    assert starter.asked == [("POST", f"/api/v1/reviews/INC-1/{path}", body)]
    assert "timeline entry 7" in done.output


def test_an_edit_is_based_on_the_newest_version_and_reads_standard_input(starter: Starter, run: Run) -> None:
    starter.answers["/api/v1/reviews/INC-1/report"] = {"sections": {"summary": {"version": 3}}}
    done = run("edit", "INC-1", "summary", input="From a pipe.\n")
    assert done.exit_code == 0, done.output
    assert starter.asked[-1][2] == {"section": "summary", "text": "From a pipe.\n", "version": 3}


def test_show_says_who_owes_what(starter: Starter, run: Run) -> None:
    board = Story(given(finals=[FINAL])).case.board()
    starter.answers["/api/v1/reviews/INC-1"] = board.model_dump(mode="json", by_alias=True)
    text = run("show", "INC-1").output
    assert "review draft" in text
    assert "ana (asked)" in text
    assert FINAL["id"] in text
    assert json.loads(run("show", "INC-1", "--json").output)["state"] == "draft"
    assert "category" in run("form", "INC-1").output


def test_the_report_is_printed_or_written(starter: Starter, run: Run, tmp_path: Path) -> None:
    starter.answers["/api/v1/reviews/INC-1/report"] = {"markdown": "# SEV1\n", "version": 2, "sections": {}}
    assert run("report", "INC-1").output == "# SEV1\n"
    assert run("report", "INC-1", "--output", str(tmp_path / "r.md")).exit_code == 0
    assert (tmp_path / "r.md").read_text() == "# SEV1\n"


def test_lists(starter: Starter, run: Run) -> None:
    item = {
        "id": "A1",
        "title": "Drill",
        "owner": "lee",
        "priority": "high",
        "due_at": "2026-05-01T00:00:00.000Z",
        "state": "open",
    }
    starter.answers["/api/v1/actions"] = {"items": [{**item, "incident_id": "INC-1"}], "next": None}
    starter.answers["/api/v1/reviews/INC-1/actions"] = {
        "items": [item, {**item, "id": "A2", "state": "done"}],
        "next": None,
    }
    starter.answers["/api/v1/reviews"] = {"items": [], "next": None}
    assert "Drill" in run("actions", "list").output
    assert "A2" not in run("actions", "list", "INC-1").output
    assert run("actions", "INC-1").output == run("actions", "list", "INC-1").output
    assert run("actions", "--state", "all").output == run("actions", "list", "--state", "all").output
    assert run("actions").output == run("actions", "list").output
    assert run("actions", "lst").exit_code == 2
    assert "list" in run("actions", "--help").output
    assert "no reviews" in run("list").output


def test_verify_checks_on_this_machine_and_names_the_broken_entry(starter: Starter, run: Run, tmp_path: Path) -> None:
    items = [entry.public() for entry in night().entries]
    path = "/api/v1/incidents/INC-1/timeline"
    starter.answers[path] = {"items": items, "next": None}
    whole = run("verify", "INC-1")
    assert (whole.exit_code, "intact: 31 entries" in whole.output) == (0, True)

    items[8]["data"] = {**items[8]["data"], "reason": "edited"}
    broken = run("verify", "INC-1")
    assert broken.exit_code == 1
    assert "entry 9 (" in broken.output
    assert json.loads(run("verify", "INC-1", "--json").output)["first_broken"] == 9

    file = tmp_path / "timeline.json"
    file.write_text(json.dumps({"items": [entry.public() for entry in night().entries][:-1]}))
    assert run("verify", "--file", str(file)).exit_code == 0
    cut = run("verify", "--file", str(file), "--head", night().entries[-1].hash)
    assert cut.exit_code == 1
    assert "entries are missing" in cut.output


def test_wrong_usage(starter: Starter, run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    for arguments in (
        ["verify"],
        ["verify", "INC-1", "--file", "x"],
        ["verify", "--file", str(tmp_path / "x.json")],
        ["verify", "--file", str(tmp_path / "none.json")],
        ["finding", "INC-1", "f"],
        ["edit", "INC-1", "summary", "x", "--file", "y"],
        ["actions", "add", "INC-1", "Drill"],
    ):
        assert run(*arguments).exit_code == 2, arguments
