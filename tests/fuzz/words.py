"""What random runbooks are made of: the people, channels, facts and words that the checker knows."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

PEOPLE = ("ana", "dee", "raj", "lee", "dana", "chris", "max", "li", "sam", "kim", "noor")
CAB = ("person.sam", "person.kim", "person.noor", "person.dana")
DIRECTORS = ("person.chris", "person.dana")
REFS = (
    "role.incident_commander",
    "role.deputy",
    "person.raj",
    "schedule.payments_primary",
    "role.tech_lead",
    "role.comms_lead",
    "group.duty_directors",
    "schedule.payments_secondary",
    "person.lee",
    "service.owner",
    "role.scribe",
    "schedule.web_primary",
)
GROUPS = {
    "group.emergency_cab": CAB[:3],
    "group.executives": DIRECTORS,
    "group.duty_directors": ("person.dana", "person.max"),
}
HOUSE = ("audience.technical", "audience.executives", "audience.stakeholders", "audience.service_desk")
TEMPLATES = ("technical_update", "initial_notice", "executive_update", "holding_line")
VENDORS = ("gateway_co", "dns_co", "cloud_co", "wms_co", "forensics_co")
EVENTS = ("deploy", "failed_over", "alert.fired", "severity.raised", "status.mitigated", "role.taken", "vendor.replied")
SHORT = ("5m", "1m", "90s", "10m", "30s", "20m")
LONG = ("30m", "45m", "1h", "2h", "15m", "100m")
FACTS = (
    "inputs.flag",
    "not inputs.flag",
    'incident.severity == "SEV1"',
    'incident.severity >= "SEV2"',
    'incident.status >= "identified"',
    "inputs.count > 3",
    'inputs.region in ["eu", "us"]',
    "incident.alerts > 1",
    "roles.tech_lead is defined",
    '"payments" in incident.services',
    'vars.mood | default("calm") == "calm"',
    "incident.customers_affected is defined and incident.customers_affected > 10",
    "incident.customers_affected > 1000",
    'incident.ticket | default("") != ""',
    "incident.service ~ incident.title != inputs.region",
)
SOON = (
    'incident.status >= "mitigated"',
    'incident.status >= "identified"',
    'incident.severity < "SEV1"',
    "roles.tech_lead is defined",
    "incident.alerts > 2",
    "incident.customers_affected > 5",
)
WORDS = (
    "all quiet",
    "{{ incident.title }} on {{ incident.service }}",
    "{{ incident.severity }} for {{ inputs.region }}",
    "{{ roles.tech_lead | default('nobody') }} at {{ bridge.url | default('no bridge') }}",
    "{% if incident.ticket is defined %}{{ incident.ticket }}{% else %}no ticket{% endif %}",
    "{{ vars.mood | default('calm') | upper }}: {{ incident.alerts }} alerts",
    "{% for name in incident.services %}{{ name }} {% endfor %}",
    "{{ incident.customers_affected }} customers",
)
FIELDS: dict[str, Body] = {
    "ok": {"type": "boolean"},
    "number": {"type": "integer"},
    "words": {"type": "string", "required": False},
    "choice": {"type": "string", "enum": ["stay", "go"]},
    "since": {"type": "datetime", "required": False},
}
LEAVES = (
    "log",
    "wait",
    "do",
    "decide",
    "ask",
    "task",
    "send",
    "page",
    "engage",
    "decide",
    "set",
    "set_cadence",
    "end",
    "decide",
)
BLOCKS = ("steps", "choose", "parallel", "for_each", "repeat")
