"""Refusals as people read them: names for ids, and nobody's own words touched.

The rules write their reasons with ids, and the timeline keeps them. The list of sentences is held against the walker's
own source, so that a new refusal cannot be forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from mayday.domain.refusal_words import FORMS, parts_of
from mayday.domain.timeline_words import Naming, closing, refusal, sentence

ROOT = Path(__file__).parents[2]
NAMES = Naming(
    people={"ana": "Ana Ruiz", "sam": "Sam Reilly", "kim": "Kim Osei", "lee": "Lee Chen"},
    vendors={"cloudgate": "CloudGate Ltd"},
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ana is no voter of emergency_change; it asks sam, kim",
         "Ana Ruiz is no voter of “emergency change”; it asks Sam Reilly, Kim Osei"),
        ("ana may not vote on moves[2].emergency_change: asked for it",
         "Ana Ruiz may not vote on “emergency change” (moves 2): they asked for it"),
        ("ana may not answer review:customer_update: a second person has to",
         "Ana Ruiz may not answer “read the customer update”: a second person has to"),
        ("task verify is for role.incident_commander", "task “verify” is for the incident commander"),
        ("task verify is for person.lee", "task “verify” is for Lee Chen"),
        ("task verify is for commander or deputy", "task “verify” is for commander or deputy"),
        ("incident_commander is offered to ana, lee",
         "the role of incident commander is offered to Ana Ruiz, Lee Chen"),
        ("incident_commander is offered to ", "the role of incident commander is offered to somebody else"),
        ("ana holds incident_commander already", "Ana Ruiz is incident commander already"),
        ("page_payments was acknowledged by lee at 02:12:00",
         "“page payments” was acknowledged by Lee Chen at 02:12:00 UTC"),
        ("page_payments was not sent to machine:grafana: its levels name others",
         "the call for “page payments” was not for grafana (a program): its levels name others"),
        ("cloudgate waits for us already", "CloudGate Ltd waits for us already"),
        ("dr is decided: unapproved_emergency", "“dr” is decided: unapproved emergency"),
        ("the incident was merged into INC-01KAHX2V7M9Q4T8R3W5Y6ZABCD: go there",
         "the incident was merged into INC-6ZABCD: go there"),
        ("reason: breaking the glass needs one", "breaking the glass needs a reason"),
        ("cadence customer_update has not started", "the updates “customer update” have not started"),
        ("result.ok: missing (boolean)", "ok is missing"),
    ],
)  # fmt: skip
def test_ids_become_names(written: str, read: str) -> None:
    assert refusal(written, NAMES) == read


@pytest.mark.parametrize(
    "written",
    [
        "commander, deputy or comms lead hold outward messages", "the incident is resolved and its run is over",
        "the incident is mitigated", "there is no decision ana", "there is no page sam is no voter of kim",
        "this needs a person's token", "outward messages are held already", "the severity is SEV2 already",
        "could not be applied: ana is decided: sam", "ana thinks that kim is over the top", "",
    ],
)  # fmt: skip
def test_what_was_typed_and_what_is_not_in_the_list_stays_as_it_is(written: str) -> None:
    assert refusal(written, NAMES) == written


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("acknowledged by lee", "acknowledged by Lee Chen"), ("completed by ana", "completed by Ana Ruiz"),
        ("decided: unapproved_emergency", "decided: unapproved emergency"), ("lee joined", "Lee Chen is on the bridge"),
        ("incident resolved", "the incident is resolved"), ("cloudgate was reached", "CloudGate Ltd was reached"),
        ("nobody took it", "nobody took it"), ("by gut feeling ana joined", "by gut feeling ana joined"),
        ("phase declare left: its steps are done", "phase declare was left: its steps are done"),
    ],
)  # fmt: skip
def test_cards_say_with_names_why_they_are_over(written: str, read: str) -> None:
    assert closing(written, NAMES) == read


def test_a_task_that_was_withdrawn_says_so_with_names() -> None:
    said = sentence("task_withdrawn", "ana", None, {"task": "confirm:dr:kim", "reason": "kim voted anew"}, naming=NAMES)
    assert said.endswith("closed: Kim Osei voted anew")


def test_what_a_stranger_claims_to_be_is_not_given_a_name() -> None:
    written = "it carries no valid signature of a starter of this house; it says that it comes from ana is over"
    assert refusal(written, NAMES) == written


def test_an_entry_of_the_timeline_says_it_with_names_and_keeps_its_text() -> None:
    data = {
        "command": "hold_outward", "code": "not_a_voter", "channel": "x",
        "reason": "ana is no voter of dr; it asks sam",
    }  # fmt: skip
    said = sentence("refused", "ana", None, data, naming=NAMES)
    assert said == (
        "the holding or letting go of outward messages of Ana Ruiz was refused: "
        "Ana Ruiz is no voter of “dr”; it asks Sam Reilly"
    )
    assert data["reason"] == "ana is no voter of dr; it asks sam"


def test_what_people_wrote_as_their_reason_elsewhere_is_not_read_as_a_refusal() -> None:
    said = sentence("outward_held", "ana", None, {"reason": "ana is over"}, naming=NAMES)
    assert "ana is over" in said


# the list and the rules ------------------------------------------------------------------------------------------

#: sentences that hold nothing which has a name: an incident's status, a severity, what was typed, pydantic's words
NOTHING_TO_NAME = (
    "the incident is {}", "the incident was {}", "the drill is {}", "the severity is {}", "outward messages are ",
    "step", "{} is an event of the system", "message {} has not left", "could not be applied",
)  # fmt: skip


def test_every_refusal_of_the_walker_is_in_the_list() -> None:
    listed = {re.sub(r"\{\w+\}", "{}", form) for form, _ in FORMS}
    written = [form for file in sorted((ROOT / "mayday" / "walker").rglob("*.py")) for form in _refusals_in(file)]
    assert len(written) > 100
    missing = [form for form in written if "{}" in form and form not in listed and not form.startswith(NOTHING_TO_NAME)]
    assert missing == []


def test_no_sentence_of_the_list_is_one_that_the_walker_does_not_write() -> None:
    written = {form for file in (ROOT / "mayday" / "walker").rglob("*.py") for form in _refusals_in(file)}
    written.add("{} is offered to ")  # to nobody whom the roster knows
    assert [form for form, _ in FORMS if re.sub(r"\{\w+\}", "{}", form) not in written] == []


def test_a_sentence_without_gaps_is_taken_for_no_other() -> None:
    own = {form for form, _ in FORMS}
    for file in (ROOT / "mayday" / "walker").rglob("*.py"):
        for form in _refusals_in(file):
            if "{}" not in form and form not in own:
                assert [part.gap for part in parts_of(form)] == [""], form


def _refusals_in(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
            [reason] = [word.value for word in node.keywords if word.arg == "reason"]
            yield from _texts(reason)


def _texts(node: ast.expr) -> list[str]:
    """Every text that an expression can make, with `{}` for what it is told."""
    match node:
        case ast.Constant():
            return [str(node.value)]
        case ast.IfExp():
            return [*_texts(node.body), *_texts(node.orelse)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return ["".join(both) for both in product(_texts(left), _texts(right))]
        case ast.JoinedStr():
            return ["".join(pieces) for pieces in product(*map(_texts, node.values))]
        case ast.FormattedValue(value=ast.IfExp() as either) if isinstance(either.body, ast.Constant):
            return _texts(either)
    return ["{}"]
