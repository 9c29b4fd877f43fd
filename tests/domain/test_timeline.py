"""The chain: every entry follows from the one before it, and the first edited one is named."""

from __future__ import annotations

import ast
import hashlib
import pathlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mayday.domain.timeline import GENESIS, Entry, append, first_broken, plain, stamped
from mayday.domain.timeline_kinds import KINDS
from mayday.domain.timeline_words import sentence

ROOT = pathlib.Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)

json_data = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def chain(bodies: list[dict[str, Any]]) -> list[Entry]:
    entries: list[Entry] = []
    for number, body in enumerate(bodies, 1):
        head = entries[-1].hash if entries else GENESIS
        entries.append(append(head, number, START + timedelta(seconds=number), "noted", "ana", None, body))
    return entries


class _Shift(BaseModel):
    person: str
    hours: float
    handoffs: list[datetime]
    ends: dict[str, datetime | None]


def test_a_model_outside_of_the_timeline_tells_its_times_alike() -> None:
    at = datetime(2026, 3, 2, 3, 10, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    shift = _Shift(person="ana", hours=8.5, handoffs=[START, at], ends={"first": at, "last": None})
    assert stamped(shift) == {
        "person": "ana", "hours": 8.5, "handoffs": ["2026-03-02T02:10:00.000Z", "2026-03-02T02:10:00.999Z"],
        "ends": {"first": "2026-03-02T02:10:00.999Z", "last": None},
    }  # fmt: skip
    assert stamped(shift, include={"person"}) == {"person": "ana"}


def test_the_hash_is_what_the_design_says() -> None:
    entry = append(GENESIS, 1, START, "noted", "ana", None, {"words": "ä", "n": 1})
    body = (
        '{"actor":"ana","at":"2026-03-02T02:10:00.000Z","data":{"n":1,"words":"ä"},"kind":"noted","seq":1,"step":null}'
    )
    assert entry.hash == hashlib.sha256((GENESIS + body).encode()).hexdigest()


@given(
    bodies=st.lists(st.dictionaries(st.text(max_size=8), json_data, max_size=3), min_size=1, max_size=6), pick=st.data()
)
def test_an_edited_entry_is_named(bodies: list[dict[str, Any]], pick: st.DataObject) -> None:
    entries = chain(bodies)
    assert first_broken(entries) is None
    number = pick.draw(st.integers(0, len(entries) - 1))
    field = pick.draw(st.sampled_from(["actor", "at", "kind", "step"]))
    entries[number] = entries[number].model_copy(update={field: "edited"})
    assert first_broken(entries) == number + 1


def test_a_missing_entry_is_named() -> None:
    entries = chain([{"n": n} for n in range(4)])
    assert first_broken([entries[0], *entries[2:]]) == 3


@given(json_data)
def test_no_float_reaches_the_chain(value: Any) -> None:
    def floats(found: Any) -> bool:
        if isinstance(found, dict):
            return any(floats(inner) for inner in found.values())
        return any(floats(inner) for inner in found) if isinstance(found, list) else isinstance(found, float)

    assert not floats(plain(value))


def written_kinds(file: pathlib.Path) -> set[str]:
    """The texts that stand first in calls of `entry` and `log`."""
    found: set[str] = set()
    for call in ast.walk(ast.parse(file.read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ("entry", "log"):
            first = call.args[0] if call.args else None
            options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            found |= {node.value for node in options if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return found


SOURCES = [file for folder in ("mayday/walker", "mayday/domain/review") for file in (ROOT / folder).rglob("*.py")]


def test_every_kind_that_is_written_is_in_the_closed_list() -> None:
    written: set[str] = set()
    for file in SOURCES:
        written |= written_kinds(file)
    assert len(written) > 100
    assert not written - set(KINDS)


def test_nothing_is_listed_that_nobody_writes() -> None:
    text = "\n".join(file.read_text() for file in SOURCES)
    assert not [kind for kind in KINDS if f'"{kind}"' not in text]


def test_a_spoken_vote_reads_as_what_its_voter_said() -> None:
    data = {"decision": "invoke_dr", "choice": "approve", "reason": "five hours is too long"}
    assert sentence("voted", "chris", None, data) == "chris voted approve on “invoke dr”: five hours is too long"
    spoken = sentence("voted", "li", None, {**data, "on_behalf_of": "chris", "heard_by": "dee"})
    assert spoken == (
        "chris said approve on “invoke dr”, written down by li, to be witnessed by dee: five hours is too long"
    )


def test_nothing_found_is_not_nobody() -> None:
    found = {"action": "changes.recent", "outputs": {"changes": [], "freezes": ["FR-1"]}}
    assert (
        sentence("action_finished", "system", None, found)
        == "looking for recent changes: done, changes: none, freezes: FR-1"
    )
    assert sentence("gate_opened", "system", None, {"voters": [], "question": "Now?"}) == "asks nobody: Now?"


@given(
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(st.sampled_from(["reason", "to", "actor", "step", "people"]), json_data),
)
def test_every_kind_reads_as_a_sentence_whatever_is_missing(kind: str, data: dict[str, Any]) -> None:
    assert sentence(kind, "ana", None, data)
