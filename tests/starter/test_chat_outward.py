"""Words to the outside from a chat: held, let go, and corrected, in Slack by button and window, in Teams by a line."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.domain.incident import Pending
from mayday.domain.timeline import Entry, timestamp
from tests.doubles.slack import TOKEN
from tests.doubles.slack_blocks import buttons_of, words_of
from tests.starter.conftest import House
from tests.starter.test_chat_slack import ANA, RAJ, Workspace, board, slack
from tests.starter.test_chat_teams import ANA as ANA_IN_TEAMS
from tests.starter.test_chat_teams import Team, team

__all__ = ["slack", "team"]

WRONG = {"n": 3, "audience": "customers", "purpose": "update", "at": "2026-03-02T02:05:00.000Z",
         "text": "All is well <!channel>", "held": None, "delivered": True}  # fmt: skip
WAITING = {**WRONG, "n": 4, "text": "Not yet", "delivered": False}


def sent(house: House, incident: str) -> None:
    """The timeline's word of the message."""
    data = {"n": 3, "audience": "customers", "purpose": "update", "subject": "SEV1 Cards", "text": WRONG["text"],
            "via": ["status_page"]}  # fmt: skip
    house.run(incident).entries.append(
        Entry(
            seq=1,
            at=timestamp(house.clock()),
            kind="message_sent",
            actor="ana",
            step=None,
            data=data,
            prev_hash="0",
            hash="1",
        )
    )


def board_of(team: Team, incident: str, *pending: dict[str, Any], **more: Any) -> None:
    board(team, incident, *pending, **more)  # type: ignore[arg-type]  # it only looks at its house


def reader(incident: str) -> dict[str, Any]:
    return {
        "id": "review:correction:3:4", "kind": "review", "for": ["sam"],
        "text": "Read and release the correction to customers: Cards are refused",
        "detail": {"fields": {"release": {"type": "boolean", "required": False},
                              "text": {"type": "string", "required": False}},
                   "subject": "Correction: SEV1 Cards", "text": "Cards are refused", "author": "ana", "corrects": 3},
    }  # fmt: skip


@pytest.fixture
def token(slack: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(slack.house.parts.settings._environment, "MAYDAY_SLACK_TOKEN", TOKEN)


async def answer_to(slack: Workspace, user: str, text: str) -> dict[str, Any]:
    answer = await slack.send(slack.double.slash(user, text))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def submits(slack: Workspace, user: str, view: str, **given: Any) -> Any:
    answer = await slack.send(slack.double.submit(user, view, **given))
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.content else None


# held and let go -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["hold the cause is not what we said", "hold outward the cause is not what we said"])
async def test_everything_outward_is_held_in_one_line(slack: Workspace, words: str) -> None:
    incident = await slack.house.declared()
    answer = await answer_to(slack, ANA, words)
    found = slack.last(incident).model_dump()
    assert (found["kind"], found["on"], found["reason"], found["actor"], found["channel"]) == (
        "hold_outward", True, "the cause is not what we said", "ana", "chat",
    )  # fmt: skip
    assert "outward messages are held" in words_of(answer)
    assert answer["response_type"] == "ephemeral"
    assert [button["text"]["text"] for button in buttons_of(answer)] == ["Let them go…"]


async def test_they_are_let_go_from_the_answer_and_its_button_goes(slack: Workspace, token: None) -> None:
    incident = await slack.house.declared()
    answer = await answer_to(slack, ANA, "hold wait")
    await slack.send(slack.double.press_on_answer(ANA, "incidents", answer, "Let them go…"))
    [view] = slack.double.views
    assert "leaves now" in str(slack.double.views[view]["blocks"])
    assert [each.command.kind for each in slack.house.run(incident).commands] == ["hold_outward"]
    assert await submits(slack, ANA, view, reason="legal has read it") is None
    found = slack.last(incident).model_dump()
    assert (found["on"], found["reason"]) == (False, "legal has read it")
    over = slack.double.ephemeral[-1]
    assert over["replace_original"] is True
    assert buttons_of(over) == []
    assert "may leave again" in words_of(over)
    assert slack.double.violations == []


async def test_without_a_reason_a_window_asks_for_it_and_the_answer_comes_behind_it(
    slack: Workspace, token: None
) -> None:
    incident = await slack.house.declared()
    assert "say why in the window" in await slack.says(ANA, "hold")
    [view] = slack.double.views
    assert "customers" in str(slack.double.views[view]["blocks"])
    assert await submits(slack, ANA, view, reason="wrong cause") is None
    assert slack.last(incident).model_dump()["on"] is True
    assert "outward messages are held" in words_of(slack.double.ephemeral[-1])
    assert "hold REASON" in (await submits(slack, ANA, view, reason="  "))["errors"]["reason"]
    slack.house.gateway.refusals["hold_outward"] = (
        "not_yours",
        "commander, deputy or comms lead hold outward messages",
    )
    await slack.says(RAJ, "release")
    refused = await submits(slack, RAJ, list(slack.double.views)[-1], reason="I think so")
    assert refused["errors"] == {"reason": "Not done: commander, deputy or comms lead hold outward messages"}


async def test_without_windows_the_line_is_told(slack: Workspace, team: Team) -> None:
    incident = await slack.house.declared()
    assert "hold REASON, such as" in await slack.says(ANA, "hold")
    assert "release REASON, such as" in await team.says(ANA_IN_TEAMS, "release")
    assert slack.house.run(incident).commands == []


async def test_in_teams_a_line_holds_and_a_line_lets_go(team: Team) -> None:
    incident = await team.house.declared()
    said = await team.says(ANA_IN_TEAMS, "hold the cause is not what we said")
    assert "outward messages are held" in said
    assert "Let them go…: @mayday release REASON" in said
    assert "may leave again" in await team.says(ANA_IN_TEAMS, "release legal has read it")
    first, second = (each.command.model_dump() for each in team.house.run(incident).commands)
    assert [(each["on"], each["actor"], each["channel"]) for each in (first, second)] == [
        (True, "ana", "chat"), (False, "ana", "chat"),
    ]  # fmt: skip


async def test_who_may_only_look_or_is_not_known_holds_and_corrects_nothing(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await team.house.declared()
    board_of(team, incident, sent=[WRONG])
    assert "mayday does not know you here" in await team.says("8e1f0a34-nobody", "hold because")
    monkeypatch.setattr("starter.chat_people.level_of", lambda *_: "viewer")
    for line in ("hold because", "release because", "correct 3 words", "correct 3 yes"):
        assert await team.says(ANA_IN_TEAMS, line) == "Not done: you may only look (viewer)"
    assert team.house.run(incident).commands == []


async def test_an_incident_that_sleeps_is_held_later_and_the_answer_does_not_say_more(slack: Workspace) -> None:
    incident = await slack.house.declared()
    slack.house.gateway.asleep = True
    answer = await answer_to(slack, ANA, "hold because")
    assert "taken; it is carried out as soon as the incident answers" in words_of(answer)
    assert buttons_of(answer) == []
    assert slack.last(incident).kind == "hold_outward"


async def test_while_temporal_is_silent_nobody_believes_that_it_is_held(slack: Workspace, team: Team) -> None:
    await slack.house.declared()
    slack.house.gateway.silent = True
    assert "cannot reach Temporal at this moment; please try again" in await slack.says(ANA, "hold because")
    assert "cannot reach Temporal at this moment; please try again" in await team.says(ANA_IN_TEAMS, "hold because")


async def test_while_the_incident_does_not_answer_a_page_is_still_found_and_a_correction_is_asked_for_again(
    team: Team,
) -> None:
    incident = await team.house.declared()
    page = {"id": "wake", "kind": "page", "for": ["schedule.primary"], "text": "the shop is down"}
    board_of(team, incident, page, sent=[WRONG])
    record = await team.house.parts.records.incidents.get(incident)
    assert record is not None
    stored = record.model_copy(update={"board": team.house.run(incident).board})
    await team.house.parts.records.incidents.save(stored)
    team.house.run(incident).board = None
    team.house.gateway.asleep = True
    assert "taken; it is carried out as soon as" in await team.says(ANA_IN_TEAMS, "ack")
    assert team.house.run(incident).commands[-1].command.model_dump()["page"] == "wake"
    assert "does not answer at this moment; please try again" in await team.says(ANA_IN_TEAMS, "correct 3 Cards")


async def test_the_same_request_twice_holds_once(slack: Workspace, team: Team) -> None:
    incident = await slack.house.declared()
    body = slack.double.slash(ANA, "hold because")
    await slack.send(body)
    await slack.send(body)
    line, headers = team.double.writes(ANA_IN_TEAMS, "release because", team.house.clock())
    await team.send(line, headers)
    await team.send(line, headers)
    ids = [each.command.id for each in slack.house.run(incident).commands]
    assert (ids[0], ids[2]) == (ids[1], ids[3])
    assert ids[0] != ids[2]


async def test_who_may_not_hold_is_told_who_may(team: Team) -> None:
    await team.house.declared()
    team.house.gateway.refusals["hold_outward"] = ("not_yours", "commander, deputy or comms lead hold outward messages")
    said = await team.says(ANA_IN_TEAMS, "hold because")
    assert said == "Not done: commander, deputy or comms lead hold outward messages"


# corrected -------------------------------------------------------------------------------------------------------


async def test_a_correction_is_shown_as_it_will_leave_and_given_by_a_button(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, sent=[WRONG])
    sent(slack.house, incident)
    answer = await answer_to(slack, ANA, "correct 3 Cards are refused <@U99>")
    shown = words_of(answer)
    assert "As it will leave, to customers:" in shown
    assert "by status page" in shown
    assert "Correction: Cards are refused &lt;@U99&gt;" in shown
    assert "Nothing has left. A second person reads it first, and never you." in shown
    assert slack.house.run(incident).commands == []
    slack.house.gateway.details["correct"] = {"task": "review:correction:3:4"}
    board(slack, incident, reader(incident), sent=[WRONG])
    body = slack.double.press_on_answer(ANA, "incidents", answer, "Give it to a second reader")
    await slack.send(body)
    found = slack.last(incident).model_dump()
    assert (found["kind"], found["n"], found["text"], found["actor"]) == (
        "correct",
        3,
        "Cards are refused <@U99>",
        "ana",
    )
    over = slack.double.ephemeral[-1]
    assert over["replace_original"] is True
    assert buttons_of(over) == []
    assert "waits for Sam Reilly to read it" in words_of(over)
    await slack.send(body)
    first, second = slack.house.run(incident).commands
    assert first.command.id == second.command.id


async def test_a_preview_is_pressed_by_who_saw_it_and_within_half_an_hour(slack: Workspace) -> None:
    incident = await slack.house.declared()
    board(slack, incident, sent=[WRONG])
    answer = await answer_to(slack, ANA, "correct 3 Cards are refused")
    await slack.send(slack.double.press_on_answer(RAJ, "incidents", answer, "Give it to a second reader"))
    assert "not yours" in slack.told()
    slack.house.clock.forward(minutes=31)
    await slack.send(slack.double.press_on_answer(ANA, "incidents", answer, "Give it to a second reader"))
    assert "write the correction again" in slack.told()
    assert slack.house.run(incident).commands == []


async def test_a_correction_is_written_in_a_window_and_previewed_in_it(slack: Workspace, token: None) -> None:
    incident = await slack.house.declared()
    board(slack, incident, sent=[WRONG])
    sent(slack.house, incident)
    assert "message 3 is open in front of you" in await slack.says(ANA, "correct 3")
    [view] = slack.double.views
    written = next(block for block in slack.double.views[view]["blocks"] if block["type"] == "input")
    assert written["element"]["initial_value"] == WRONG["text"]
    empty = await submits(slack, ANA, view, text=" ")
    assert "errors" in empty
    shown = await submits(slack, ANA, view, text="Cards are refused")
    assert shown["response_action"] == "update"
    assert "Correction: Cards are refused" in str(shown["view"]["blocks"])
    assert slack.house.run(incident).commands == []
    slack.double.shows(view, shown["view"])
    assert await submits(slack, ANA, view) is None
    assert slack.last(incident).model_dump()["text"] == "Cards are refused"
    assert "waits for a second person to read it" in slack.told()
    assert slack.double.violations == []


async def test_in_teams_a_correction_is_shown_and_then_given_with_one_word(team: Team) -> None:
    incident = await team.house.declared()
    board_of(team, incident, sent=[WRONG, WAITING])
    sent(team.house, incident)
    listed = await team.says(ANA_IN_TEAMS, "correct")
    assert "3 to customers, 02:05 UTC: All is well" in listed
    assert "Not yet" not in listed
    assert "write it first" in await team.says(ANA_IN_TEAMS, "correct 3 yes")
    assert "says:\nAll is well" in await team.says(ANA_IN_TEAMS, "correct 3")
    await team.says(ANA_IN_TEAMS, "correct 3 Cards are fine")
    team.house.clock.forward(seconds=20)
    shown = await team.says(ANA_IN_TEAMS, "correct 3 Cards are refused")
    assert "Correction: Cards are refused" in shown
    assert "Give it to a second reader: @mayday correct 3 yes" in shown
    assert team.house.run(incident).commands == []
    assert "waits for a second person to read it" in await team.says(ANA_IN_TEAMS, "correct 3 yes")
    [only] = team.house.run(incident).commands
    found = only.command.model_dump()
    assert (found["n"], found["text"]) == (3, "Cards are refused")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("correct three words", "correct N TEXT, such as"), ("correct 9 words", "there is no message 9"),
        ("correct 4 words", "message 4 has not left"), ("correct 99999999999 x", "correct N TEXT, such as"),
    ],
)  # fmt: skip
async def test_what_cannot_be_corrected_says_why(team: Team, text: str, reason: str) -> None:
    incident = await team.house.declared()
    board_of(team, incident, sent=[WRONG, WAITING])
    assert reason in await team.says(ANA_IN_TEAMS, text)


async def test_an_update_that_a_second_person_reads_does_not_say_that_it_leaves(team: Team) -> None:
    incident = await team.house.declared()
    team.house.gateway.details["update"] = {"task": "review:correction:3:4"}
    board_of(team, incident)
    team.house.run(incident).board.pending.append(Pending.model_validate(reader(incident)))  # type: ignore[union-attr]
    said = await team.says(ANA_IN_TEAMS, "update customers We know")
    assert "the update waits for Sam Reilly to read it; then it leaves" in said


async def test_who_took_a_page_says_later_that_they_are_on_the_bridge(team: Team) -> None:
    incident = await team.house.declared()
    board_of(team, incident, may={"ack:wake": ["ana"], "ack:other": ["raj"]})
    assert "you are on the bridge for “wake”" in await team.says(ANA_IN_TEAMS, "join")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("set mitigatd x", "“mitigatd” is no status; there are investigating, identified, mitigated"),
        ("votee approve", "mayday does not know “votee”; did you mean vote?"),
        ("INC-ABCDEF status", "there is no incident INC-ABCDEF"), ("accept deputy", "you are deputy now"),
        ("done verify", "“verify” is done"), ("task raj 10m look", "the task is given"),
        ("decide group.emergency_cab Run it?", "the question is asked"), ("page person.raj", "they are being called"),
    ],
)  # fmt: skip
async def test_answers_are_words_and_not_ids(team: Team, text: str, said: str) -> None:
    await team.house.declared()
    assert said in await team.says(ANA_IN_TEAMS, text)


async def test_a_step_that_does_not_fit_says_what_is_wrong_and_not_which_step(team: Team) -> None:
    await team.house.declared()
    team.house.gateway.refusals["add_step"] = (
        "invalid",
        "step page_1: page: nobody.x is no policy, person, role or group",
    )
    assert await team.says(ANA_IN_TEAMS, "page nobody.x") == "Not done: nobody.x is no policy, person, role or group"


async def test_the_only_open_incident_is_shown_whole_and_says_when_it_is_held(team: Team) -> None:
    incident = await team.house.declared()
    board_of(
        team, incident, hold_outward=True, leaderless=True, roles=[{"role": "incident_commander", "person": "ana"}]
    )
    said = await team.says(ANA_IN_TEAMS, "status")
    assert "commander: nobody yet; Ana Ruiz stands in" in said
    assert "outward messages are held; release REASON lets them go" in said


async def test_a_correction_while_outward_messages_are_held_says_that_it_waits(team: Team) -> None:
    incident = await team.house.declared()
    board_of(team, incident, sent=[WRONG], hold_outward=True)
    assert "waits until they are let go" in await team.says(ANA_IN_TEAMS, "correct 3 Cards are refused")


async def test_the_second_reader_sees_it_before_it_leaves(slack: Workspace, team: Team, token: None) -> None:
    incident = await slack.house.declared()
    board(slack, incident, reader(incident), sent=[WRONG])
    said = await team.says(ANA_IN_TEAMS, "done review:correction:3:4")
    assert "Correction: Cards are refused" in said
    assert "release=yes lets it leave, release=no does not" in said
    await slack.says(RAJ, "done review:correction:3:4")
    [view] = slack.double.views.values()
    assert "Correction: Cards are refused" in str(view["blocks"])
    assert "no: it does not leave" in str(view["blocks"])
    assert slack.house.run(incident).commands == []
    blind = await submits(slack, RAJ, list(slack.double.views)[-1], field__1="other words")
    assert "say whether it leaves" in str(blind["errors"])
    assert "released; it leaves" in await team.says(ANA_IN_TEAMS, "done review:correction:3:4 release=yes")
    assert slack.last(incident).model_dump()["result"] == {"release": True}
