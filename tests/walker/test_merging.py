"""Two incidents, one cause: the duplicate hands over what it owes, and nothing is decided on the way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from tests.walker.conftest import Night

SURVIVOR, DUPLICATE = "INC-01000000000000000SURVIVOR", "INC-0100000000000000DUPLICATE"


def merged(open_night: Callable[..., Night], runbook: str, minutes: float = 5) -> tuple[Night, Night, dict[str, Any]]:
    survivor, duplicate = (
        open_night(runbook, incident=SURVIVOR).run(minutes),
        open_night(runbook, incident=DUPLICATE).run(minutes),
    )
    answer = duplicate.say("merge", "ana", into=SURVIVOR, into_workflow="incident/survivor", reason="same cause")
    assert answer.refusal is None
    (handover,) = [call.payload["handover"] for call in duplicate.desk.calls if call.kind == "incident.absorb"]
    survivor.absorb(handover)
    survivor.run(minutes)
    return survivor, duplicate, handover


def test_a_gate_moves_with_its_votes_and_its_deadline(open_night: Callable[..., Night]) -> None:
    survivor, duplicate = open_night("gate", incident=SURVIVOR).run(5), open_night("gate", incident=DUPLICATE).run(5)
    duplicate.say("vote", "sam", decision="gate", choice="approve", reason="go")
    duplicate.say("merge", "ana", into=SURVIVOR, into_workflow="incident/survivor", reason="same cause")
    (handover,) = [call.payload["handover"] for call in duplicate.desk.calls if call.kind == "incident.absorb"]
    due = duplicate.walker.state.gates["gate"].due_at
    survivor.absorb(handover)
    survivor.run(6)
    moved = next(gate for path, gate in survivor.walker.state.gates.items() if path != "gate")
    assert list(moved.ballots) == ["sam"]
    assert moved.due_at == due
    assert not duplicate.of("gate_decided")
    assert duplicate.walker.state.gates["gate"].outcome == "withdrawn"
    assert survivor.say("vote", "kim", decision=moved.path, choice="approve", reason="yes").refusal is None
    survivor.run(7)
    assert [entry.data["outcome"] for entry in survivor.of("gate_decided")] == ["approved"]
    assert survivor.walker.state.steps[moved.path].over


def test_the_duplicate_ends_without_words_and_forwards_until_the_survivor_ends(
    open_night: Callable[..., Night],
) -> None:
    survivor, duplicate, _ = merged(open_night, "customer_cadence")
    assert not [entry for entry in duplicate.of("message_sent") if entry.data["purpose"] == "final"]
    duplicate.run(30)
    assert not duplicate.walker.finished
    duplicate.alert("cards", service="payments")
    forwarded = [c.payload["handover"] for c in duplicate.desk.calls if c.kind == "incident.absorb"][-1]
    assert forwarded["what"] == "alerts"
    survivor.absorb(forwarded)
    survivor.run(31)
    assert [entry.data["alert"] for entry in survivor.of("alert_fired")] == ["cards"]
    survivor.say("status", "ana", status="resolved", reason="fixed")
    survivor.run(60)
    ended = [c.payload["handover"] for c in survivor.desk.calls if c.kind == "incident.absorb"]
    assert [handover["what"] for handover in ended] == ["ended"]
    duplicate.absorb(ended[0])
    duplicate.run(61)
    assert duplicate.walker.finished
    assert duplicate.entries[-1].kind == "finished"


def test_a_vendor_clock_goes_on_where_it_was(open_night: Callable[..., Night]) -> None:
    survivor, duplicate, _ = merged(open_night, "vendor")
    theirs = duplicate.walker.state.engagements["case"]
    moved = next(case for path, case in survivor.walker.state.engagements.items() if path != "case")
    assert moved.response.due_at == theirs.response.due_at
    survivor.run(21)
    assert len(survivor.of("vendor_breached")) == 2
    assert not duplicate.run(21).of("vendor_breached")


def test_the_same_handover_twice_is_taken_once(open_night: Callable[..., Night]) -> None:
    survivor, _, handover = merged(open_night, "vendor")
    survivor.absorb(handover)
    survivor.run(6)
    assert len(survivor.of("merged_in")) == 1


OLDER, YOUNGER, THIRD = (f"INC-01{name:0>24}" for name in ("1FIRSTED", "2SECONDE", "3THIRDED"))


def workflow(incident: str) -> str:
    return f"incident/{incident[-8:].lower()}"


def merge(night: Night, into: str) -> None:
    said = night.say("merge", "ana", into=into, into_workflow=workflow(into), reason="same cause")
    assert said.refusal is None


class Post:
    """Carries what incidents hand to each other, as signals do: in any order between two pairs, later than sent."""

    def __init__(self, *nights: Night) -> None:
        self._to = {night.walker.start.workflow_id: night for night in nights}
        self._seen = dict.fromkeys(self._to, 0)
        self._waiting: list[tuple[str, dict[str, Any]]] = []

    def carry(self, *order: str, times: int = 1) -> None:
        """Everything that was sent until nothing is any more; first what goes to the incidents in `order`."""
        self._collect()
        while self._waiting:
            if order:
                self._waiting.sort(key=lambda parcel: [workflow(name) for name in order].index(parcel[0]))
            address, handover = self._waiting.pop(0)
            for _ in range(times):
                self._to[address].absorb(handover)
            self._collect()

    def _collect(self) -> None:
        for sender, night in self._to.items():
            sent = [call.payload for call in night.desk.calls if call.kind == "incident.absorb"]
            self._waiting += [(each["workflow_id"], each["handover"]) for each in sent[self._seen[sender] :]]
            self._seen[sender] = len(sent)


@pytest.mark.parametrize("order", [(OLDER, YOUNGER), (YOUNGER, OLDER)], ids=["older_first", "younger_first"])
def test_of_two_that_were_merged_into_each_other_the_older_goes_on(
    open_night: Callable[..., Night], order: tuple[str, str]
) -> None:
    older, younger = (open_night("vendor", incident=name, merges_cross=True).run(5) for name in (OLDER, YOUNGER))
    post = Post(older, younger)
    merge(older, YOUNGER)
    merge(younger, OLDER)
    post.carry(*order, times=2)
    assert (older.walker.state.status, younger.walker.state.status) == ("investigating", "merged")
    assert len(older.of("reopened")) == 1
    assert {entry.data["source"] for entry in older.of("merged_in")} == {OLDER, YOUNGER}
    younger.alert("cards", service="payments")
    post.carry()
    assert [entry.data["alert"] for entry in older.of("alert_fired")] == ["cards"]
    assert older.say("status", "ana", status="resolved", reason="fixed").refusal is None
    older.run(90)
    post.carry()
    younger.run(90)
    assert older.walker.finished
    assert younger.walker.finished


def test_what_reaches_a_merged_incident_goes_on_to_its_survivor(open_night: Callable[..., Night]) -> None:
    first, second, third = (
        open_night("gate", incident=name, merges_cross=True).run(5) for name in (OLDER, YOUNGER, THIRD)
    )
    post = Post(first, second, third)
    first.say("vote", "sam", decision="gate", choice="approve", reason="go")
    merge(second, THIRD)
    merge(first, YOUNGER)  # it did not know yet
    post.carry()
    assert [entry.data["source"] for entry in third.of("merged_in")] == [YOUNGER, OLDER]
    assert [entry.data["into"] for entry in second.of("handover_passed_on")] == [THIRD]
    votes = [list(gate.ballots) for gate in third.walker.state.gates.values()]
    assert sorted(votes) == [[], [], ["sam"]]
    first.alert("cards", service="payments")
    post.carry()
    assert [entry.data["alert"] for entry in third.of("alert_fired")] == ["cards"]


def test_who_was_merged_before_hears_of_the_end_of_the_last_survivor(open_night: Callable[..., Night]) -> None:
    first, second, third = (
        open_night("customer_cadence", incident=name, merges_cross=True).run(5) for name in (OLDER, YOUNGER, THIRD)
    )
    post = Post(first, second, third)
    merge(first, YOUNGER)
    post.carry()
    merge(second, THIRD)
    post.carry()
    for night in (first, second):
        assert not night.run(30).walker.finished, "it forwards alerts as long as the incident goes on"
    third.say("status", "ana", status="resolved", reason="fixed")
    third.run(90)
    post.carry()
    for night in (first, second):
        assert night.run(91).walker.finished


def test_who_has_taken_another_over_is_not_merged_into_it(open_night: Callable[..., Night]) -> None:
    """Each would pass alerts on to the other, and no incident would be open."""
    survivor, _, _ = merged(functools.partial(open_night, merges_cross=True), "vendor")
    answer = survivor.say("merge", "ana", into=DUPLICATE, into_workflow="incident/duplicate", reason="the other way")
    assert survivor.refused(answer) == "closed"
    assert survivor.walker.state.merged_into is None


def test_an_incident_that_was_opened_before_goes_on_as_it_began(open_night: Callable[..., Night]) -> None:
    """Its history says so: it tells those merged into it at once, and takes over what still comes."""
    first, second, third = (open_night("gate", incident=name).run(5) for name in (OLDER, YOUNGER, THIRD))
    merge(second, THIRD)
    merge(first, YOUNGER)
    Post(first, second, third).carry()
    assert not second.of("handover_passed_on")
    assert [entry.data["source"] for entry in second.of("merged_in")] == [OLDER]
