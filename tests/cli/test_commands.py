"""The command line without a server: what it sends, what it says, how it ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.told_starter import Starter, run

COMMANDS: list[tuple[list[str], str, dict[str, Any]]] = [
    (["ack", "I", "p"], "acks", {"page": "p"}),
    (["ack", "I", "p", "--joined"], "acks", {"page": "p", "joined": True}),
    (["vote", "I", "d", "approve", "--reason", "ok"], "votes", {"decision": "d", "choice": "approve", "reason": "ok"}),
    (["vote", "I", "d", "approve", "--on-behalf-of", "chris", "--heard-by", "sam"], "votes",
     {"decision": "d", "choice": "approve", "reason": "", "on_behalf_of": "chris", "heard_by": "sam"}),
    (["accept", "I", "deputy"], "accepts", {"role": "deputy"}),
    (["accept", "I", "task_1", "--task"], "accepts", {"task": "task_1"}),
    (["decline", "I", "deputy", "--reason", "ill"], "declines", {"role": "deputy", "reason": "ill"}),
    (["decline", "I", "wake", "--page", "--reason", "ill"], "declines", {"page": "wake", "reason": "ill"}),
    (["complete", "I", "t", "--result", '{"ok": true}'], "completions", {"task": "t", "result": {"ok": True}}),
    (["update", "I", "executives", "hello"], "updates", {"audience": "executives", "text": "hello"}),
    (["correct", "I", "2", "not so"], "updates/2/correct", {"text": "not so"}),
    (["note", "I", "saw it"], "notes", {"text": "saw it"}),
    (["severity", "I", "SEV2", "--reason", "r"], "severity", {"severity": "SEV2", "reason": "r"}),
    (["status", "I", "mitigated", "--reason", "r"], "status", {"status": "mitigated", "reason": "r"}),
    (["resolve", "I", "--reason", "r"], "status", {"status": "resolved", "reason": "r"}),
    (["role", "I", "scribe", "raj"], "roles", {"role": "scribe", "person": "raj"}),
    (["event", "I", "deploy.done", "--data", '{"n": 1}'], "events", {"name": "deploy.done", "data": {"n": 1}}),
    (["candidate", "I", "accept"], "candidate", {"accept": True, "reason": ""}),
    (["candidate", "I", "reject", "--reason", "noise"], "candidate", {"accept": False, "reason": "noise"}),
    (["merge", "I", "J", "--reason", "same"], "merge", {"into": "J", "reason": "same"}),
    (["merge", "I", "J"], "merge", {"into": "J"}),
    (["reopen", "I", "--reason", "back"], "reopen", {"reason": "back"}),
    (["reopen", "I"], "reopen", {}),
    (["delegate", "I", "max"], "delegations", {"to": "max"}),
    (["impact", "I", "--customers", "12"], "impact", {"customers_affected": 12}),
    (["hold-outward", "I", "on", "--reason", "legal"], "hold-outward", {"on": True, "reason": "legal"}),
    (["vendor-reply", "I", "gateway", "eta", "1 h"], "vendor-replies",
     {"step": "gateway", "kind": "eta", "text": "1 h"}),
    (["override", "I", "s", "skip", "--reason", "r"], "overrides", {"step": "s", "action": "skip", "reason": "r"}),
    (["page", "I", "role.deputy", "--message", "come"], "steps", {"page": "role.deputy", "message": "come"}),
    (["task", "I", "raj", "look", "--due", "5m", "--id", "look"], "steps",
     {"id": "look", "task": {"to": "person.raj", "text": "look", "due": "5m",
                             "on_overdue": {"notify": "role.incident_commander"}}}),
    (["engage", "I", "gateway_co", "--summary", "down"], "steps",
     {"engage": "vendor.gateway_co", "with": {"priority": "P1", "summary": "down"}}),
    (["decide", "I", "Roll back?", "--from", "group.cab", "--approvals", "2", "--veto"], "steps",
     {"decide": "Roll back?", "voters": {"from": ["group.cab"], "approvals": 2, "veto": True}, "timeout": "15m",
      "on_timeout": {"then": "lapsed"}, "outcomes": {"approved": [], "rejected": []}}),
    (["decide", "I", "Go?", "--from", "person.dana", "--delegates"], "steps",
     {"decide": "Go?", "voters": {"from": ["person.dana"], "approvals": 1, "delegates": True}, "timeout": "15m",
      "on_timeout": {"then": "lapsed"}, "outcomes": {"approved": [], "rejected": []}}),
]  # fmt: skip


def test_what_a_gate_is_about_is_never_dropped_without_a_word(starter: Starter) -> None:
    done = run("incident", "decide", "I", "Run CHG0031?", "--from", "group.cab", "--change", "CHG0031")
    assert done.exit_code == 2
    assert "--change: say with --action what is approved" in done.stderr
    assert starter.asked == []


@pytest.mark.parametrize(("arguments", "path", "body"), COMMANDS, ids=[" ".join(row[0][:1]) for row in COMMANDS])
def test_each_command_sends_its_decision(
    starter: Starter, arguments: list[str], path: str, body: dict[str, Any]
) -> None:
    done = run("incident", *arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert starter.asked == [("POST", f"/api/v1/incidents/I/{path}", body)]
    assert done.stdout.endswith("(timeline entry 7)\n")
    starter.answer = (202, {"state": "pending", "command": "c"})
    assert "no worker" in run("incident", *arguments).stdout
    assert json.loads(run("incident", *arguments, "--json").stdout) == {"state": "pending", "command": "c"}


def test_what_waits_for_a_second_reader_is_not_called_sent(starter: Starter) -> None:
    detail = {"task": "review:update:1", "state": "waits for a second reader"}
    starter.answer = (200, {"state": "applied", "entry": 9, "detail": detail, "command": "c"})
    said = run("incident", "update", "I", "customers", "all is well").stdout
    assert said == "waits for a second reader: review:update:1 (timeline entry 9)\n"


def test_a_refusal_is_one_line_and_status_1_and_its_problem_with_json(starter: Starter) -> None:
    problem = {"status": 409, "code": "not_a_voter", "detail": "only chris and dana vote", "hint": "ask chris"}
    starter.answer = (409, problem)
    done = run("incident", "vote", "I", "d", "approve")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "not_a_voter: only chris and dana vote; ask chris\n"
    assert json.loads(run("incident", "vote", "I", "d", "approve", "--json").stdout) == problem
    starter.answer = (422, {**problem, "code": "invalid"})
    assert run("incident", "vote", "I", "d", "approve").exit_code == 2
    starter.answer = (502, "bad gateway")
    assert run("incident", "vote", "I", "d", "approve").stderr.endswith("answered 502\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["incident", "declare"],
        ["incident", "nope"],
        ["nope"],
        ["incident", "list", "--limit", "many"],
        ["incident", "complete", "I", "t", "--result", "{not json"],
        ["incident", "event", "I", "x", "--data", "'"],
        ["incident", "candidate", "I", "perhaps"],
        ["incident", "hold-outward", "I", "maybe", "--reason", "x"],
        ["incident", "declare", "--title", "t", "--service", "s", "--input", "novalue"],
        ["incident", "step", "I", "/does/not/exist.yaml"],
        ["up", "--port", "99999999"],
    ],
)
def test_wrong_usage_is_status_2(starter: Starter, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    assert starter.asked == []


def test_whoever_declares_what_is_open_already_hears_so(starter: Starter) -> None:
    given = ["incident", "declare", "--title", "Cards fail", "--service", "payments", "--severity", "SEV1"]
    item = {"id": "INC-1", "severity": "SEV1", "title": "Cards fail", "services": ["payments"], "url": "u"}
    starter.answer = (201, item)
    assert "open already" not in run(*given).stdout
    starter.answer = (200, {**item, "title": "Gateway slow", "severity": "SEV3"})
    told = " ".join(run(*given).stdout.split())
    assert "the same cause has this one open already: your words are a note in it" in told
    assert "mayday incident severity INC-1 SEV1 --reason WHY" in told
