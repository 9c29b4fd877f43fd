"""The command line without a server: what it sends, what it says, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from mayday.cli import remote as remote_module
from mayday.cli.main import app
from mayday.cli.mounts import MOUNTED, LazyGroup
from mayday.cli.remote import Remote

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


class Starter:
    """Answers what it is told to and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.names: dict[str, dict[str, str]] = {}
        self.answer: tuple[int, Any] = (200, {"state": "applied", "entry": 7, "detail": {}, "command": "c"})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/names":
            return httpx.Response(200 if self.names else 404, json=self.names)
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.raw_path.decode(), body))
        return httpx.Response(self.answer[0], json=self.answer[1])


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> Starter:
    told = Starter()
    made = Remote("http://starter", "t", transport=httpx.MockTransport(told))
    for module in (
        "incident",
        "desk",
        "drill",
        "token",
        "overrides",
        "naming",
        "previewing",
        "review",
        "review_actions",
    ):
        monkeypatch.setattr(f"mayday.cli.{module}.remote", lambda: made)
    return told


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


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
    (["reopen", "I", "--reason", "back"], "reopen", {"reason": "back"}),
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


def test_what_was_said_has_the_number_that_a_correction_takes(starter: Starter) -> None:
    said = {"n": 3, "at": "2026-03-02T02:10:00.000Z", "audience": "customers", "purpose": "update", "text": "Slow.\n"}
    starter.answer = (200, {"id": "INC-1", "sent": [{**said, "held": None, "delivered": True}]})
    assert run("incident", "sent", "I").stdout.splitlines()[1].split() == [
        "3", "2026-03-02", "02:10:00", "customers", "update", "Slow."
    ]  # fmt: skip
    assert json.loads(run("incident", "sent", "I", "--json").stdout)["items"][0]["n"] == 3


def test_ids_alone_for_scripts(starter: Starter) -> None:
    starter.answer = (200, {"items": [{"id": "INC-1"}, {"id": "INC-2"}], "next": None})
    assert run("incident", "list", "-q").stdout == "INC-1\nINC-2\n"


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


def test_without_a_starter_the_way_to_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    done = run("incident", "list")
    assert (done.exit_code, done.stderr) == (
        2,
        "no starter is known here; start one with: mayday up, or set MAYDAY_URL\n",
    )
    monkeypatch.setenv("MAYDAY_URL", "http://127.0.0.1:1")
    assert run("incident", "list").exit_code == 2
    (tmp_path / "token").write_text("secret\n")
    monkeypatch.setenv("MAYDAY_TOKEN_FILE", str(tmp_path / "token"))
    done = run("incident", "list")
    assert done.exit_code == 1
    assert done.stderr.startswith("no starter answers at http://127.0.0.1:1 (")
    (tmp_path / "mayday.json").write_text("{broken")
    monkeypatch.delenv("MAYDAY_URL")
    assert "cannot be read" in run("incident", "list").stderr


def test_lists_and_boards_read_as_tables(starter: Starter) -> None:
    item = {
        "id": "INC-1", "workflow_id": "w", "title": "[bold]Down[/bold]", "severity": "SEV1", "status": "investigating",
        "services": ["payments"], "opened_at": "2026-03-02T02:10:00.000Z", "drill": True, "url": "http://x/1",
    }  # fmt: skip
    starter.answer = (200, {"items": [item], "next": None})
    listed = run("incident", "list", "--status", "open", "--severity", "SEV1").stdout
    assert "[bold]Down[/bold]" in listed
    assert "2026-03-02 02:10:00" in listed
    assert starter.asked[-1][1] == "/api/v1/incidents?status=open&severity=SEV1&limit=50"
    pending = {"id": "dr", "kind": "decision", "for": ["chris"], "due_at": "2026-03-02T02:15:00.000Z", "then": "lapsed"}
    wait = {
        "id": "nobody_came", "kind": "wait", "for": ["schedule.payments_primary"], "due_at": None,
        "then": "pages role.deputy", "text": 'until steps.page_responders.status == "acknowledged"',
    }  # fmt: skip
    roles = [{"role": "deputy", "person": "dee"}, {"role": "scribe", "person": None}]
    starter.answer = (200, {**item, "live": False, "pending": [pending, wait], "roles": roles, "leaderless": True})
    shown = run("incident", "show", "INC-1").stdout
    for part in (
        "(drill)",
        "no commander, deputy: dee",
        "as last stored",
        "dr",
        "chris",
        "lapses without an answer",
        "payments primary on call",
        "pages deputy",
        "page responders” is acknowledged",
    ):
        assert part in shown
    over = {**item, "live": False, "finished": True, "status": "merged", "merged_into": "INC-2", "pending": []}
    starter.answer = (200, over)
    shown = run("incident", "show", "INC-1").stdout
    assert "merged into: INC-2" in shown
    assert "(as last stored: it is over)" in shown
    entry = {"seq": 1, "at": "2026-03-02T02:10:00.000Z", "actor": "ana", "text": "declared", "kind": "declared"}
    starter.answer = (200, {"items": [entry], "next": None})
    assert "declared" in run("incident", "timeline", "INC-1").stdout
    starter.answer = (200, {"items": [], "next": None})
    assert run("desk", "pages").stdout == "nothing rings\n"
    for register in ("messages", "tickets", "bridges", "mails", "status", "vendor-cases"):
        assert run("desk", register).stdout == "nothing there\n"


def test_tables_say_names_where_the_catalog_has_them(starter: Starter) -> None:
    starter.names = {
        "people": {"dee": "Dee Novak", "chris": "Chris Wong"}, "vendors": {"gateway_co": "Gateway Co"},
        "services": {"demo_checkout": "Checkout (demo)"},
    }  # fmt: skip
    vendor = {
        "id": "gateway", "kind": "vendor", "for": ["gateway_co"], "due_at": None, "then": "breach of the reply promise",
        "text": "gateway_co VC-1001 P1",
    }  # fmt: skip
    gate = {"id": "dr", "kind": "decision", "for": ["chris"], "due_at": None, "then": "lapsed", "text": "Fail over?"}
    item = {
        "id": "INC-1", "title": "Down", "severity": "SEV1", "status": "investigating", "services": ["demo_checkout"],
        "opened_at": "2026-03-02T02:10:00.000Z", "drill": False, "live": True, "pending": [vendor, gate],
        "roles": [{"role": "deputy", "person": "dee"}],
    }  # fmt: skip
    starter.answer = (200, item)
    shown = run("incident", "show", "INC-1").stdout
    for part in ("Checkout (demo)", "deputy: Dee Novak", "Gateway Co VC-1001 P1", "Chris Wong"):
        assert part in shown
    assert "gateway_co" not in shown
    starter.answer = (200, {"items": [item], "next": None})
    assert "Checkout (demo)" in run("incident", "list").stdout
    entry = {"seq": 1, "at": "2026-03-02T02:10:00.000Z", "actor": "dee", "text": "noted", "kind": "noted"}
    starter.answer = (200, {"items": [entry], "next": None})
    assert "Dee Novak" in run("incident", "timeline", "INC-1").stdout
    case = {"number": "VC-1", "vendor": "gateway_co", "priority": "P1", "opened_at": None, "summary": "x"}
    starter.answer = (200, {"items": [case], "next": None})
    assert "Gateway Co" in run("desk", "vendor-cases").stdout
    ledger = [
        {
            "id": "A1",
            "kind": "action",
            "for": ["person.dee"],
            "due_at": None,
            "overdue": False,
            "text": "fix retry_after",
        },
        {
            "id": "report",
            "kind": "report",
            "for": ["dee"],
            "due_at": None,
            "overdue": True,
            "text": "Write: root_cause",
        },
    ]
    review = {
        "incident_id": "INC-1", "severity": "SEV1", "state": "draft", "title": "Down", "service": "demo_checkout",
        "resolved_at": None, "report_version": 0, "missing": [], "owner": "dee", "accepted": True, "ledger": ledger,
    }  # fmt: skip
    starter.answer = (200, review)
    shown = run("review", "show", "INC-1").stdout
    for part in ("owner: Dee Novak", "Checkout (demo)", "fix retry_after", "Write: root cause"):
        assert part in shown
    assert json.loads(run("review", "show", "INC-1", "--json").stdout)["owner"] == "dee", "programs have the ids"


def test_every_command_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    helped = run("--help")
    assert helped.exit_code == 0
    for name in ("up", "worker", "starter", "incident", "desk", "oncall", "token"):
        assert name in helped.stdout
        assert run(name, "--help").exit_code == 0
    assert run("--version").stdout.strip()
    assert set(MOUNTED) >= {"demo", "doctor", "review", "runbook", "catalog", "backup", "restore", "report"}


def test_runbooks_that_do_not_compile_stop_the_start_and_say_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runbooks").mkdir()
    for folder in ("library", "catalog", "templates"):
        (tmp_path / "runbooks" / folder).mkdir()
        for file in (RUNBOOKS / folder).glob("*.yaml"):
            (tmp_path / "runbooks" / folder / file.name).write_text(file.read_text())
    broken = tmp_path / "runbooks" / "library" / "major_incident.yaml"
    broken.write_text(broken.read_text().replace("phases:", "phasez:"))
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(tmp_path / "runbooks"))
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path / "data"))
    for command in (["up", "--port", "0"], ["starter"]):
        done = run(*command)
        assert done.exit_code == 2
        assert "major_incident.yaml:" in done.output
        assert "phasez" in done.output
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    taken = run("up", "--port", "0", "--data", str(tmp_path / "file"))
    assert taken.exit_code == 1
    assert taken.stderr.endswith(f"the data folder {tmp_path / 'file'} is a file; name another one with --data\n")
    below = run("up", "--port", "0", "--data", str(tmp_path / "file" / "below"))
    assert below.exit_code == 1
    assert f"{tmp_path / 'file' / 'below'} cannot be used: Not a directory" in below.stderr


def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_PORT", "abc")
    for command in ("up", "worker", "starter"):
        done = run(command)
        assert done.exit_code == 2
        assert done.stderr.startswith("MAYDAY_PORT=abc: ")


def test_tokens_without_a_starter_are_written_to_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(RUNBOOKS))
    made = json.loads(run("token", "create", "--person", "sam", "--direct", "--json").stdout)
    assert {"token", "person", "expires_at"} <= set(made)
    assert run("token", "create", "--person", "nobody", "--direct").exit_code == 2
    listed = json.loads(run("token", "list", "--direct", "--json").stdout)["items"]
    assert [item["person"] for item in listed] == ["sam"]
    assert run("token", "revoke", made["id"], "--direct").stdout == f"revoked {made['id']} of sam\n"
    assert run("token", "revoke", "nope", "--direct").exit_code == 1


def test_the_data_folder_is_the_one_of_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mayday.settings import load_settings

    assert remote_module.data_folder() == load_settings().data
    monkeypatch.setenv("MAYDAY_DATA", str(tmp_path))
    assert remote_module.data_folder() == load_settings().data
    monkeypatch.delenv("MAYDAY_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert remote_module.data_folder() == load_settings().data


@pytest.mark.parametrize("name", MOUNTED)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    """`mayday --help` loads none of them: at 3 a.m. nobody waits for a list."""
    command = LazyGroup().get_command(None, name)
    assert " ".join(command.help.split()).startswith(MOUNTED[name].summary)


def test_help_imports_no_command() -> None:
    script = "import sys; from mayday.cli.main import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {"temporalio", "mayday.cli.incident", "mayday.language.catalog", "httpx"} & loaded


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


def test_whoever_declares_what_is_open_already_hears_so(starter: Starter) -> None:
    given = ["incident", "declare", "--title", "Cards fail", "--service", "payments", "--severity", "SEV1"]
    item = {"id": "INC-1", "severity": "SEV1", "title": "Cards fail", "services": ["payments"], "url": "u"}
    starter.answer = (201, item)
    assert "open already" not in run(*given).stdout
    starter.answer = (200, {**item, "title": "Gateway slow", "severity": "SEV3"})
    told = " ".join(run(*given).stdout.split())
    assert "the same cause has this one open already: your words are a note in it" in told
    assert "mayday incident severity INC-1 SEV1 --reason WHY" in told


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


PREVIEW: dict[str, Any] = {
    "audience": "stakeholders", "purpose": "update", "subject": "SEV1 Cards fail", "text": "We know", "drill": False,
    "second_reader": True, "held": "outward messages are held", "wrong": None,
    "differs": ["chat: a worker sends it by slack or desk"],
    "reaches": {"email": ["ana", "news@example.com"], "sms": ["+15550100001"]},
    "channels": [
        {"channel": "email", "behind": [], "unreached": [{"target": "kim", "reason": "no mail address"}], "shown": [
            {"provider": "smtp", "form": "mail, plain text", "to": [], "subject": "SEV1 Cards fail",
             "text": "We know\n\nMore",
             "small": [], "facts": {"from": "mayday@example.com"}, "shortened": False, "body": "..."},
        ]},
        {"channel": "sms", "behind": ["desk"], "unreached": [], "shown": [
            {"provider": "desk", "form": "a notice", "to": [], "subject": "", "text": "SEV1 Cards fail",
             "small": ["open"],
             "facts": {}, "shortened": True, "body": {}},
        ]},
    ],
}  # fmt: skip


def test_a_preview_is_read_before_anything_leaves(starter: Starter) -> None:
    starter.answer = (200, PREVIEW)
    starter.names = {"people": {"ana": "Ana Ruiz", "kim": "Kim Park"}, "vendors": {}, "services": {}}
    said = run("incident", "update", "I", "stakeholders", "We know", "--preview")
    assert starter.asked == [("POST", "/api/v1/incidents/I/previews", {"audience": "stakeholders", "text": "We know"})]
    assert said.output.splitlines() == [
        "it may look different: chat: a worker sends it by slack or desk",
        "by email (mail, plain text, smtp) to Ana Ruiz, news@example.com",
        "  | SEV1 Cards fail", "  |", "  | We know", "  |", "  | More", "  from: mayday@example.com",
        "by email NOT Kim Park: no mail address",
        "by sms (a notice) to +15550100001", "  | SEV1 Cards fail", "  | open",
        "  too long for this channel: it leaves cut, as shown",
        "outward messages are held: it would wait", "a second person reads it before it leaves",
    ]  # fmt: skip


def test_corrections_and_reviews_are_previewed_too(starter: Starter) -> None:
    starter.answer = (200, PREVIEW)
    assert run("incident", "correct", "I", "2", "not so", "--preview").exit_code == 0
    assert run("incident", "preview", "I", "review:update:1", "--text", "shorter").exit_code == 0
    assert json.loads(run("incident", "preview", "I", "review:update:1", "--json").output) == PREVIEW
    path = "/api/v1/incidents/I/previews"
    assert starter.asked == [
        ("POST", path, {"corrects": 2, "text": "not so"}),
        ("POST", path, {"task": "review:update:1", "text": "shorter"}),
        ("POST", path, {"task": "review:update:1", "text": ""}),
    ]  # fmt: skip
