"""The message texts that every house starts with; a file `runbooks/templates/NAME.yaml` replaces one.

A text of a cadence says three things: what is known, what is being done, when the next word comes. `update` is what a
person wrote for this message; where nobody has to write one, the text stands without it. Texts for customers use public
fields only (title, service and its name, status, times). `now`, `next_update_at` and all times are shown in UTC.
"""

from __future__ import annotations

from mayday.language.runbook import TemplateText

__all__ = ["BUILT_IN_TEMPLATES"]


def _text(subject: str, text: str, audience: str | None = None, approved_by: str | None = None) -> TemplateText:
    return TemplateText(subject=subject, text=text.strip() + "\n", audience=audience, approved_by=approved_by)


_INITIAL_NOTICE = """
{{ incident.severity }}: {{ incident.title }}
Service: {{ incident.service_name }}. Status: {{ incident.status }}. Opened {{ incident.opened_at | time }}.
{% if incident.customers_affected is defined %}
Customers affected: {{ incident.customers_affected }}.
{% endif %}
Commander: {{ roles.incident_commander | default("nobody yet, the manager on duty is being called") }}.
{% if bridge.url is defined %}
Bridge: {{ bridge.url }}
{% endif %}
{% if incident.ticket is defined %}
Ticket: {{ incident.ticket }}
{% endif %}
Please do not call the responders; updates follow by themselves.
"""

_TECHNICAL_UPDATE = """
{{ incident.severity }} {{ incident.title }}: {{ incident.status }}, \
open for {{ (now - incident.opened_at) | duration }}.
Commander: {{ roles.incident_commander | default("nobody") }}. \
Technical lead: {{ roles.tech_lead | default("nobody") }}.
{% if update is defined %}
{{ update }}
{% endif %}
{% if bridge.url is defined %}
Bridge: {{ bridge.url }}
{% endif %}
{% if next_update_at is defined %}
Next update: {{ next_update_at | time }}.
{% endif %}
"""

_TECHNICAL_RESOLVED = """
{{ incident.severity }} {{ incident.title }} is resolved after {{ (now - incident.opened_at) | duration }}.
{% if update is defined %}
{{ update }}
{% endif %}
Please write what you saw and did into the timeline while it is fresh; the review will ask for it.
"""

_TECHNICAL_STOOD_DOWN = """
{{ incident.severity }} {{ incident.title }} was called off: no major incident. Please stop work on it.
{% if update is defined %}
{{ update }}
{% endif %}
"""

_EXECUTIVE_UPDATE = """
{{ incident.title }} ({{ incident.severity }}, {{ incident.priority }}): {{ incident.status }}.
Impact: {{ incident.service_name }}, customers affected: {{ incident.customers_affected | default("not known yet") }}. \
Since {{ incident.impact_started_at | default(incident.opened_at) | time }}.
{% if update is defined %}
{{ update }}
{% endif %}
In command: {{ roles.incident_commander | default("nobody yet") }}. Please send questions to the communications lead, \
{{ roles.comms_lead | default("who is not named yet") }}, not to the bridge.
{% if next_update_at is defined %}
Next update: {{ next_update_at | time }}.
{% endif %}
"""

_EXECUTIVE_RESOLVED = """
{{ incident.title }} ({{ incident.severity }}) is resolved.
It lasted {{ (now - incident.opened_at) | duration }}; \
customers affected: {{ incident.customers_affected | default("being counted") }}.
{% if update is defined %}
{{ update }}
{% endif %}
A review follows; its report comes to you.
"""

_EXECUTIVE_STOOD_DOWN = """
{{ incident.title }} ({{ incident.severity }}) was called off; there is no major incident.
{% if update is defined %}
{{ update }}
{% endif %}
"""

_CUSTOMER_UPDATE = """
{{ update | default("Our teams are still working on this problem.") }}
Affected: {{ incident.service_name }}. Status: {{ incident.status }}.
{% if next_update_at is defined %}
We will post again by {{ next_update_at | time }}.
{% endif %}
"""

_CUSTOMER_RESOLVED = """
{{ update | default("The problem is solved and the service works as usual.") }}
Affected: {{ incident.service_name }}, from {{ incident.opened_at | time }} to {{ now | time }}.
We are sorry for the trouble, and we will look into how it came about.
"""

_CUSTOMER_STOOD_DOWN = """
{{ update | default("We looked into reports of a problem and found the service working as usual.") }}
"""

_FIRST_POST = """
We are looking into a problem with {{ incident.service_name }}.
Our teams are at work.
{% if next_update_at is defined %}
We will post again here by {{ next_update_at | time }}.
{% endif %}
"""

_HOLDING_LINE = """
{% if incident.status == "resolved" or incident.status == "cancelled" %}
We are making sure that {{ incident.service_name }} works as it should, and will post the outcome here.
{% else %}
We are still working on the problem with {{ incident.service_name }}, and have nothing new to tell yet.
{% endif %}
{% if next_update_at is defined %}
We will post again by {{ next_update_at | time }}.
{% endif %}
"""

_HANDOVER_BRIEF = """
You are asked to take over: {{ incident.severity }} {{ incident.title }} ({{ incident.id }}).
State: {{ incident.status }} since {{ incident.status_since | default(incident.opened_at) | time }}, open for \
{{ (now - incident.opened_at) | duration }}; \
customers affected: {{ incident.customers_affected | default("not known yet") }}.
{% if bridge.url is defined %}
Bridge: {{ bridge.url }}
{% endif %}
{% if incident.ticket is defined %}
Ticket: {{ incident.ticket }}
{% endif %}
Roles, or who stands in: technical lead {{ roles.tech_lead | default("nobody") }}, \
communications {{ roles.comms_lead | default("nobody") }}, deputy {{ roles.deputy | default("nobody") }}.
Open decisions, tasks and clocks:
{% for item in pending | default([]) %}
- {{ item.text }}\
{% if item.due_at is defined %}, due {{ item.due_at | time }}{% endif %}\
{% if item.then is defined %}, then {{ item.then }}{% endif %}\
{% if item.id != "" %} [{{ item.id }}]{% endif %}

{% else %}
- none
{% endfor %}
{% if next_update_at is defined %}
Next update due: {{ next_update_at | time }}.
{% endif %}
{% if update is defined %}
Risks: {{ update }}
{% endif %}
"""

_APPROVED = "shipped with mayday; name your own approver in runbooks/templates"

BUILT_IN_TEMPLATES: dict[str, TemplateText] = {
    "initial_notice": _text("{{ incident.severity }} {{ incident.title }}", _INITIAL_NOTICE),
    "technical_update": _text("{{ incident.severity }} {{ incident.title }}: {{ incident.status }}", _TECHNICAL_UPDATE),
    "technical_resolved": _text("Resolved: {{ incident.title }}", _TECHNICAL_RESOLVED),
    "technical_stood_down": _text("Called off: {{ incident.title }}", _TECHNICAL_STOOD_DOWN),
    "executive_update": _text(
        "{{ incident.severity }} {{ incident.title }}: {{ incident.status }}", _EXECUTIVE_UPDATE, "executives"
    ),
    "executive_resolved": _text("Resolved: {{ incident.title }}", _EXECUTIVE_RESOLVED, "executives"),
    "executive_stood_down": _text("Called off: {{ incident.title }}", _EXECUTIVE_STOOD_DOWN, "executives"),
    "customer_update": _text("Problem with {{ incident.service_name }}", _CUSTOMER_UPDATE, "customers"),
    "customer_resolved": _text("Solved: problem with {{ incident.service_name }}", _CUSTOMER_RESOLVED, "customers"),
    "customer_stood_down": _text(
        "No problem found with {{ incident.service_name }}", _CUSTOMER_STOOD_DOWN, "customers"
    ),
    "first_post": _text("Problem with {{ incident.service_name }}", _FIRST_POST, "customers", _APPROVED),
    "holding_line": _text("Problem with {{ incident.service_name }}", _HOLDING_LINE, None, _APPROVED),
    "handover_brief": _text("Handover: {{ incident.title }}", _HANDOVER_BRIEF),
}
"""By name, as runbooks and cadences name them."""
