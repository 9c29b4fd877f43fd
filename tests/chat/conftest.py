"""A small house whose people are known in every chat, and a runbook with a page and a gate."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.faults.night import RUNBOOKS

USERS = {"ana": "U01", "raj": "U02", "lee": "U03", "dana": "U04", "dee": "U05", "sam": "U06", "kim": "U07"}
RUNBOOK = """
apiVersion: runbook/v1
kind: Runbook
metadata: { name: room, version: 1.0.0, owner: tests }
applies_to: { severity: [SEV1], service: [shop] }
roles:
  incident_commander: { from: schedule.manager, fallback: role.deputy }
  deputy: { from: schedule.deputy }
phases:
  - id: act
    steps:
      - { id: channel, do: chat.open_channel, with: { name: "inc-{{ incident.service }}" } }
      - { id: invited, do: chat.invite, with: { people: [raj, sam] } }
      - { id: first_words, do: chat.pin, with: { text: "{{ incident.title }}" } }
      - { id: wake, page: schedule.primary, background: true, message: "the shop is down" }
      - id: bypass
        decide: "Bypass the gateway?"
        voters: { from: [group.emergency_cab], approvals: 2 }
        timeout: 20m
        on_timeout: { then: lapsed }
        outcomes: { approved: [{ id: told, do: chat.post, with: { text: "bypassed" } }], rejected: [] }
      - id: verify
        ask:
          { to: person.lee, question: "Do cards go through?", fields: { ok: { type: boolean } }, due: 20m,
            on_overdue: { notify: role.deputy } }
      - id: again
        ask:
          { to: person.lee, question: "And in the app?", fields: { ok: { type: boolean } }, due: 20m,
            on_overdue: { notify: role.deputy } }
      - { id: rest, wait: { for: 30m } }
"""


@pytest.fixture
def runbooks(tmp_path: Path) -> Path:
    """The small house of the fault tests, with everybody's ids."""
    catalog = yaml.safe_load((RUNBOOKS / "catalog" / "house.yaml").read_text())
    for person, user in USERS.items():
        catalog["people"][person]["ids"] = {"slack": user, "teams": f"aad-{person}"}
    for route in catalog["routes"]:
        if "runbook" in route["incident"]:
            route["incident"]["runbook"] = "room"
    folder = tmp_path / "runbooks"
    (folder / "catalog").mkdir(parents=True)
    (folder / "library").mkdir()
    (folder / "catalog" / "house.yaml").write_text(yaml.safe_dump(catalog))
    (folder / "library" / "room.yaml").write_text(RUNBOOK)
    return folder
