"""A fresh machine lets its owner in by a link that is printed once, and nobody else; decisions straight to Temporal
are refused."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import httpx
import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from mayday.temporal.plugin import build_plugin
from tests.cli.conftest import Machine

pytestmark = pytest.mark.temporal


@pytest.mark.timeout(180)
def test_the_owner_of_a_fresh_machine_is_let_in(machine: Machine) -> None:
    machine.up()
    said = machine.log.read_text()
    (link,) = re.findall(r"http://\S+/login/link/\S+", said)
    with httpx.Client() as browser, httpx.Client() as thief:
        assert browser.get(link).status_code == 200
        assert browser.post(link).status_code == 303
        assert thief.post(link).status_code == 401
        url = link.partition("/login/")[0]
        assert browser.get(f"{url}/api/v1/me").json()["level"] == "owner"
        assert thief.get(f"{url}/api/v1/me").status_code == 401

        codes = machine.mayday("access", "codes", "--person", "sam", "--count", "1", "--json").json["items"]
        assert thief.post(f"{url}/login", data={"code": codes[0]["code"]}).status_code == 303
        assert thief.get(f"{url}/api/v1/me").json()["person"] == "sam"
        seen = machine.mayday("access", "sessions", "--json").json["items"]
        assert {(one["person"], one["method"]) for one in seen} == {(None, "link"), ("sam", "code")}
        mine = next(one["id"] for one in seen if one["person"] == "sam")
        assert machine.mayday("access", "log-out", mine).status == 0
        assert thief.get(f"{url}/api/v1/me").status_code == 401
    assert machine.mayday("access", "link").out.startswith(f"{url}/login/link/")

    declared = machine.mayday(
        "incident", "declare", "--title", "x", "--service", "payments", "--severity", "SEV3", "--json", person="ana"
    ).json
    asyncio.run(_straight_to_temporal(str(machine.description["temporal_address"]), declared["workflow_id"]))
    noted = machine.mayday("incident", "note", declared["id"], "by the door", person="ana")
    assert noted.status == 0, noted.err
    timeline = machine.mayday("incident", "timeline", declared["id"], "--json").json["items"]
    refused = [one["data"]["code"] for one in timeline if one["kind"] == "refused"]
    assert refused == ["unsigned", "unsigned"]
    assert [one["data"]["words"] for one in timeline if one["kind"] == "noted"] == ["by the door"]
    assert machine.down() == 0
    machine.up()
    assert len(re.findall(r"/login/link/", machine.log.read_text())) == 1  # the owner was here


async def _straight_to_temporal(address: str, workflow_id: str) -> None:
    client = await Client.connect(address, plugins=[build_plugin()])
    handle = client.get_workflow_handle(workflow_id)
    note = {"kind": "note", "id": "n", "actor": "ana", "received_at": datetime.now(UTC).isoformat(), "text": "made up"}
    await handle.signal("command_sent", {"command": note})
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update("note", {"command": note})
