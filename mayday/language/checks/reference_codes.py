"""The codes of level 3: something is named that does not exist."""

from __future__ import annotations

from mayday.language.findings import define

NOBODY = define(
    "R301",
    "reference to nobody",
    "`person.X`, `group.X` and `schedule.X` stand in the catalog, `role.X` in the runbook or among the built-in roles: "
    "incident_commander, deputy, scribe, operations_lead, tech_lead, comms_lead, customer_liaison.",
    wrong="- { id: look, task: { text: Look, to: role.deputi } }\n",
    right="- { id: look, task: { text: Look, to: role.deputy } }\n",
    frame="steps",
)
FORM = define(
    "R302",
    "reference without its kind",
    "A reference says what it names: `person.`, `role.`, `group.`, `schedule.`, `audience.`, `vendor.`, or it is "
    "`service.owner`.",
    wrong="- { id: look, task: { text: Look, to: ana } }\n",
    right="- { id: look, task: { text: Look, to: person.ana } }\n",
    frame="steps",
)
POLICY = define(
    "R303",
    "unknown escalation policy",
    "`page` names a policy of `escalations`, or a schedule, role, group or person.",
    wrong='- { id: wake, page: oncal, message: "join" }\n',
    right='- { id: wake, page: oncall, message: "join" }\n',
    frame="steps",
)
TEMPLATE = define(
    "R304",
    "unknown template",
    "A template is built in, in `runbooks/templates/`, or in `templates` of the runbook.",
    wrong="- { id: tell, send: { template: technical_updat, to: audience.technical } }\n",
    right="- { id: tell, send: { template: technical_update, to: audience.technical } }\n",
    frame="steps",
)
ACTION = define(
    "R305",
    "unknown action",
    "`do` and a gate's `subject` name an action that is built in or in `actions` of the catalog.",
    wrong="- { id: room, do: bridge.opn, with: { name: war room } }\n",
    right="- { id: room, do: bridge.open, with: { name: war room } }\n",
    frame="steps",
)
RUNBOOK = define(
    "R306",
    "unknown runbook",
    "`call` names a runbook of the library with its version, `name@1.0.0`, and never one that calls this one.",
    wrong="- { id: sub, call: check_netwrk@1.0.0 }\n",
    right="- { id: sub, call: check_network@1.0.0 }\n",
    frame="steps",
)
CADENCE = define(
    "R307",
    "unknown cadence",
    "`set_cadence` names a cadence of this runbook.",
    wrong="- { id: slow, set_cadence: technical_updte, every: 30m }\n",
    right="- { id: slow, set_cadence: technical_update, every: 30m }\n",
    frame="steps",
)
PHASE = define(
    "R308",
    "unknown phase",
    "A cadence starts at `opened`, `PHASE.entered` or `PHASE.done`.",
    wrong="cadences:\n  technical_update: { start: wrk.done, every: 15m, until: 'incident.status >= \"resolved\"', "
    "send: { template: technical_update, to: audience.technical } }\n",
    right="cadences:\n  technical_update: { start: work.done, every: 15m, until: 'incident.status >= \"resolved\"', "
    "send: { template: technical_update, to: audience.technical } }\n",
    frame="runbook",
)
TWICE = define(
    "R309",
    "id used twice",
    "The id of a step is unique in the whole runbook, whatever block it stands in: people name it in commands.",
    wrong="- { id: look, log: first }\n- { id: look, log: second }\n",
    right="- { id: look, log: first }\n- { id: look_again, log: second }\n",
    frame="steps",
)
SERVICE = define(
    "R310",
    "unknown service",
    "`applies_to` names services of the catalog.",
    wrong="applies_to: { service: [paymnts] }\n",
    right="applies_to: { service: [payments] }\n",
    frame="runbook",
)
ROLE = define(
    "R311",
    "unknown role",
    "`assigns` names a role of this runbook or a built-in one.",
    wrong='- { id: wake, page: oncall, assigns: tech_led, message: "join" }\n',
    right='- { id: wake, page: oncall, assigns: tech_lead, message: "join" }\n',
    frame="steps",
)
EXCLUDED = define(
    "R312",
    "unknown exclusion",
    "`exclude` takes `requester`, `implementer` and references to people.",
    wrong="- { id: gate, decide: Go, voters: { from: [person.dana], exclude: [requestor, requester, "
    "implementer] }, timeout: 5m, "
    "outcomes: { approved: [], rejected: [] } }\n",
    right="- { id: gate, decide: Go, voters: { from: [person.dana], exclude: [person.ana, requester, "
    "implementer] }, timeout: 5m, "
    "outcomes: { approved: [], rejected: [] } }\n",
    frame="steps",
)
LOOP_OF_ROLES = define(
    "R313",
    "roles that fall back on each other",
    "A fallback of a fallback ends with somebody; one that comes back to its own role ends with nobody.",
    wrong="roles: { deputy: { from: role.scribe }, scribe: { from: role.deputy } }\n",
    right="roles: { deputy: { from: role.scribe }, scribe: { from: person.ana } }\n",
    frame="runbook",
)

EVENT = define(
    "R314",
    "event that never happens",
    "Events of the system have fixed names: `severity.raised`, `status.mitigated`, `alert.fired`, `vendor.breached`. "
    "Names of your own events do not begin with one of their words and a dot.",
    wrong="handlers: [{ event: severity.raise, steps: [{ id: tell, log: hello }] }]\n",
    right="handlers: [{ event: severity.raised, steps: [{ id: tell, log: hello }] }]\n",
    frame="runbook",
)
LEFT_OUT = define(
    "R317",
    "part of a called runbook that is not walked",
    "`call` walks the phases of another runbook, with its templates, policies and variables. Cadences, handlers and "
    "`finally` are those of the runbook that the incident walks: otherwise audiences would hear everything twice.",
    wrong="- { id: sub, call: watch_network@1.0.0 }\n",
    right="- { id: sub, call: check_network@1.0.0 }\n",
    frame="steps",
    level="warning",
)
