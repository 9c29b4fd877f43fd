# ruff: noqa: E501 - tables of steps and what is said about them
"""Levels 4 and 5: a result is used where it exists, in steps and in what a phase waits for."""

from __future__ import annotations

import pytest

from tests.language.folders import ASK, Folder, codes, found


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # used inside the block that is the source
        ("- { id: a, steps: [{ id: b, log: '{{ steps.a.result.x }}' }] }", "T402"),
        ("- { id: a, log: '{{ steps.confirm.result.stable }}' }", "F501"),
        (f"- id: a\n  {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", ""),
        (f"- id: a\n  background: true\n  {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: a\n  timeout: 5m\n  on_timeout: []\n  {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, when: inputs.dr_ready, log: '{{{{ steps.a.result.ok }}}}' }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, when: steps.a.result.ok is defined and steps.a.result.ok, log: x }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, when: \"steps.a.status == 'done' and steps.a.result.ok\", log: x }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, log: \"{{% if steps.a.result.ok is defined %}}{{{{ steps.a.result.ok }}}}{{% endif %}}\" }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, log: \"{{{{ steps.a.result.url if not steps.a.result.url is none else 'x' }}}}\" }}", ""),
        (f"- id: p\n  parallel:\n    one:\n      - id: a\n        {ASK}\n    two: [{{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}]", "F502"),
        (f"- id: p\n  parallel:\n    one:\n      - id: a\n        {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", ""),
        (f"- id: p\n  join: any\n  parallel:\n    one:\n      - id: a\n        {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: c\n  choose:\n    - when: inputs.dr_ready\n      steps:\n        - id: a\n          {ASK}\n  else: [{{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}]", "F501"),
        (f"- id: c\n  choose:\n    - when: inputs.dr_ready\n      steps:\n        - id: a\n          {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: r\n  repeat: {{ max: 3, until: steps.a.result.ok }}\n  steps:\n    - id: a\n      {ASK}", ""),
        (f"- id: r\n  repeat: {{ max: 3 }}\n  steps:\n    - id: a\n      {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: a\n  {ASK}\n- {{ id: b, when: steps.b.status == 'done', log: x }}", ""),
        ("- { id: room, do: bridge.open, on_error: continue, with: { name: x } }\n- { id: b, log: '{{ steps.room.result.url }}' }", "F502"),
        (f"- id: b1\n  timeout: 5m\n  on_timeout: [{{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}]\n  steps:\n    - id: a\n      {ASK}", ""),
        ("- { id: b1, timeout: 5m, steps: [{ id: b, log: '{{ steps.a.result.url }}' }], on_timeout: [{ id: a, do: bridge.open, with: { name: x } }] }", "F501"),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: c, choose: [{{ when: steps.a.result.ok is defined and steps.a.result.ok, steps: [{{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}] }}] }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, log: \"{{% for p in incident.responders %}}{{{{ steps.a.result.url }}}}{{% endfor %}}\" }}", "F502"),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, when: steps.a.result.ok is defined and inputs.dr_ready and steps.a.result.ok, log: x }}", ""),
        ("- { id: hold, wait: { event: lift }, timeout: 5m, on_timeout: [{ id: late, log: \"{{ steps.hold.result.floor | default('?') }}\" }] }", ""),
        ("- { id: gate, decide: Go, voters: { from: [person.dana] }, timeout: 5m, outcomes: { approved: [{ id: b, log: '{{ decisions.gate.outcome }}' }], rejected: [] } }", ""),
        ("- { id: b, log: '{{ decisions.gate.outcome }}' }\n- { id: gate, decide: Go, voters: { from: [person.dana] }, timeout: 5m, outcomes: { approved: [], rejected: [] } }", "F501"),
    ],
)  # fmt: skip
def test_results_are_used_where_they_exist(folder: Folder, steps: str, expected: str) -> None:
    assert codes(folder, steps) == ([expected] if expected else []), found(folder, steps)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("steps.a.result.ok", "`a` may have no result: it may not be over when this is looked at"),
        ("steps.a.status == 'done' and steps.a.result.ok", ""),
        ("steps.a.result.ok | default(false)", ""),
    ],
)
def test_what_a_phase_waits_for_may_not_be_there_yet(folder: Folder, until: str, expected: str) -> None:
    path = folder.with_steps(f"- id: a\n  {ASK}").root / "library/example.yaml"
    path.write_text(path.read_text().replace("- id: work\n", f'- id: work\n    until: "{until}"\n'))
    assert [item.message for item in folder.findings] == ([expected] if expected else [])


def test_a_later_phase_may_wait_for_what_an_earlier_one_found_out(folder: Folder) -> None:
    path = folder.with_steps(f"- id: a\n  {ASK}").root / "library/example.yaml"
    text = path.read_text().replace("- id: resolve\n", "- id: resolve\n    until: steps.a.result.ok\n")
    path.write_text(text)
    assert folder.findings == []
    path.write_text(text.replace("- id: work\n", "- id: work\n    until: inputs.dr_ready\n"))
    assert [item.message for item in folder.findings] == ["`a` may have no result: phase work may end before it"]


def test_a_phase_that_may_end_early_may_leave_no_result(folder: Folder) -> None:
    folder.with_steps(f"- id: a\n  {ASK}")
    path = folder.root / "library/example.yaml"
    text = path.read_text().replace("- id: work\n", '- id: work\n    until: incident.status >= "mitigated"\n')
    path.write_text(text.replace('log: "not stable"', 'log: "{{ steps.a.result.ok }}"'))
    assert [item.message for item in folder.findings] == ["`a` may have no result: phase work may end before it"]
    folder.with_keys("library/example.yaml", "finally: [{ id: bye, log: '{{ steps.confirm.result.stable }}' }]\n")
    assert [item.message for item in folder.findings] == ["`confirm` may have no result: the runbook may end before it"]
