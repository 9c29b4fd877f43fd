"""What `mayday runbook new` writes: a short, complete runbook without findings, or a copy of one in the library."""

from __future__ import annotations

import json
import re

__all__ = ["NEW_RUNBOOK", "copied_runbook", "copied_scenario", "new_runbook"]

NEW_RUNBOOK = """\
apiVersion: runbook/v1
kind: Runbook
metadata: { name: NAME, version: 0.1.0, owner: OWNER }
# which incidents walk it, unless a route or a service of the catalog says so:
# applies_to: { severity: [SEV3], service: [web] }
roles:
  incident_commander: { from: service.owner }
escalations:
  responders:
    levels:
      - { notify: service.owner, via: [push, voice], ack_within: 5m }
      - { notify: service.owner, via: [voice], ack_within: 5m }
    repeat: 2
    on_exhausted: { notify: role.incident_commander, via: [voice] }
phases:
  - id: respond
    until: incident.status >= "mitigated"
    steps:
      - id: page_responders
        background: true
        page: responders
        assigns: tech_lead
        message: "{{ incident.title }}: join {{ bridge.url }}"
      - id: ticket
        do: itsm.open_major_incident
        with: { summary: "{{ incident.service_name }}: {{ incident.title }}" }
      - id: repair
        task:
          to: role.tech_lead
          text: "Bring {{ incident.service_name }} back, then set the status to mitigated."
          due: 1h
          on_overdue: { notify: role.incident_commander }
  - id: resolve
    steps:
      - { id: soak, wait: { for: 15m } }
      - id: confirm
        ask:
          to: role.tech_lead
          question: "Is {{ incident.service_name }} stable?"
          fields: { stable: { type: boolean } }
          due: 10m
          on_overdue: { notify: role.incident_commander }
      - id: outcome
        choose:
          - when: steps.confirm.result.stable
            steps: [{ id: mark_resolved, do: incident.set_status, with: { status: resolved, reason: "stable" } }]
        else: [{ id: still_down, do: incident.set_status, with: { status: investigating, reason: "not stable" } }]
finally: [{ id: close_bridge, do: bridge.close }]
"""


def new_runbook(name: str, owner: str) -> str:
    """The short one."""
    return NEW_RUNBOOK.replace("NAME", name).replace("OWNER", json.dumps(owner))


def copied_runbook(text: str, source: str, name: str, owner: str | None) -> str:
    """A runbook's file under another name, at version 0.1.0.

    `applies_to` becomes a remark: nothing walks the copy before its owner says which incidents it is for.
    """
    text = re.sub(rf"\bname: {re.escape(source)}\b", f"name: {name}", text, count=1)
    text = re.sub(r"(?<=\bversion: )[^\s,}]+", "0.1.0", text, count=1)
    if owner is not None:
        text = re.sub(r"(?<=\bowner: )[^\s,}]+", lambda _: json.dumps(owner), text, count=1)
    lines, inside = [], False
    for line in text.splitlines(keepends=True):
        inside = line.startswith("applies_to:") or (inside and line[:1].isspace() and bool(line.strip()))
        lines.append(f"# {line}" if inside else line)
    return "".join(lines)


def copied_scenario(text: str, source: str, name: str) -> str:
    """A scenario of `source`, for the copy in `NAME.yaml`."""
    return re.sub(rf"(?m)^runbook: \S*\b{re.escape(source)}\b\S*", f"runbook: ../library/{name}.yaml", text, count=1)
