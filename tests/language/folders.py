"""A folder of runbooks that a test writes: a small catalog, a small runbook, and examples put into them."""

from __future__ import annotations

import pathlib

import yaml

from mayday.language.findings import Finding
from mayday.language.library import Library

CATALOG = """
apiVersion: catalog/v1
kind: Catalog
people:
  ana: { name: Ana Ruiz, email: ana@example.com, delegate: dana }
  dana: { name: Dana Okafor, email: dana@example.com, delegate: ana }
  raj: { name: Raj Patel, email: raj@example.com, delegate: lee }
  lee: { name: Lee Chen, email: lee@example.com, delegate: raj }
groups: { cab: [ana, dana, lee], night_cab: [ana, lee] }
schedules:
  primary: { tz: UTC, layers: [{ rotation: daily, handoff: "08:00", people: [raj, lee] }] }
  deputy_manager: { tz: UTC, layers: [{ rotation: daily, handoff: "08:00", people: [dana] }] }
services:
  gateway: { vendor: gateway_co, tier: 1 }
  payments: { owner: schedule.primary, tier: 1, depends_on: [gateway] }
bridges: { standing: { url: "https://meet.example/standing" } }
vendors:
  gateway_co:
    contract: { ref: C-1, hours: 24x7, respond_within: { P1: 20m } }
    contacts: [{ level: support, via: [email], email: p1@gateway.example }]
audiences:
  technical: { via: [chat] }
  executives: { to: [person.dana], via: [email] }
  customers: { via: [status_page], review: required }
severities:
  SEV1: { major: true, priority: P1, updates: { technical: 15m }, ack_within: 5m }
  SEV2: { major: true, priority: P2, updates: { technical: 30m }, ack_within: 10m }
  SEV3: { priority: P3, ack_within: 15m }
  SEV4: { priority: P4, ack_within: 30m }
  SEV5: { priority: P5, ack_within: 60m }
calendars: { default: { hours: "Mon-Fri 09:00-17:30", tz: Europe/London } }
matrix:
  high: { high: SEV1, medium: SEV2, low: SEV3 }
  medium: { high: SEV2, medium: SEV3, low: SEV4 }
  low: { high: SEV3, medium: SEV4, low: SEV5 }
access: { approver: [group.cab] }
authorities:
  emergency_change: { SEV1: [group.cab], SEV2: [group.cab] }
  disaster_recovery: { SEV1: [person.ana, person.dana] }
routes:
  - match: { service: payments }
    incident: { service: payments, impact: high, urgency: high, declare: auto }
  - incident: { impact: low, urgency: medium, declare: propose, page: schedule.primary }
"""

RUNBOOK = """
apiVersion: runbook/v1
kind: Runbook
metadata: { name: example, version: 1.0.0, owner: me }
applies_to: { severity: [SEV1], service: [payments] }
inputs:
  region: { type: string, enum: [eu, us], default: eu }
  shops: { type: list, default: [] }
  dr_ready: { type: boolean, default: true }
roles:
  incident_commander: { from: schedule.primary, fallback: role.deputy }
  deputy: { from: schedule.deputy_manager }
escalations:
  oncall:
    levels: [{ notify: schedule.primary, ack_within: 5m }]
    on_exhausted: { notify: person.dana }
cadences:
  technical_update:
    start: opened
    every: 15m
    until: incident.status >= "resolved"
    send: { template: technical_update, to: audience.technical }
phases:
  - id: work
    steps: []
  - id: resolve
    steps:
      - { id: settle, wait: { for: 15m } }
      - id: confirm
        ask:
          to: role.deputy
          question: Stable?
          fields: { stable: { type: boolean } }
          due: 10m
          on_overdue: { notify: role.deputy }
      - id: outcome
        choose:
          - when: steps.confirm.result.stable
            steps: [{ id: mark, do: incident.set_status, with: { status: resolved, reason: stable } }]
        else: [{ id: not_yet, log: "not stable" }]
"""

CALLED = """
apiVersion: runbook/v1
kind: Runbook
metadata: { name: check_network, version: 1.0.0, owner: me }
inputs: { site: { type: string, required: false } }
phases: [{ id: look, steps: [{ id: probe, log: "looking" }] }]
"""

WATCHED = CALLED.replace("check_network", "watch_network") + 'finally: [{ id: left, log: "looked" }]\n'

ASK = (
    "ask: { to: role.deputy, question: Up, fields: { ok: { type: boolean }, url: {} }, due: 5m, "
    "on_overdue: { notify: role.deputy } }"
)
"""A form with a yes or no, and a text."""


class Folder:
    """A folder of runbooks that a test writes into."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def basic(self) -> Folder:
        """The small catalog and the runbooks of this module."""
        self.write("catalog/catalog.yaml", CATALOG)
        self.write("library/example.yaml", RUNBOOK)
        self.write("library/check_network.yaml", CALLED)
        self.write("library/watch_network.yaml", WATCHED)
        return self

    def with_steps(self, steps: str) -> Folder:
        """The basic folder; its runbook has these steps in its first phase."""
        lines = "".join(f"      {line}\n" for line in steps.splitlines())
        self.basic().write("library/example.yaml", RUNBOOK.replace("    steps: []\n", f"    steps:\n{lines}"))
        return self

    def with_keys(self, name: str, keys: str) -> Folder:
        """The basic folder; top-level keys of one of its files are replaced, or added at the end."""
        self.basic()
        path = self.root / name
        replaced = set(yaml.safe_load(keys))
        kept, keep = [], True
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if line[:1] not in (" ", "\n"):
                keep = line.partition(":")[0] not in replaced
            kept.append(line if keep else "")
        path.write_text("".join(kept) + keys, encoding="utf-8")
        return self

    def with_files(self, text: str) -> Folder:
        """Several files in one text, each after a line `# file: NAME`."""
        for part in text.split("# file: ")[1:]:
            name, _, body = part.partition("\n")
            self.write(name, body)
        return self

    def load(self) -> Library:
        return Library.load(self.root)

    @property
    def findings(self) -> list[Finding]:
        return self.load().findings


def found(folder: Folder, steps: str) -> list[str]:
    """What the checker says about these steps: `line:column code message | hint`."""
    return [
        f"{item.line}:{item.column} {item.code} {item.message} | {item.hint}"
        for item in folder.with_steps(steps).findings
    ]


def codes(folder: Folder, steps: str) -> list[str]:
    """The codes of it, in order."""
    return [item.code for item in folder.with_steps(steps).findings]
