"""Drills on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.told_starter import Starter, run

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


def test_a_drill_stands_back_goes_on_and_ends(starter: Starter) -> None:
    for action, said in (("pause", "is paused"), ("resume", "goes on"), ("end", "is over")):
        told = run("drill", action, "I", "--reason", "why")
        assert (told.exit_code, said in told.stdout) == (0, True), told.output
        assert starter.asked[-1] == ("POST", "/api/v1/incidents/I/drill", {"action": action, "reason": "why"})


def test_the_score_card_is_a_table_of_roles(starter: Starter) -> None:
    pace = {"n": 2, "mean_s": 75, "longest_s": 90}
    never = {"n": 0, "mean_s": None, "longest_s": None}
    role = {"role": "deputy", "acknowledged": pace, "decided": never, "done": never, "late": 1, "offered_s": None}
    update = {"audience": "executives", "due": 3, "on_time": 2, "missed": 1, "longest_gap_s": 2400, "first_after_s": 60}
    starter.answer = (200, {
        "incident_id": "INC-1", "title": "x", "service": "payments", "roles": [role], "updates": [update],
        "unanswered": ["page wake"],
        "pauses": [{"from_at": "2026-03-02T02:10:00Z", "until_at": None, "reason": "SEV1 is real"}],
    })  # fmt: skip
    told = run("drill", "score", "I").stdout
    for words in ("deputy", "1:15 / 1:30, 2", "2 of 3", "40:00", "unanswered: page “wake”", "to now: SEV1 is real"):
        assert words in told
    assert json.loads(run("drill", "score", "I", "--json").stdout)["roles"] == [role]


def test_a_drill_takes_its_injects_from_a_scenario(starter: Starter, tmp_path: Path) -> None:
    scenario = RUNBOOKS / "scenarios" / "stories" / "5_their_fault.yaml"
    starter.answer = (201, {"id": "INC-1", "severity": "SEV1", "title": "x", "url": "u"})
    given = ["incident", "declare", "--title", "x", "--service", "gateway", "--severity", "SEV1", "--drill"]
    told = run(*given, "--injects", str(scenario))
    assert told.exit_code == 0, told.output
    sent = starter.asked[-1][2]["injects"]
    assert ["vendor_reply" in item for item in sent] == [True] * 5
    assert run(*given, "--injects", str(tmp_path / "none.yaml")).exit_code == 2
    (tmp_path / "no.yaml").write_text("a: 1\n")
    assert "is no scenario" in run(*given, "--injects", str(tmp_path / "no.yaml")).output
    (tmp_path / "people.yaml").write_text("timeline:\n  - { at: T+1m, ack: call, by: raj }\n")
    only_people = run(*given, "--injects", str(tmp_path / "people.yaml"))
    assert (only_people.exit_code, "has nothing that a drill plays: alert" in only_people.output) == (2, True)
