"""Plan and timeline held against each other: what was promised, and what became of each step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mayday.archive.collecting import tapes_of
from mayday.domain.report import Report, draft, render
from mayday.domain.report.adherence import planned_steps
from mayday.domain.report.model import PromiseFact, StepFact
from tests.archive.recorded import archived
from tests.review.chains import Chain
from tests.review.story import utc

START = utc("2026-03-02T02:10")
PLAN: dict[str, Any] = {
    "severities": {"SEV1": {"resolve_within": "4h", "ack_within": "5m"}, "SEV4": {"resolve_within": "5 business days"}},
    "runbook": {
        "escalations": {"oncall": {"levels": [{"notify": "schedule.a", "ack_within": "3m"}]}},
        "phases": [
            {
                "id": "declare",
                "steps": [
                    {"id": "call", "page": "oncall", "join_within": "10m"},
                    {"id": "ticket", "do": "itsm.open"},
                    {"id": "guard", "when": "false", "log": "never"},
                    {"id": "wait_a_bit", "wait": {"for": "5m"}},
                    {
                        "id": "change",
                        "decide": "Change it?",
                        "outcomes": {"approved": [{"id": "carry", "do": "change.execute"}], "rejected": []},
                    },
                    {"id": "rounds", "repeat": {"steps": [{"id": "look", "ask": {"question": "Better?"}}]}},
                    {"id": "after", "log": "done"},
                ],
            },
            {"id": "later", "steps": [{"id": "last_check", "log": "x"}]},
        ],
        "finally": [{"id": "tidy", "do": "bridge.close"}],
    },
}  # fmt: skip


def night() -> Chain:
    chain = Chain(START)
    chain.add(0, "opened", "ana", None, severity="SEV1", service="payments", title="Payments down", plan="abc")
    chain.add(0, "phase_entered", "system", "phase:declare", phase="declare")
    chain.add(0, "paged", "system", "call", page="call", purpose="page", people=["raj"])
    chain.add(3, "page_escalated", "system", "call", page="call", to=["lee"], level=2, round=1)
    chain.add(4, "acknowledged", "lee", "call", page="call", after_s=240)
    chain.add(20, "joined", "lee", "call", page="call")
    chain.add(20, "action_started", "system", "ticket", action="itsm.open", attempt=1)
    chain.add(20, "step_failed", "system", "ticket", reason="the desk is down")
    chain.add(20, "task_opened", "system", "ticket", task="ticket", due_at=chain.at(30))
    chain.add(25, "task_completed", "dee", "ticket", task="ticket", result={})
    chain.add(25, "step_skipped", "system", "guard", reason="not needed: false")
    chain.add(25, "gate_opened", "system", "change", decision="change", due_at=chain.at(40))
    chain.add(40, "gate_decided", "system", "change", decision="change", outcome="lapsed")
    chain.add(41, "task_opened", "system", "rounds[1].look", task="rounds[1].look", due_at=chain.at(50))
    chain.add(45, "task_completed", "dee", "rounds[1].look", task="rounds[1].look", result={})
    chain.add(46, "step_added", "ana", "extra", verb="task")
    chain.add(46, "task_opened", "system", "extra", task="extra", due_at=chain.at(60))
    chain.add(50, "overridden", "ana", "after", action="skip", reason="no need")
    chain.add(50, "phase_left", "system", "phase:declare", phase="declare", reason="its steps are done")
    chain.add(60, "status_changed", "ana", None, status="resolved", before="investigating")
    return chain


def reported(chain: Chain, plan: dict[str, Any] | None = PLAN) -> Report:
    return draft(chain.entries, incident_id="INC-1", plan=plan)


def step(report: Report, path: str) -> StepFact:
    assert report.steps is not None
    return next(fact for fact in report.steps if fact.path == path)


def promise(report: Report, name: str) -> PromiseFact:
    return next(fact for fact in report.promises if fact.name == name)


@pytest.mark.parametrize(
    ("path", "how", "note"),
    [
        ("call", "late", "“call” climbs to lee"),
        ("ticket", "by hand", "dee did it: the desk is down"),
        ("guard", "skipped", "not needed: false"),
        ("change", "late", "nobody decided in time"),
        ("carry", "not called for", "“change” approved"),
        ("look", "in time", ""),
        ("after", "overridden", "ana: skip, no need"),
        ("last_check", "not reached", "its phase was not entered"),
        ("tidy", "not reached", ""),
        ("extra", "in time", "added by ana"),
    ],
)
def test_each_step_says_what_became_of_it(path: str, how: str, note: str) -> None:
    fact = step(reported(night()), path)
    assert fact.how == how
    assert note in fact.note


CALLED: dict[str, Any] = {
    "escalations": {"oncall": {"levels": [{"notify": "schedule.b", "ack_within": "1m"}]}},
    "phases": [
        {
            "id": "inner",
            "steps": [
                {"id": "wake", "page": "oncall"},
                {"id": "rounds", "repeat": {"steps": [{"id": "look", "ask": {"question": "Better?"}}]}},
                {"id": "deeper", "call": "deep@1.0.0"},
                {"id": "never", "when": "false", "steps": [{"id": "unheard", "log": "x"}]},
            ],
        }
    ],
}


def test_the_steps_of_a_called_runbook_stand_under_the_call() -> None:
    deep = {"phases": [{"id": "only", "steps": [{"id": "look", "log": "deep"}, {"id": "left_out", "log": "x"}]}]}
    steps = [{"id": "moves", "call": "moves@1.0.0"}, {"id": "look", "log": "outside"}]
    plan = {"runbook": {"phases": [{"id": "only", "steps": steps}]},
            "calls": {"moves@1.0.0": CALLED, "deep@1.0.0": deep}}  # fmt: skip
    chain = Chain(START)
    chain.add(0, "opened", "ana", None, severity="SEV1", service="payments", title="Payments down", plan="abc")
    chain.add(0, "phase_entered", "system", "phase:only", phase="only")
    chain.add(0, "runbook_called", "system", "moves", runbook="moves@1.0.0", inputs={})
    chain.add(0, "paged", "system", "moves.wake", page="moves.wake", purpose="page", people=["raj"])
    chain.add(2, "page_escalated", "system", "moves.wake", page="moves.wake", to=["lee"], level=2, round=1)
    path = "moves.rounds[1].look"
    chain.add(3, "task_opened", "system", path, task=path, due_at=chain.at(5))
    chain.add(9, "task_completed", "dee", path, task=path, result={}, late=True)
    chain.add(9, "runbook_called", "system", "moves.deeper", runbook="deep@1.0.0", inputs={})
    chain.add(9, "logged", "system", "moves.deeper.look", text="deep")
    report = reported(chain, plan)
    assert {fact.path: fact.how for fact in report.steps or []} == {
        "moves": "in time", "moves.wake": "late", "moves.look": "late", "moves.deeper": "in time",
        "moves.deeper.look": "in time", "moves.deeper.left_out": "not reached", "moves.unheard": "not called for",
        "look": "not reached",
    }  # fmt: skip
    assert promise(report, "Answer moves.wake").limit_s == 60, "by the policy of the called runbook"


def test_a_decision_whose_outcome_was_cut_short_was_decided() -> None:
    plan = {"runbook": {"phases": [{"id": "only", "steps": [
        {"id": "ask", "decide": "Change it?", "outcomes": {"approved": []}},
        {"id": "tell", "log": "No bypass: {{ decisions.ask.reason }}"},
    ]}]}}  # fmt: skip
    chain = Chain(START)
    chain.add(0, "opened", "ana", None, severity="SEV1", service="payments", title="Payments down", plan="abc")
    chain.add(0, "phase_entered", "system", "phase:only", phase="only")
    chain.add(1, "gate_opened", "system", "ask", decision="ask", due_at=chain.at(40))
    chain.add(9, "gate_decided", "system", "ask", decision="ask", outcome="approved")
    chain.add(9, "step_cancelled", "system", "ask", reason="phase only left")
    report = reported(chain, plan)
    assert (step(report, "ask").how, step(report, "ask").note) == ("in time", "approved")
    assert step(report, "tell").what == "No bypass: …"


def test_waits_and_blocks_are_not_judged() -> None:
    report = reported(night())
    assert report.steps is not None
    assert {fact.path for fact in report.steps} & {"wait_a_bit", "rounds"} == set()
    assert [planned.path for planned in planned_steps(PLAN)].count("look") == 1


@pytest.mark.parametrize(
    ("name", "limit", "took", "kept"),
    [
        ("Resolve a SEV1", 4 * 3600, 3600, True),
        ("Answer “call”", 180, 240, False),
        ("Arrive after “call”", 600, 960, True),
        ("Decide “change”", 900, None, False),
        ("Do “ticket”", 600, 300, True),
    ],
)
def test_each_promise_stands_with_its_limit(name: str, limit: int, took: int | None, kept: bool) -> None:
    fact = promise(reported(night()), name)
    assert (fact.limit_s, fact.took_s, fact.kept) == (limit, took, kept)


def test_a_promise_in_working_days_is_shown_without_a_verdict() -> None:
    chain = Chain(START)
    chain.add(0, "opened", "ana", None, severity="SEV4", service="web", title="t")
    chain.add(60, "status_changed", "ana", None, status="resolved", before="investigating")
    fact = promise(reported(chain), "Resolve a SEV4")
    assert (fact.limit_s, fact.kept) == (None, None)
    assert "working days" in fact.note


def test_a_broken_sla_is_broken_whatever_came_later() -> None:
    chain = Chain(START)
    chain.add(0, "opened", "ana", None, severity="SEV1", service="web", title="t")
    chain.add(240, "sla_breached", "system", None, clock="resolve_within", limit_s=14400, severity="SEV1")
    chain.add(270, "status_changed", "ana", None, status="resolved", before="investigating")
    fact = promise(reported(chain), "Resolve a SEV1")
    assert (fact.kept, fact.took_s) == (False, 270 * 60)


def test_without_the_plan_the_report_says_so() -> None:
    text = render(reported(night(), None))
    assert "The pinned plan is not in the records" in text
    assert "Answer “call”" in text


async def test_a_recorded_night_of_the_library() -> None:
    dossier = await archived("payments_sev1_every_150")
    (tape, *_) = await tapes_of(dossier)
    assert tape.start is not None
    report = draft(dossier.timeline(), incident_id="INC-1", plan=tape.start.plan)
    assert step(report, "open_bridge").how == "by hand"
    assert step(report, "gateway").how == "late"
    assert step(report, "bypass").note == "“emergency change” approved"
    assert step(report, "invoke_dr").note == "approved"
    assert promise(report, "Answer “page payments”").took_s == timedelta(minutes=9).total_seconds()
    text = render(report)
    assert "## Service levels" in text
    assert "## Runbook adherence" in text
    assert "| page payments |" in text
