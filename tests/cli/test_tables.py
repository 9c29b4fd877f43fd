"""What the command line shows of what is there: lists, boards and registers, with names where there are names."""

from __future__ import annotations

import json

from tests.cli.told_starter import Starter, run


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
    registers = (
        "messages",
        "channels",
        "tickets",
        "work-orders",
        "bridges",
        "mails",
        "invites",
        "status",
        "vendor-cases",
    )
    for register in registers:
        assert run("desk", register).stdout == "nothing there\n"


def test_every_register_of_the_desk_is_read_in_a_terminal(starter: Starter) -> None:
    starter.names = {"people": {"dee": "Dee Novak"}, "vendors": {}, "services": {}}
    invite = {
        "uid": "u", "method": "REQUEST", "summary": "Review of Payments down", "start_at": "2026-03-05T10:00:00.000Z",
        "end_at": "2026-03-05T10:30:00.000Z", "attendees": ["dee@example.com"],
    }  # fmt: skip
    starter.answer = (200, {"items": [invite, {**invite, "method": "CANCEL"}], "next": None})
    stands, withdrawn = run("desk", "invites").stdout.splitlines()[1:]
    for part in ("2026-03-05 10:00:00", "Review of Payments down", "dee@example.com"):
        assert part in stands
    assert (stands.rstrip().endswith("stands"), withdrawn.rstrip().endswith("taken back")) == (True, True)
    order = {"number": "WO-1", "action": "change.execute", "approval": "INC-1/gate#1", "ordered_at": None}
    starter.answer = (200, {"items": [order], "next": None})
    assert run("desk", "work-orders").stdout.splitlines()[1].split() == [
        "WO-1", "carrying", "out", "the", "change", "INC-1/gate#1"
    ]  # fmt: skip
    channel = {"name": "inc-1", "topic": None, "members": ["dee"], "opened_at": None, "archived_at": None}
    starter.answer = (200, {"items": [channel], "next": None})
    assert "Dee Novak" in run("desk", "channels", "--incident", "INC-1").stdout
    assert starter.asked[-1][1] == "/api/v1/desk/channels?incident=INC-1"


def test_a_service_that_only_an_alert_knows_is_called_as_the_alert_calls_it(starter: Starter) -> None:
    item = {
        "id": "INC-1", "title": "Down", "severity": "SEV4", "status": "candidate", "services": ["System", "pay_api"],
        "opened_at": "2026-03-02T02:10:00.000Z", "drill": False, "live": True, "pending": [], "roles": [],
    }  # fmt: skip
    starter.answer = (200, {"items": [item], "next": None})
    assert "  System, pay api  " in run("incident", "list").stdout
    starter.answer = (200, item)
    assert "[System, pay api]" in run("incident", "show", "INC-1").stdout


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
