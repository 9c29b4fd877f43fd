"""One night on a fresh machine: an alert, people at the command line, a restart in the middle, the end."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayday.temporal.server import EmbeddedServer
from tests.cli.conftest import ALERTS_TOKEN, Machine
from tests.ports import free_port

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]


def alert(machine: Machine, service: str = "payments", status: str = "firing") -> dict[str, Any]:
    labels = {"alertname": "PaymentsDown", "service": service, "severity": "critical"}
    body = {"alerts": [{"status": status, "labels": labels, "startsAt": "2026-03-02T02:09:00Z"}]}
    answer = httpx.post(
        f"{machine.description['url']}/webhooks/alertmanager",
        json=body,
        headers={"Authorization": f"Bearer {ALERTS_TOKEN}"},
        trust_env=False,
        timeout=20,
    )
    assert answer.status_code == 202, answer.text
    (line,) = answer.json()["incidents"]
    return dict(line)


def kinds(machine: Machine, incident: str) -> list[str]:
    return [entry["kind"] for entry in machine.get(f"/api/v1/incidents/{incident}/timeline")["items"]]


def test_from_the_alert_to_the_end_with_a_restart_between(machine: Machine) -> None:
    machine.up()
    described = machine.data / "mayday.json"
    assert stat.S_IMODE(described.stat().st_mode) == 0o600
    assert set(machine.description) >= {"url", "token", "temporal_address"}

    opened = alert(machine)
    assert opened["action"] == "opened"
    incident = opened["id"]
    assert alert(machine, "checkout")["id"] == incident

    page = machine.until(
        lambda: machine.get("/api/v1/desk/pages?person=raj")["items"], "raj's page"
    )[0]  # fmt: skip
    assert page["text"] in machine.mayday("desk", "pages", "--json", person="raj").out
    assert page["incident_id"] == incident
    assert machine.mayday("desk", "ack", str(page["id"]), person="raj").status == 0

    refused = machine.mayday("incident", "accept", incident, "incident_commander")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith("needs_a_person: ")
    assert machine.mayday("incident", "accept", incident, "incident_commander", person="ana").status == 0
    refused = machine.mayday("incident", "status", incident, "mitigated", "--reason", "x", "--json", person="raj")
    assert (refused.status, refused.json["code"]) == (1, "not_yours")
    unknown = machine.mayday("incident", "vote", incident, "nothing", "approve", person="sam")
    assert (unknown.status, unknown.err) == (1, "unknown: there is no decision nothing; open now: emergency_change\n")
    assert machine.mayday("incident", "show", "INC-ZZZZZZ").status == 1
    assert machine.mayday("incident", "task", incident, "raj", "check DNS", "--due", "10m", person="ana").status == 0
    step = json.dumps({"log": "added from a file"})
    assert machine.mayday("incident", "step", incident, "-", person="ana", stdin=step).status == 0

    assert machine.down() == 0
    told = machine.mayday("incident", "list")
    assert (told.status, "no starter answers" in told.err) == (1, True)
    machine.up()

    shown = machine.mayday("incident", "show", incident, "--json").json
    assert (shown["live"], shown["status"]) == (True, "investigating")
    held = {role["role"]: role["person"] for role in shown["roles"]}
    assert (held["incident_commander"], held["tech_lead"]) == ("ana", "raj")
    assert "check DNS" in [item["text"] for item in shown["pending"]]
    assert machine.mayday("incident", "note", incident, "we are back", person="ana").status == 0
    assert machine.mayday("incident", "resolve", incident, "--reason", "all good", person="ana").status == 0
    found = kinds(machine, incident)
    assert found[0] == "opened"
    assert {"alert_fired", "acknowledged", "noted", "status_changed"} <= set(found)
    (listed,) = machine.mayday("incident", "list", "--json").json["items"]
    assert (listed["id"], listed["status"]) == (incident, "resolved")
    assert machine.down() == 0


def test_what_ended_is_closed_and_goes_on_when_it_is_reopened(machine: Machine) -> None:
    machine.up()
    declare = [
        "incident",
        "declare",
        "--title",
        "DNS slow",
        "--service",
        "dns",
        "--severity",
        "SEV4",
        "--runbook",
        "quick",
    ]
    incident = machine.mayday(*declare, "--json", person="ana").json["id"]
    assert machine.mayday(*declare, "--json", person="raj").json["id"] == incident
    assert machine.mayday("incident", "resolve", incident, "--reason", "all good", person="ana").status == 0
    machine.until(lambda: "finished" in kinds(machine, incident), "the end")
    found = kinds(machine, incident)

    closed = machine.mayday("incident", "note", incident, "too late", person="ana")
    assert (closed.status, closed.err.split(":")[0]) == (1, "closed")
    refused = machine.mayday("incident", "reopen", incident, "--reason", "it is back", person="raj")
    assert (refused.status, refused.err.split(":")[0]) == (1, "not_yours")
    again = machine.mayday("incident", "reopen", incident, "--reason", "it is back", person="ana")
    assert again.status == 0, again.err
    shown = machine.mayday("incident", "show", incident, "--json").json
    assert (shown["id"], shown["status"], shown["live"]) == (incident, "investigating", True)
    longer = kinds(machine, incident)
    assert longer[: len(found)] == found
    assert "reopened" in longer[len(found) :]

    assert machine.mayday("incident", "resolve", incident, "--reason", "for good", person="ana").status == 0
    machine.until(lambda: kinds(machine, incident).count("finished") == 2, "the second end")
    assert alert(machine, "dns")["id"] == incident
    machine.until(lambda: kinds(machine, incident).count("reopened") == 2, "the reopening by an alert")
    assert machine.down() == 0


def test_alerts_are_taken_in_while_no_worker_runs(machine: Machine) -> None:
    machine.up("--no-worker")
    incident = alert(machine)["id"]
    pending = machine.mayday("incident", "note", incident, "nobody home", "--json", person="raj")
    assert (pending.status, pending.json["state"]) == (0, "pending")
    shown = machine.mayday("incident", "show", incident, "--json").json
    assert (shown["live"], shown["id"]) == (False, incident)
    assert machine.down() == 0
    machine.up()
    machine.until(lambda: "noted" in kinds(machine, incident), "the note that was sent before")
    assert machine.down() == 0


def test_a_second_mayday_on_the_same_data_is_refused(machine: Machine) -> None:
    machine.up("--no-worker")
    second = machine.mayday("up", "--port", "0", "--no-worker")
    assert second.status == 1
    assert "already running" in second.err.splitlines()[-1]
    assert machine.down() == 0


async def test_an_alert_that_comes_before_the_cluster_does_is_kept_and_handled(
    machine: Machine, tmp_path: Path
) -> None:
    """Machine and cluster were down together, and the machine is back first."""
    port = free_port()
    machine.up(until="starter_started", TEMPORAL_ADDRESS=f"127.0.0.1:{port}", MAYDAY_CONNECT_WITHIN="4")
    machine.until((machine.data / "mayday.json").exists, "its address")
    assert await asyncio.to_thread(alert, machine) == {
        "id": None, "action": "queued", "workflow_id": "incident/3f5605eece7073f8d53f"
    }  # fmt: skip
    machine.until_it_says("alerts are taken in meanwhile")
    async with EmbeddedServer(tmp_path / "cluster", port=port):
        await asyncio.to_thread(machine.until_it_says, "mayday is up")
        found = await asyncio.to_thread(
            machine.until, lambda: machine.get("/api/v1/incidents")["items"], "the incident to be opened"
        )
        again = await asyncio.to_thread(alert, machine, "checkout")
        assert (again["action"], again["id"]) == ("attached", found[0]["id"])
        assert await asyncio.to_thread(machine.down) == 0
