"""When two timelines are the same: lane by lane, within two seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mayday.domain.timeline import GENESIS, Entry, append
from mayday.simulator.comparison import lane_of, lanes, same_timeline

START = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


def timeline(*facts: tuple[float, str, str | None, dict[str, Any]]) -> list[Entry]:
    """Entries at so many seconds after the start, chained."""
    entries: list[Entry] = []
    head = GENESIS
    for seconds, kind, step, data in facts:
        entry = append(head, len(entries) + 1, START + timedelta(seconds=seconds), kind, "system", step, data)
        entries.append(entry)
        head = entry.hash
    return entries


def test_a_timeline_is_the_same_as_itself() -> None:
    one = timeline((0, "opened", None, {}), (5, "paged", "page_payments", {"people": ["raj"]}))
    assert same_timeline(one, one) == []


def test_two_seconds_make_no_difference_and_three_do() -> None:
    one = timeline((5, "paged", "page_payments", {}))
    assert same_timeline(one, timeline((7, "paged", "page_payments", {}))) == []
    [difference] = same_timeline(one, timeline((8, "paged", "page_payments", {})))
    assert "moved to" in difference


def test_lanes_may_change_places_within_two_seconds() -> None:
    one = timeline((5, "paged", "page_payments", {}), (6, "message_sent", "cadence:technical", {}))
    other = timeline((5, "message_sent", "cadence:technical", {}), (6, "paged", "page_payments", {}))
    assert same_timeline(one, other) == []


def test_lanes_may_not_change_places_beyond_two_seconds() -> None:
    """Each stays within the tolerance of its own time, but the order of cause and effect is lost."""
    one = timeline((5, "gate_decided", "gate", {}), (8, "action_started", "change", {}))
    other = timeline((6, "action_started", "change", {}), (7, "gate_decided", "gate", {}))
    [difference] = same_timeline(one, other)
    assert "changed places" in difference


def test_within_a_lane_the_order_counts_always() -> None:
    one = timeline((5, "paged", "ladder", {}), (5, "acknowledged", "ladder", {}))
    other = timeline((5, "acknowledged", "ladder", {}), (5, "paged", "ladder", {}))
    assert same_timeline(one, other) != []


def test_data_counts_but_minted_ids_do_not() -> None:
    one = timeline((5, "paged", "ladder", {"people": ["raj"], "ref": "P-1"}))
    assert same_timeline(one, timeline((5, "paged", "ladder", {"people": ["raj"], "ref": "P-2"}))) == []
    [difference] = same_timeline(one, timeline((5, "paged", "ladder", {"people": ["lee"], "ref": "P-1"})))
    assert "data.people" in difference


def test_moments_inside_data_have_the_same_tolerance() -> None:
    one = timeline((5, "gate_opened", "gate", {"due_at": START + timedelta(minutes=15)}))
    near = timeline((5, "gate_opened", "gate", {"due_at": START + timedelta(minutes=15, seconds=1)}))
    far = timeline((5, "gate_opened", "gate", {"due_at": START + timedelta(minutes=16)}))
    assert same_timeline(one, near) == []
    assert same_timeline(one, far) != []


def test_a_missing_entry_is_named() -> None:
    one = timeline((5, "paged", "ladder", {}))
    [difference] = same_timeline(one, [])
    assert "only the first has" in difference


def test_steps_inside_one_root_step_share_its_lane() -> None:
    entry = timeline((5, "task_opened", "watch[2].confirm", {}))[0]
    assert lane_of(entry) == "watch"
    assert lane_of(entry, {"watch[2].confirm": "resolve"}.__getitem__) == "resolve"
    assert list(lanes(timeline((1, "opened", None, {}), (2, "role_taken", "role:deputy", {})))) == [
        "incident",
        "role:deputy",
    ]


facts = st.lists(
    st.tuples(st.integers(0, 3600), st.sampled_from(["paged", "sent"]), st.sampled_from(["a", "b", None]), st.just({})),
    max_size=12,
)


@given(facts, st.integers(0, 1))
def test_a_shift_of_a_second_is_never_a_difference(given_facts: list[Any], shift: int) -> None:
    ordered = sorted(given_facts, key=lambda fact: fact[0])
    moved = [(seconds + shift, kind, step, data) for seconds, kind, step, data in ordered]
    assert same_timeline(timeline(*ordered), timeline(*moved)) == []


@given(facts)
def test_sameness_is_symmetric(given_facts: list[Any]) -> None:
    ordered = sorted(given_facts, key=lambda fact: fact[0])
    less = ordered[:-1]
    assert bool(same_timeline(timeline(*ordered), timeline(*less))) == bool(
        same_timeline(timeline(*less), timeline(*ordered))
    )
