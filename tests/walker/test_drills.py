"""Drills play their injects at their times, and stand back for the real thing until a person lets them go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mayday.domain.incident import AlertEvent, Inject
from mayday.domain.report.score_card import score_card
from mayday.domain.timeline import parse_timestamp
from mayday.walker.walker import Walker
from tests.walker.conftest import START, Night

REAL = "INC-01REAL00000000000000000000"


def drill(open_night: Callable[..., Night], runbook: str = "gate", **given: Any) -> Night:
    return open_night(runbook, drill=True, **given)


def paused(night: Night) -> Night:
    answer = night.say("drill", "owner", action="pause", reason="SEV1 payments is real", incident=REAL)
    assert answer.refusal is None
    return night


def test_a_paused_drill_stands_still_and_tells_everybody(open_night: Callable[..., Night]) -> None:
    night = paused(drill(open_night).run(3))
    calls = len(night.desk.calls)
    [entry] = night.of("drill_paused")
    assert entry.data["incident"] == REAL
    assert {"ana", "sam"} <= set(entry.data["told"])
    told = [call.payload for call in night.desk.calls if call.kind == "paging.page_responder"][-1]
    assert told["urgent"] is False
    assert told["text"].startswith("Stop. The drill is paused: SEV1 payments is real")
    assert [call.payload["page"] for call in night.desk.calls if call.kind == "paging.close_page"]
    night.run(120)
    assert len(night.desk.calls) == calls, "nothing leaves"
    assert night.walker.next_wake is None
    assert not night.of("gate_decided")
    assert night.walker.board(night.incident.now).drill_paused_at == START + timedelta(minutes=3)
    [item] = night.walker.pending
    assert (item.id, item.then) == ("drill", "a person resumes or ends it")


def test_meanwhile_only_notes_are_taken_and_what_arrives_is_written_down(open_night: Callable[..., Night]) -> None:
    night = paused(drill(open_night).run(3)).run(5)
    assert night.refused(night.say("vote", "sam", decision="gate", choice="approve", reason="go")) == "not_open"
    assert night.say("note", "ana", text="we are all on the real one").refusal is None
    night.alert("cards")
    night.run(10)
    assert night.of("alert_fired")
    assert not night.of("voted")


def test_it_goes_on_with_the_time_that_was_left(open_night: Callable[..., Night]) -> None:
    undisturbed = drill(open_night).run(200)
    [expected] = undisturbed.of("gate_decided")
    night = paused(drill(open_night).run(3)).run(63)
    assert night.say("drill", "ana", action="resume", reason="the other one is over").refusal is None
    assert night.say("vote", "sam", decision="gate", choice="approve", reason="go").refusal is None
    night.run(300)
    [decided] = night.of("gate_decided")
    assert parse_timestamp(decided.at) - parse_timestamp(expected.at) == timedelta(hours=1)
    [entry] = night.of("drill_resumed")
    assert (entry.actor, entry.data["seconds"]) == ("ana", 3600)


def test_a_person_who_resumes_it_is_not_asked_again_for_the_same_incident(open_night: Callable[..., Night]) -> None:
    night = paused(drill(open_night).run(3)).run(5)
    night.say("drill", "ana", action="resume", reason="others have it")
    again = night.say("drill", "owner", action="pause", reason="still real", incident=REAL)
    assert night.refused(again) == "not_open"
    assert night.say("drill", "owner", action="pause", reason="another", incident="INC-OTHER").refusal is None


def test_only_a_person_lets_it_go_on_or_ends_it(open_night: Callable[..., Night]) -> None:
    night = paused(drill(open_night).run(3))
    for action in ("resume", "end"):
        assert night.refused(night.say("drill", "owner", action=action, reason="r")) == "not_yours"
        assert night.refused(night.say("drill", "mallory", action=action, reason="r")) == "not_yours"
    assert night.refused(night.say("drill", "ana", action="pause", reason="r")) == "not_open"
    assert night.say("drill", "ana", action="end", reason="enough").refusal is None
    night.run(60)
    assert [entry.data["status"] for entry in night.of("status_changed")] == ["cancelled"]
    assert night.of("drill_ended", "finished")[-1].kind == "finished"
    assert night.refused(drill(open_night).say("drill", "ana", action="resume", reason="r")) == "not_open"


def test_a_real_incident_is_no_drill(open_night: Callable[..., Night]) -> None:
    night = open_night("gate").run(3)
    assert night.refused(night.say("drill", "ana", action="pause", reason="r")) == "unknown"


def test_the_pause_survives_continue_as_new(open_night: Callable[..., Night]) -> None:
    night = paused(drill(open_night).run(3))
    left = night.walker.dump()
    again = Walker.begin(night.walker.start.model_copy(update={"state": left}), night.incident.now)
    again.advance(night.incident.now + timedelta(hours=1))
    assert again.next_wake is None
    assert again.take_effects() == []


def injects() -> list[Inject]:
    alert = AlertEvent(
        source="drill", dedupe_key="d1", alert_key="cards", state="firing", title="cards are refused",
        received_at=START,
    )  # fmt: skip
    return [
        Inject(after_s=120, what="alert cards are refused", alerts=[alert]),
        Inject(after_s=180, what="news: the press calls", command={"kind": "note", "text": "the press calls"}),
        Inject(after_s=240, what="case: too early",
               command={"kind": "vendor_reply", "step": "case", "reply": "reply", "text": "we look"}),
    ]  # fmt: skip


def test_injects_come_at_their_times_and_wait_while_it_stands_back(open_night: Callable[..., Night]) -> None:
    night = drill(open_night, injects=injects()).run(2)
    assert [entry.data["title"] for entry in night.of("alert_fired")] == ["cards are refused"]
    paused(night).run(30)
    assert len(night.of("drill_injected")) == 1
    night.say("drill", "ana", action="resume", reason="go on")
    night.run(31)
    assert [entry.data["words"] for entry in night.of("noted")] == ["the press calls"]
    night.run(40)
    played = night.of("drill_injected")
    assert [entry.data["what"] for entry in played] == [inject.what for inject in injects()]
    assert [round((parse_timestamp(entry.at) - START).total_seconds()) for entry in played] == [120, 1860, 1920]
    assert "no engagement case" in played[-1].data["refused"]


def test_a_person_lets_the_next_of_the_scenario_happen_now(open_night: Callable[..., Night]) -> None:
    night = drill(open_night, injects=injects()).run(1)
    coming = night.walker.board(night.incident.now).injects
    assert [(each.what, each.at) for each in coming] == [
        (inject.what, START + timedelta(seconds=inject.after_s)) for inject in injects()
    ]
    assert night.say("drill", "ana", action="inject").refusal is None
    assert [entry.data["title"] for entry in night.of("alert_fired")] == ["cards are refused"]
    night.run(2.5)
    assert len(night.of("drill_injected")) == 1, "it does not happen a second time at its own moment"
    assert night.of("drill_injected")[0].actor == "ana"
    assert len(night.walker.board(night.incident.now).injects) == 2
    assert night.refused(night.say("drill", "owner", action="inject")) == "not_yours"
    night.run(10)
    assert night.refused(night.say("drill", "ana", action="inject")) == "not_open", "the scenario is over"


def test_a_person_lets_something_happen_that_no_scenario_had(open_night: Callable[..., Night]) -> None:
    press = Inject(after_s=0, what="news: the press calls", command={"kind": "note", "text": "the press calls"})
    night = drill(open_night).run(1)
    assert night.say("drill", "ana", action="inject", inject=press).refusal is None
    assert [entry.data["words"] for entry in night.of("noted")] == ["the press calls"]
    early = Inject(after_s=0, what="case", command={"kind": "vendor_reply", "step": "case", "reply": "reply"})
    detail = night.say("drill", "ana", action="inject", inject=early).detail
    assert "no engagement case" in detail["refused"]
    paused(night)
    assert night.refused(night.say("drill", "ana", action="inject", inject=press)) == "not_open"
    assert night.walker.board(night.incident.now).injects == []
    real = open_night("gate").run(3)
    assert real.refused(real.say("drill", "ana", action="inject", inject=press)) == "unknown"


def test_a_real_incident_plays_no_injects(open_night: Callable[..., Night]) -> None:
    night = open_night("gate", injects=injects()).run(30)
    assert not night.of("drill_injected", "alert_fired")


def test_the_score_card_names_roles_and_nobody(open_night: Callable[..., Night]) -> None:
    night = drill(open_night, runbook="payments_sev1", roles={"incident_commander": "ana", "deputy": "dee"})
    night.run(4).say("ack", "raj", page="page_payments", joined=True)
    night.run(8).say("vote", "sam", decision="emergency_change", choice="approve", reason="go")
    night.run(9).say("vote", "kim", decision="emergency_change", choice="approve", reason="go")
    paused(night).run(20)
    night.say("drill", "ana", action="resume", reason="go on")
    night.run(60)
    card = score_card(night.entries, "INC-1")
    roles = {score.role: score for score in card.roles}
    assert (roles["tech_lead"].acknowledged.n, roles["tech_lead"].acknowledged.mean_s) == (1, 240)
    assert roles["responders"].decided.n == 2
    assert roles["responders"].decided.longest_s is not None
    assert {update.audience for update in card.updates} >= {"technical"}
    assert len(card.pauses) == 1
    assert not {"ana", "raj", "sam", "kim"} & set(card.model_dump_json().replace('"', " ").split())
