"""Whatever people vote in whatever order: no approval without its approvals, no person counted twice."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.walker.conftest import Night

PEOPLE = ["sam", "kim", "noor", "ana", "dee", "raj"]
votes = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["approve", "reject", "abstain"])), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cast=votes, runbook=st.sampled_from(["gate", "gate_veto", "gate_required", "gate_role"]))
def test_an_approval_has_its_approvals(
    open_night: Callable[..., Night], cast: list[tuple[str, str]], runbook: str
) -> None:
    night = open_night(runbook).run(1)
    path, gate = next(iter(night.walker.state.gates.items()))
    for person, choice in cast:
        night.say("vote", person, decision=path, choice=choice, reason="because")
    night.run(200)
    gate = night.walker.state.gates[path]
    yes = {person for person, ballot in gate.ballots.items() if ballot.choice == "approve"}
    assert gate.outcome is not None, "every gate comes to an end"
    assert not set(gate.ballots) & set(gate.excluded)
    if gate.outcome == "approved":
        assert len(yes) >= gate.approvals
        assert set(gate.required) <= yes
        assert not (gate.veto and any(b.choice == "reject" for b in gate.ballots.values()))
    decided = night.of("gate_decided")
    assert len(decided) == 1
    after = [entry for entry in night.of("voted") if entry.seq > decided[0].seq]
    assert not after, "a vote after the outcome is refused"
