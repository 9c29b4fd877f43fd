"""The codes of scenarios: what they name stands in the runbook that they are about, or in the catalog."""

from __future__ import annotations

from mayday.language.findings import define

_HEAD = (
    "# file: scenarios/night.yaml\napiVersion: runbook/v1\nkind: Scenario\nmetadata: { name: a night }\n"
    "runbook: RUNBOOK\ngiven:\n  start: '2026-03-02T02:10:00Z'\n  incident: { title: Down, service: payments }\n"
    "  roles: { incident_commander: ana }\n"
)


def _night(lines: str, runbook: str = "../library/example.yaml") -> str:
    return _HEAD.replace("RUNBOOK", runbook) + lines


RUNBOOK = define(
    "R320",
    "scenario without its runbook",
    "`runbook` is the path of a runbook, seen from the scenario's folder, or the name of one in the library.",
    wrong=_night("", "../library/exmple.yaml"),
    right=_night(""),
    frame="files",
)
STEP = define(
    "R321",
    "step that the runbook does not have",
    "Pages, decisions, tasks and engagements have the id of their step; inside `repeat`, `for_each` and `call` the "
    "path to it (`loop[2].ask`). Others are named by what they are about: `review:NAME`, `role:NAME`, `cadence:NAME`, "
    "`phase:ID`. A name that has to be refused as unknown says so: `refused: unknown`.",
    wrong=_night("timeline: [{ at: T+20m, complete: confrm, by: dana, result: { stable: true } }]\n"),
    right=_night("timeline: [{ at: T+20m, complete: confirm, by: dana, result: { stable: true } }]\n"),
    frame="files",
)
NAME = define(
    "R322",
    "scenario about something unknown",
    "People, roles, audiences, services, vendors, actions and messages of a scenario stand in the catalog, in its own "
    "`catalog:` or in the runbook.",
    wrong=_night("timeline: [{ at: T+1m, note: hello, by: anna }]\n"),
    right=_night("timeline: [{ at: T+1m, note: hello, by: ana }]\n"),
    frame="files",
)
VALUE = define(
    "R323",
    "value that nobody takes",
    "`given.inputs` are inputs of the runbook, `result` gives fields of the form, `with` names inputs of the action, "
    "and a mock returns outputs of its action.",
    wrong=_night("timeline: [{ at: T+20m, complete: confirm, by: dana, result: { stabel: true } }]\n"),
    right=_night("timeline: [{ at: T+20m, complete: confirm, by: dana, result: { stable: true } }]\n"),
    frame="files",
)
