"""Search attributes of an open incident: set on change, and only where the starter found them registered.

An attribute that the server does not know refuses the upsert and with it the workflow task, again and again; so
`StartInput.search_attributes` gates them. The names are those of mayday/temporal/search_attributes.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from mayday.walker.state import IncidentState

SEVERITY = SearchAttributeKey.for_keyword("severity")
STATUS = SearchAttributeKey.for_keyword("status")
SERVICE = SearchAttributeKey.for_keyword("service")
OPENED = SearchAttributeKey.for_datetime("opened")


def values_of(state: IncidentState) -> dict[str, str | datetime]:
    return {
        SEVERITY.name: state.severity,
        STATUS.name: state.status,
        SERVICE.name: state.service,
        OPENED.name: state.opened_at,
    }


def changes(shown: dict[str, Any], values: dict[str, Any]) -> list[SearchAttributeUpdate[Any]]:
    """The updates that lead from what is shown to `values`."""
    return [
        key.value_set(values[key.name])
        for key in (SEVERITY, STATUS, SERVICE, OPENED)
        if shown.get(key.name) != values[key.name]
    ]
