"""What rings names roles, steps and audiences as people say them: a telephone reads it aloud."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.walker.conftest import Night

OpenNight = Callable[..., Night]
ID = re.compile(r"[a-z]_[a-z]")


def said(night: Night, purpose: str) -> list[str]:
    """The texts of the pages of a purpose, in order; none of them shows an id."""
    texts = [call.payload["text"] for call in night.desk.calls if call.payload.get("purpose") == purpose]
    assert [text for text in texts if ID.search(text)] == []
    return texts


def test_a_role_is_offered_in_words(open_night: OpenNight) -> None:
    night = open_night("customer_cadence").run(0.1)
    bridge = night.walker.bridge()[0]
    assert said(night, "role") == [
        f"SEV1 Payments down: you are offered the role of comms lead; the bridge is {bridge}"
    ]  # fmt: skip


def test_who_has_not_arrived_is_told_with_the_words_of_the_step(open_night: OpenNight) -> None:
    night = open_night("ladder").run(1)
    assert night.say("ack", "raj", page="call_them").refusal is None
    night.run(60)
    assert "Raj Patel acknowledged “call them” and has not arrived" in said(night, "nag")


def test_an_audience_is_named_in_words(open_night: OpenNight) -> None:
    night = open_night("customer_cadence").run(1)
    for state in night.walker.state.cadences.values():
        state.audience = "large_customers"
    night.run(120)
    assert {text.partition(": ")[2] for text in said(night, "nag") if "large" in text} == {
        "the update to large customers still waits for you", "nobody has read the update to large customers",
        "two holding lines in a row to large customers; nobody writes the update",
    }  # fmt: skip
