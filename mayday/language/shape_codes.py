"""The codes of level 2, shape: keys and values that the models do not have."""

from __future__ import annotations

from mayday.language.findings import define

KIND = define(
    "S200",
    "not this kind of file",
    "`apiVersion` and `kind` say what a file is and by which rules it is read.",
    wrong="apiVersion: runbook/v2\n",
    right="apiVersion: runbook/v1\n",
    frame="runbook",
)
UNKNOWN_KEY = define(
    "S201",
    "unknown key",
    "A misspelt key is an error and never ignored: what it should have said would be missing at night.",
    wrong="- { id: look, task: { text: Look, to: role.deputy }, timout: 5m }\n",
    right="- { id: look, task: { text: Look, to: role.deputy }, timeout: 5m }\n",
    frame="steps",
)
MISSING_KEY = define(
    "S202",
    "missing key",
    "A key that has no sensible default has to be written.",
    wrong="- { log: hello }\n",
    right="- { id: hello, log: hello }\n",
    frame="steps",
)
WRONG_TYPE = define(
    "S203",
    "wrong kind of value",
    "A text where a number belongs, a list where a text belongs. Nothing is converted: `yes` is a text, `true` is not.",
    wrong="- { id: look, background: yes, log: hello }\n",
    right="- { id: look, background: true, log: hello }\n",
    frame="steps",
)
NOT_ALLOWED = define(
    "S204",
    "value not allowed",
    "The value has the right kind, and is not one of those that are possible here.",
    wrong="- { id: Look, log: hello }\n",
    right="- { id: look, log: hello }\n",
    frame="steps",
)
VERB = define(
    "S205",
    "not exactly one verb",
    "A step has exactly one verb key, which says what happens. Two things are two steps.",
    wrong="- { id: look, log: hello, task: { text: Look } }\n",
    right="- { id: look, log: hello }\n",
    frame="steps",
)
MISPLACED_KEY = define(
    "S206",
    "key of another verb",
    "The key exists, and belongs to another verb than that of this step.",
    wrong="- { id: look, log: hello, join_within: 5m }\n",
    right="- { id: look, log: hello }\n",
    frame="steps",
)
RULE = define(
    "S207",
    "keys that do not go together",
    "Each value is possible, and together they say nothing or two things.",
    wrong="- { id: soak, wait: { for: 5m, until: vars.ready } }\n",
    right="- { id: soak, wait: { for: 5m } }\n",
    frame="steps",
)
DURATION = define(
    "S208",
    "not a duration",
    "A number with its unit, larger units first: `90s`, `15m`, `1h30m`, `7d`, `4w`, `3 days`, `5 business days`.",
    wrong="- { id: soak, wait: { for: 15 } }\n",
    right="- { id: soak, wait: { for: 15m } }\n",
    frame="steps",
)
NO_KIND = define(
    "S209",
    "unknown kind of file",
    "A file is a Runbook, a Catalog, a Scenario or a Template.",
    wrong="# file: scenarios/x.yaml\napiVersion: runbook/v1\nkind: Scenrio\n",
    right="# file: scenarios/x.yaml\napiVersion: runbook/v1\nkind: Scenario\nmetadata: { name: x }\nrunbook: example\n"
    'given: { start: "2026-03-02T02:10:00Z", incident: { title: Down, service: payments } }\n',
    frame="files",
)
