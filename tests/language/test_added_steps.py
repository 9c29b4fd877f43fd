"""Steps that people add are held to the checks of the file."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.language.added_steps import added_step_findings, with_added
from tests.language.folders import Folder

ASK = {"to": "role.deputy", "question": "Up?", "due": "5m", "on_overdue": {"notify": "role.deputy"}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "a", "page": "schedule.primary", "message": "join {{ bridge.url }}"}, ""),
        ({"id": "a", "page": "schedule.nobody", "message": "join"}, "R301"),
        ({"id": "a", "task": {"text": "{{ incident.titel }}"}}, "T402"),
        ({"id": "a", "task": {"text": "Look", "due": "5"}}, "S208"),
        ({"id": "a", "lgo": "x"}, "S201"),
        ({"id": "a", "log": "x", "task": {"text": "y"}}, "S205"),
        ({"id": "confirm", "log": "x"}, "R309"),
        ({"id": "a", "log": "{{ steps.confirm.result.stable }}"}, ""),
        ({"id": "a", "ask": ASK}, ""),
        ({"id": "a", "ask": {"question": "Up?"}}, "F542"),
        ({"id": "a", "do": "dr.invoke", "with": {"service": "payments"}}, "F561"),
        (
            {"id": "a", "decide": "Go", "subject": {"action": "dr.invoke", "plan": "x"},
             "voters": {"from": ["person.raj"]}, "timeout": "5m", "outcomes": {"approved": [], "rejected": []}},
            "F510",
        ),
    ],
)  # fmt: skip
def test_an_added_step(folder: Folder, body: dict[str, Any], expected: str) -> None:
    library = folder.basic().load()
    found = added_step_findings(body, library.runbook("example"), library)
    codes = {finding.code for finding in found}
    assert expected in codes if expected else not codes, found


def test_a_later_step_may_use_the_results_of_an_added_one(folder: Folder) -> None:
    library = folder.basic().load()
    asked = {"id": "first", "ask": {**ASK, "fields": {"ok": {"type": "boolean"}}}}
    runbook = with_added(library.runbook("example"), [asked, {"not": "a step"}])
    body = {"id": "second", "log": "{{ steps.first.result.ok }}"}
    assert added_step_findings(body, runbook, library) == []
    assert with_added(library.runbook("example"), []) is library.runbook("example")
