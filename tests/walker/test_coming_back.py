"""What a reopening brings back, where a scenario cannot say it: what is still being closed, ladders that rested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mayday.domain.effects import REOPEN_TICKET, VENDOR_CONTACT, VENDOR_OPEN
from mayday.domain.incident import EDITION
from mayday.language.scenario import Mock
from mayday.simulator.mocks import Mocks
from tests.walker.conftest import Night

OpenNight = Callable[..., Night]
MOCKS: dict[str, Any] = {
    "itsm.open_major_incident": {"return": {"number": "MI-7"}},
    "chat.open_channel": {"return": {"channel": "inc"}},
    "bridge.open": {"return": {"url": "https://meet.example/1"}},
}


def begun(open_night: OpenNight, **mocks: Any) -> Night:
    given = {"later_rules": True, "gives_time_back": True, "edition": EDITION}
    return open_night("comes_back", mocks={**MOCKS, **mocks}, **given).run(1)


def ended(night: Night, at: float) -> Night:
    night.run(at).say("status", "ana", status="resolved", reason="fixed")
    return night.run(at + 1)


def test_what_the_end_still_closes_is_closed_before_it_is_opened_again(open_night: OpenNight) -> None:
    night = ended(begun(open_night, **{"itsm.close": {"return": {}, "after": "3m"}}), 2)
    assert night.say("reopen", "ana", reason="it is back").refusal is None
    night.run(4.9)
    assert not [call for call in night.desk.calls if call.kind == REOPEN_TICKET], "the ticket is being closed"
    assert len([call for call in night.run(5.1).desk.calls if call.kind == REOPEN_TICKET]) == 1


def test_the_board_has_the_new_bridge(open_night: OpenNight) -> None:
    night = ended(begun(open_night), 2)
    assert night.walker.bridge()[0] == "https://meet.example/1"
    night.desk.mocks = Mocks({"bridge.open": Mock.model_validate({"return": {"url": "https://meet.example/2"}})})
    night.say("reopen", "ana", reason="it is back")
    assert night.walker.bridge()[0] == "https://meet.example/2"


def test_a_ticket_that_took_the_old_ones_place_is_the_incidents_now(open_night: OpenNight) -> None:
    night = ended(begun(open_night, **{REOPEN_TICKET: {"return": {"number": "MI-8", "in_place_of": "MI-7"}}}), 2)
    night.say("reopen", "ana", reason="it is back")
    assert night.run(4).walker.state.ticket == "MI-8"


def test_the_vendors_ladder_does_not_count_the_time_between(open_night: OpenNight) -> None:
    """Broken at 02:20; the executive sponsor is called two hours of the night later, of which one was none."""
    night = ended(begun(open_night), 50)
    night.run(110).say("reopen", "ana", reason="it is back")

    def called() -> list[str]:
        return [entry.data["level"] for entry in night.of("vendor_escalated")]

    night.run(199)
    assert called() == ["account_manager"]
    night.run(201)
    assert called() == ["account_manager", "executive_sponsor"]
    kinds = [call.kind for call in night.desk.calls if call.kind in (VENDOR_OPEN, VENDOR_CONTACT)]
    assert kinds.count(VENDOR_OPEN) == 1, "it is the same case"


def test_a_vendor_that_waits_for_us_still_does(open_night: OpenNight) -> None:
    night = begun(open_night)
    night.run(5).say("vendor_reply", "ana", step="case", reply="waiting_on_us", text="send the logs")
    ended(night, 10).run(60).say("reopen", "ana", reason="it is back")
    assert not night.run(90).of("vendor_breached")
    night.say("vendor_reply", "ana", step="case", reply="resumed", text="sent")
    assert not night.run(104).of("vendor_breached")
    assert [entry.step for entry in night.run(106).of("vendor_breached")] == ["case"]
