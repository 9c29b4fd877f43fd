"""The runbook that `mayday runbook new` writes: short, complete, and without findings in the shipped catalog."""

from __future__ import annotations

__all__ = ["NEW_RUNBOOK"]

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
      - { id: ticket, do: itsm.open_major_incident, with: { summary: "{{ incident.service }}: {{ incident.title }}" } }
      - id: repair
        task:
          to: role.tech_lead
          text: "Bring {{ incident.service }} back, then set the status to mitigated."
          due: 1h
          on_overdue: { notify: role.incident_commander }
  - id: resolve
    steps:
      - { id: soak, wait: { for: 15m } }
      - id: confirm
        ask:
          to: role.tech_lead
          question: "Is {{ incident.service }} stable?"
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
