"""Outward messages are held: also those under way, and what is released goes where its author sent it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mayday.domain.effects import SEND, EffectResult, SendReceipt, SentVia, Unreached
from mayday.domain.errors import HELD_BACK
from mayday.domain.limits import failed
from tests.walker.conftest import Night


@pytest.fixture
def writing(open_night: Callable[..., Night]) -> Callable[..., Night]:
    """A night in which a message takes minutes to leave, and one to the customers is under way."""

    def under_way(**given: Any) -> Night:
        night = open_night("payments_sev1", inputs={"region": "eu"}, mocks={SEND: {"after": "5m"}}, **given).run(3)
        night.say("update", "ana", audience="customers", text="cards are refused")
        assert night.say("role", "ana", role="comms_lead", person="li").refusal is None
        assert night.say("accept", "li", target="comms_lead").refusal is None
        [task] = [name for name in night.walker.state.tasks if name.startswith("review:update")]
        answer = night.say("complete", "li", task=task, result={"release": True})
        assert answer.refusal is None, answer
        night.look()
        return night

    return under_way


def flight_of(night: Night) -> str:
    [key] = [key for key, flight in night.walker.state.flights.items() if key.startswith("update:customers")]
    return key


def stopped(night: Night) -> None:
    """The worker asked before the next try, and heard that it is held."""
    night.walker.effect_finished(
        flight_of(night), failed(HELD_BACK, "outward messages are held", "notify"), night.incident.now
    )
    night.look()


def test_a_message_under_way_is_stopped_and_leaves_when_it_is_released(writing: Callable[..., Night]) -> None:
    night = writing()
    key = night.walker.state.flights[flight_of(night)].request.payload["effect_key"]
    assert night.say("hold_outward", "ana", on=True, reason="legal").refusal is None
    stopped(night)
    [held] = [entry for entry in night.of("message_held") if entry.data["audience"] == "customers"]
    assert held.data["text"] == "cards are refused"
    assert night.of("send_failed") == []
    night.say("hold_outward", "ana", on=False, reason="legal agrees")
    night.look()
    assert night.walker.state.flights[flight_of(night)].request.payload["effect_key"] == key, "no channel has it twice"
    night.run(30)
    [released] = [entry for entry in night.of("message_released") if entry.data["n"] == held.data["n"]]
    assert released.data["reason"] == "legal agrees"
    assert [entry.data["text"] for entry in night.of("message_sent") if entry.data["n"] == held.data["n"]] == [
        "cards are refused"
    ]


def test_channels_that_a_message_had_not_reached_get_it_when_it_is_released(writing: Callable[..., Night]) -> None:
    night = writing()
    key = night.walker.state.flights[flight_of(night)].request.payload["effect_key"]
    night.say("hold_outward", "ana", on=True, reason="legal")
    mail = SentVia(channel="email", provider="smtp", ref="m1")
    gap = Unreached(target="customers", channel="status_page", reason="outward messages are held")
    receipt = SendReceipt(sent=[mail], unreached=[gap], held=["status_page"])
    night.walker.effect_finished(
        flight_of(night), EffectResult(value=receipt.model_dump(mode="json")), night.incident.now
    )
    night.look()
    [left] = [entry for entry in night.of("message_sent") if entry.data["audience"] == "customers"]
    assert (left.data["via"], left.data["unreached"]) == (["email"], ["status_page: outward messages are held"])
    [rest] = [sent for sent in night.walker.state.sent if sent.held]
    assert (rest.text, rest.via) == ("cards are refused", ["status_page"])
    night.say("hold_outward", "ana", on=False, reason="legal agrees")
    night.look()
    payload = night.walker.state.flights[flight_of(night)].request.payload
    assert (payload["via"], payload["effect_key"]) == (["status_page"], key)


def test_what_was_released_before_its_worker_could_say_so_leaves_at_once(writing: Callable[..., Night]) -> None:
    night = writing()
    night.say("hold_outward", "ana", on=True, reason="legal")
    night.say("hold_outward", "ana", on=False, reason="a slip")
    stopped(night)
    night.run(30)
    assert [entry.data["text"] for entry in night.of("message_sent") if entry.data["audience"] == "customers"][:1] == [
        "cards are refused"
    ]


def test_a_correction_goes_to_whom_the_message_went(writing: Callable[..., Night]) -> None:
    night = writing().run(12)
    [sent] = [sent for sent in night.walker.state.sent if sent.text == "cards are refused"]
    sent.via, sent.to = ["email"], ["only-these@example.com"]
    answer = night.say("correct", "ana", n=sent.n, text="cards are slow")
    night.say("complete", "li", task=answer.detail["task"], result={})
    night.look()
    [key] = [key for key, flight in night.walker.state.flights.items() if flight.purpose == "correction"]
    payload = night.walker.state.flights[key].request.payload
    assert (payload["to"], payload["via"], payload["text"]) == (["only-these@example.com"], ["email"], "cards are slow")


def test_who_reads_a_message_is_told_to_whom_it_goes(open_night: Callable[..., Night]) -> None:
    """A preview is made of what the board says: audience, subject and words."""
    night = open_night("payments_sev1", inputs={"region": "eu"}).run(3)
    night.say("update", "ana", audience="customers", text="cards are refused")
    [review] = [
        item for item in night.walker.board(night.incident.now).pending if item.kind == "review" and "update" in item.id
    ]
    assert (review.detail["audience"], review.detail["subject"], review.detail["text"]) == (
        "customers", f"{night.walker.state.severity} {night.walker.state.title}", "cards are refused",
    )  # fmt: skip


def test_a_channel_of_the_houses_own_is_written_to(open_night: Callable[..., Night]) -> None:
    """`to: ["#status"]` is no person of whom to ask: it stays as it is."""
    night = open_night("payments_sev1", inputs={"region": "eu"}, mocks={SEND: {"after": "5m"}})
    night.walker.plan.audiences["technical"].to = ["#status", "person.raj", "news@example.com"]
    night.run(3)
    assert night.say("update", "ana", audience="technical", text="we look at the gateway").refusal is None
    night.look()
    [flight] = [each for key, each in night.walker.state.flights.items() if key.startswith("update:technical")]
    assert flight.request.payload["to"] == ["#status", "person.raj", "news@example.com"]
    assert night.walker.board(night.incident.now).sent[-1]["to"] == ["#status", "person.raj", "news@example.com"]
