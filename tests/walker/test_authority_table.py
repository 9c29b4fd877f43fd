"""Every action, by everybody, in every state: the workflow's own rules, whatever the door let through.

One row an action: who may, while the incident is open. Everything else is refused, by code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from mayday.domain.commands import COMMAND
from mayday.walker.command_rules import AT_THE_END
from tests.walker.conftest import Night
from workflows.incident import COMMAND_KINDS

#: ana commands, dee is her deputy, sam votes, lee was paged, raj is in the catalog
PEOPLE = ("ana", "dee", "sam", "lee", "raj")
ACTORS = (*PEOPLE, "stranger", "owner", "machine:ci")
LEADERS = frozenset({"ana", "dee", "owner"})
HOUSE = frozenset({*PEOPLE, "owner"})
TELLERS = frozenset({*HOUSE, "machine:ci"})


class Row(NamedTuple):
    action: str
    body: dict[str, Any]
    may: frozenset[str]
    else_: str = "not_yours"
    """The refusal of everybody else while the incident is open."""


TABLE = [
    Row("ack", {"page": "wake"}, frozenset({"lee"})),
    Row("accept", {"target": "chore"}, frozenset({"ana", "dee", "lee"})),
    Row("decline", {"target": "wake", "reason": "r"}, frozenset({"lee"})),
    Row("vote", {"decision": "gate", "choice": "approve", "reason": "go"}, frozenset({"sam"}), "not_a_voter"),
    Row("complete", {"task": "chore"}, frozenset({*LEADERS, "lee"})),
    Row("update", {"audience": "technical", "text": "x"}, HOUSE),
    Row("correct", {"n": 1, "text": "x"}, frozenset(PEOPLE)),
    Row("note", {"text": "x"}, TELLERS),
    Row("severity", {"severity": "SEV2", "reason": "r"}, LEADERS),
    Row("status", {"status": "mitigated", "reason": "r"}, LEADERS),
    Row("role", {"role": "scribe", "person": "kim"}, LEADERS),
    Row("event", {"name": "deployed"}, TELLERS),
    Row("add_step", {"step": {"id": "more", "log": "x"}}, LEADERS),
    Row("candidate", {"accept": True, "reason": "r"}, frozenset(), "closed"),
    Row("merge", {"into": "INC-2", "into_workflow": "incident/y", "reason": "r"}, LEADERS),
    Row("reopen", {"reason": "r"}, frozenset()),
    Row("delegate", {"to": "max"}, frozenset(PEOPLE)),
    Row("hold_outward", {"on": True, "reason": "r"}, LEADERS),
    Row("impact", {"customers_affected": 3}, TELLERS),
    Row("vendor_reply", {"step": "case", "reply": "reply", "text": "x"}, HOUSE),
    Row("drill", {"action": "end", "reason": "r"}, frozenset(), "unknown"),
    Row("override", {"step": "chore", "action": "skip", "reason": "r"}, LEADERS),
]
#: what is refused otherwise than its row says: the requester is no voter, and there is nothing to reopen
EXCEPTIONS = {("vote", "ana"): "excluded"} | {("reopen", leader): "not_open" for leader in LEADERS}


def refusal(night: Night, row: Row, actor: str) -> str | None:
    command = {"kind": row.action, "actor": actor, "id": "q", "received_at": night.incident.now, **row.body}
    found = night.walker.refusal(COMMAND.validate_python(command), night.incident.now)
    return found.code if found is not None else None


def test_the_table_has_every_action() -> None:
    assert {row.action for row in TABLE} == set(COMMAND_KINDS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_while_it_is_open(open_night: Callable[..., Night], row: Row) -> None:
    night = open_night("authority").run(1)
    expected = {actor: EXCEPTIONS.get((row.action, actor), None if actor in row.may else row.else_) for actor in ACTORS}
    assert {actor: refusal(night, row, actor) for actor in ACTORS} == expected


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_while_it_is_a_candidate(open_night: Callable[..., Night], row: Row) -> None:
    night = open_night("authority", declare="propose", accept_within="10m", roles={}, declared_by=None).run(1)
    for actor in ACTORS:
        if row.action in ("note", "event", "impact"):
            expected = None if actor in TELLERS else "not_yours"
        elif row.action in ("candidate", "severity"):  # nobody commands yet
            expected = None if actor == "owner" else "not_yours"
        else:
            expected = "not_open"
        assert refusal(night, row, actor) == expected, actor


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_while_its_end_is_under_way(open_night: Callable[..., Night], row: Row) -> None:
    """What is owed is still taken; whatever would steer the incident is not, from whoever it comes."""
    night = open_night("authority").run(1)
    night.walker.state.status, night.walker.state.ending = "resolved", "finals"
    for actor in ACTORS:
        found = refusal(night, row, actor)
        if row.action not in AT_THE_END:
            assert found == "closed", actor
        elif actor in ("stranger", "machine:ci") and row.action not in ("note", "impact"):
            assert found is not None, actor


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_after_it_was_rejected(open_night: Callable[..., Night], row: Row) -> None:
    night = open_night("authority", declare="propose", accept_within="10m", roles={}, declared_by=None).run(1)
    assert night.say("candidate", "owner", accept=False, reason="nothing").refusal is None
    night.run(30)
    for actor in ACTORS:
        assert refusal(night, row, actor) in ({"closed", "not_yours"} if row.action == "reopen" else {"closed"}), actor


@pytest.mark.parametrize("status", ["resolved", "cancelled"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_after_its_end(open_night: Callable[..., Night], row: Row, status: str) -> None:
    night = open_night("authority").run(1)
    assert night.say("status", "ana", status=status, reason="r").refusal is None
    night.run(30)
    assert night.walker.finished
    for actor in ACTORS:
        expected: str | None = "closed"
        if row.action == "reopen":
            expected = "not_yours" if actor not in LEADERS else None if status == "resolved" else "closed"
        assert refusal(night, row, actor) == expected, actor


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_after_it_was_merged(open_night: Callable[..., Night], row: Row) -> None:
    night = open_night("authority").run(1)
    night.say("merge", "ana", into="INC-2", into_workflow="incident/y", reason="same cause")
    night.run(30)
    for actor in ACTORS:
        taken = row.action == "note" and actor in TELLERS
        expected = None if taken else "not_yours" if row.action == "note" else "closed"
        assert refusal(night, row, actor) == expected, actor


#: what the door's own levels decide, and the catalog: nobody is named
EVERYBODYS = ("update", "correct", "note", "event", "delegate", "impact", "vendor_reply", "drill")
STATES = ("open", "identified", "mitigated", "drill", "paused drill", "reopened", "candidate", "expired", "rejected",
          "ending", "resolved", "cancelled", "merged")  # fmt: skip
#: what is the same as in an open incident
GOING_ON = ("identified", "mitigated", "drill", "reopened")


def night_in(open_night: Callable[..., Night], state: str) -> Night:
    if state in ("candidate", "expired", "rejected"):
        night = open_night("authority", declare="propose", accept_within="10m", roles={}, declared_by=None).run(1)
        if state == "rejected":
            assert night.say("candidate", "owner", accept=False, reason="nothing").refusal is None
        return night if state == "candidate" else night.run(300)
    night = open_night("authority", drill="drill" in state).run(1)
    if state == "drill":
        return night
    if state == "paused drill":
        assert night.say("drill", "ana", action="pause", reason="a real one").refusal is None
        return night
    if state == "reopened":
        assert night.say("status", "ana", status="resolved", reason="r").refusal is None
        night.run(30)
        assert night.say("reopen", "ana", reason="it is back").refusal is None
        return night.run(31)
    if state in ("identified", "mitigated"):
        assert night.say("status", "ana", status=state, reason="r").refusal is None
        return night.run(2)
    if state == "ending":
        night.walker.state.status, night.walker.state.ending = "resolved", "finals"
    elif state == "merged":
        night.say("merge", "ana", into="INC-2", into_workflow="incident/y", reason="same cause")
        night.run(30)
    elif state != "open":
        assert night.say("status", "ana", status=state, reason="r").refusal is None
        night.run(30)
    return night


def otherwise(row: Row, state: str) -> Row:
    """An incident is not set to the status that it has."""
    if row.action == "status" and state == "mitigated":
        return row._replace(body={"status": "identified", "reason": "r"})
    return row


@pytest.mark.parametrize("state", GOING_ON)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_while_it_goes_on_otherwise(open_night: Callable[..., Night], row: Row, state: str) -> None:
    """What is open is for the same people, whatever the status is; nobody is given more by it."""
    night, row = night_in(open_night, state), otherwise(row, state)
    for actor in ACTORS:
        found = refusal(night, row, actor)
        if row.action == "drill" and state == "drill":
            assert found == (None if actor in PEOPLE else "not_yours"), actor
        elif row.action in ("ack", "accept", "vote", "complete", "vendor_reply", "override"):
            assert found is not None or actor in row.may, f"{actor} may what they may not while it is open"
        elif (row.action, actor) in EXCEPTIONS:
            assert found == EXCEPTIONS[row.action, actor], actor
        else:
            assert found == (None if actor in row.may else row.else_), actor


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_after_nobody_took_the_candidate(open_night: Callable[..., Night], row: Row) -> None:
    night = night_in(open_night, "expired")
    for actor in ACTORS:
        assert refusal(night, row, actor) in ({"closed", "not_yours"} if row.action == "reopen" else {"closed"}), actor


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.action)
def test_while_a_drill_is_paused(open_night: Callable[..., Night], row: Row) -> None:
    """A paused drill takes what ends or resumes it from people of the catalog, and nothing from a stranger."""
    night = night_in(open_night, "paused drill")
    for actor in ACTORS:
        found = refusal(night, row, actor)
        assert found is not None or actor in row.may | (frozenset(PEOPLE) if row.action == "drill" else frozenset()), (
            actor
        )


@pytest.mark.parametrize("state", STATES)
def test_the_board_says_who_may_as_the_rules_do(open_night: Callable[..., Night], state: str) -> None:
    """A page shows a button exactly to whom it would not be refused."""
    night = night_in(open_night, state)
    may = night.walker.board(night.incident.now).may
    assert may is not None
    shown = 0
    for each in TABLE:
        row = otherwise(each, state)
        thing = next(
            (row.body[name] for name in ("page", "target", "decision", "task", "role") if name in row.body), ""
        )
        listed = may.get(f"{row.action}:{thing}", may.get(row.action))
        codes = {actor: refusal(night, row, actor) for actor in ACTORS}
        if listed is None:  # everybody's whom the door lets in
            assert row.action in EVERYBODYS
            continue
        assert {actor for actor in ACTORS if actor in listed} == {a for a, code in codes.items() if code is None}, row
        shown += 1
    assert shown >= 10


def test_who_may_changes_hands_with_the_role(open_night: Callable[..., Night]) -> None:
    night = open_night("authority").run(1)
    assert night.say("role", "ana", role="incident_commander", person="raj").refusal is None
    may = night.walker.board(night.incident.now).may or {}
    assert "ana" in may["status"]
    assert may["accept:incident_commander"] == ["raj"]
    assert night.say("accept", "raj", target="incident_commander").refusal is None
    may = night.walker.board(night.incident.now).may or {}
    assert may["status"] == ["raj", "dee", "owner"]
    assert "raj" in may["complete:chore"]
    assert "ana" not in may["complete:chore"]


@pytest.mark.parametrize("name", ["severity.changed", "status.changed", "alert.attached", "incident.resolved"])
@pytest.mark.parametrize("actor", ACTORS)
def test_nobody_sends_an_event_of_the_system(open_night: Callable[..., Night], name: str, actor: str) -> None:
    night = open_night("authority").run(1)
    assert refusal(night, Row("event", {"name": name}, frozenset()), actor) == "not_yours"
