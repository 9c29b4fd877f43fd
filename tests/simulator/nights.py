"""Random nights: people of the example's catalog do anything, at any time, allowed or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from mayday.language.scenario import Scenario

PEOPLE = ("ana", "dee", "lee", "raj", "li", "sam", "kim", "noor", "dana", "chris", "max")
GATES = ("invoke_dr", "emergency_change", "no_such_gate")
TASKS = ("open_bridge", "verify_dr", "verify_bypass", "confirm", "review:executive_update", "resolve_incident")
STATUSES = ("identified", "mitigated", "investigating", "resolved")
AUDIENCES = ("technical", "customers", "executives")
REPLIES = ("reply", "eta", "resolved")
RESULT = {"ok": True, "stable": True}
EXTRA_TASK = {"text": "look", "to": "person.raj", "due": "7m"}
MOCKS: tuple[dict[str, Any], ...] = (
    {}, {"bridge.open": {"fail": 1}}, {"pager": {"fail": 2}}, {"dr.invoke": {"hang": True}},
    {"paging.page_responder": {"hang": True}},
)  # fmt: skip

people = st.sampled_from(PEOPLE)
reasons = st.sampled_from(["it helps", "too risky", "nobody answers"])


def _items() -> st.SearchStrategy[dict[str, Any]]:
    by = {"by": people}
    return st.one_of(
        st.fixed_dictionaries({"ack": st.just("page_payments"), **by, "joined": st.booleans()}),
        st.fixed_dictionaries(
            {"vote": st.sampled_from(GATES), **by, "reason": reasons, "choice": st.sampled_from(["approve", "reject"])}
        ),
        st.fixed_dictionaries({"complete": st.sampled_from(TASKS), **by, "result": st.just(RESULT)}),
        st.fixed_dictionaries({"severity": st.sampled_from(["SEV1", "SEV2"]), **by, "reason": reasons}),
        st.fixed_dictionaries(
            {"status": st.sampled_from(STATUSES), **by, "reason": reasons}
        ),
        st.fixed_dictionaries({"role": st.sampled_from(["incident_commander", "deputy"]), "person": people, **by}),
        st.fixed_dictionaries({"accept": st.sampled_from(["incident_commander", "deputy", "comms_lead"]), **by}),
        st.fixed_dictionaries({"note": reasons, **by}),
        st.fixed_dictionaries({"update": st.sampled_from(AUDIENCES), "text": reasons, **by}),
        st.fixed_dictionaries({"hold_outward": st.booleans(), **by, "reason": reasons}),
        st.fixed_dictionaries({"impact": st.fixed_dictionaries({"customers_affected": st.integers(0, 9000)}), **by}),
        st.fixed_dictionaries({"delegate": people, **by}),
        st.fixed_dictionaries({"vendor_reply": st.just("gateway"), "kind": st.sampled_from(REPLIES), **by}),
        st.fixed_dictionaries(
            {
                "override": st.sampled_from(["engineer", "cadence:technical_update", "phase:restore", "dr_window"]),
                "action": st.sampled_from(["skip", "cancel", "pause", "resume", "end_phase"]),
                **by,
                "reason": reasons,
            }
        ),
        st.fixed_dictionaries({"event": st.just("customer.called"), "data": st.just({})}),
        st.fixed_dictionaries(
            {"alert": st.fixed_dictionaries({"title": st.just("again"), "labels": st.just({"service": "payments"})})}
        ),
        st.fixed_dictionaries(
            {
                "add_step": st.fixed_dictionaries(
                    {"id": st.sampled_from(["extra", "more"]), "task": st.just(EXTRA_TASK)}
                ),
                **by,
            }
        ),
    )  # fmt: skip


@st.composite
def nights(draw: st.DrawFn, *, longest: int = 25, outages: bool = True) -> Scenario:
    """A night about the example runbook, up to five hours; no two things happen in the same few seconds."""
    items = draw(st.lists(_items(), max_size=longest))
    if outages and draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), {"outage": draw(st.sampled_from(["3m", "20m"]))})
    moment = timedelta()
    timeline: list[dict[str, Any]] = []
    for item in items:
        moment += timedelta(seconds=draw(st.sampled_from([11, 47, 133, 411, 1237])))
        timeline.append({"at": f"T+{int(moment.total_seconds())}s", **item})
    return Scenario.model_validate(
        {
            "apiVersion": "runbook/v1",
            "kind": "Scenario",
            "metadata": {"name": "random night"},
            "runbook": "payments_sev1",
            "given": {
                "start": "2026-03-02T02:10:00Z",
                "incident": {
                    "title": "Payments down", "service": "payments", "severity": "SEV1", "customers_affected": 4200,
                },
                "roles": {"incident_commander": "ana", "deputy": "dee", "comms_lead": "li"},
            },
            "mocks": draw(
                st.sampled_from(MOCKS)
            ),
            "timeline": timeline,
        }
    )  # fmt: skip
