"""The report goes to its readers: once a version, when it was reviewed, and at the close if its words changed."""

from __future__ import annotations

from typing import Any

from mayday.domain.effects import EffectResult
from mayday.domain.review.wire import DRAFT_REPORT, SEND_REPORT, ReportReader
from tests.review.story import FORM, Story, failure, given, value

READERS = [
    ReportReader(audience="participants", to=["ana", "lee"]),
    ReportReader(audience="executive", to=["group.execs", "#board"], via=["email", "chat"]),
]


def reviewed(*answers: EffectResult, **changes: Any) -> Story:
    """A review that has just become `reviewed`; `answers` are those of the first tries to send."""
    left = list(answers)

    def send(request: Any) -> EffectResult:
        return left.pop(0) if left else value(sent=[{"channel": via} for via in request.payload["via"]])

    story = Story(given(**{"readers": READERS, **changes}), {SEND_REPORT: send})
    story.applied("edit_report", "lee", section="summary", text="It broke.", version=0)
    story.applied("set_state", "ana", state="in_review")
    assert not story.effects(SEND_REPORT)
    story.applied("set_state", "ana", state="reviewed")
    return story


def sent(story: Story) -> list[tuple[str, int]]:
    return [(entry.data["audience"], entry.data["version"]) for entry in story.of("report_sent")]


def test_reviewed_it_is_drafted_and_goes_to_each_reader_once() -> None:
    story = reviewed()
    drafted = story.effects(DRAFT_REPORT)[-1].payload
    assert drafted["board"]["state"] == "reviewed"
    assert sent(story) == [("participants", drafted["version"]), ("executive", drafted["version"])]
    order = story.effects(SEND_REPORT)[1].payload
    assert (order["to"], order["via"]) == (["group.execs", "#board"], ["email", "chat"])
    assert order["subject"] == "Report: SEV1 Payments down"
    assert order["effect_key"] == f"INC-1/review:sending:executive:v{order['version']}#1"
    entry = story.of("report_sent")[1]
    assert (entry.data["to"], entry.data["via"]) == (["group.execs", "#board"], ["email", "chat"])
    board = story.case.board()
    assert [(each.audience, each.via) for each in board.sent_reports] == [
        ("participants", ["email"]), ("executive", ["email", "chat"]),
    ]  # fmt: skip
    assert board.readers == READERS


def test_the_same_words_are_not_sent_twice_and_other_words_are() -> None:
    story = reviewed()
    story.applied("set_state", "ana", state="in_review")
    story.applied("set_state", "ana", state="reviewed")
    assert len(sent(story)) == 2
    story.applied("edit_report", "dee", section="summary", text="It broke at eight.", version=1)
    assert len(sent(story)) == 2, "every edit would be a mail"
    story.applied("closing_form", "ana", **FORM)
    story.applied("set_state", "ana", state="closed")
    assert len(sent(story)) == 4
    order = story.effects(SEND_REPORT)[-1].payload
    assert order["subject"] == "New version of the report: SEV1 Payments down"
    assert "It stands for the one that you have." in order["text"]
    assert story.of("report_sent")[-1].data["again"] is True


def test_closed_without_other_words_nothing_more_is_sent() -> None:
    story = reviewed()
    story.applied("closing_form", "ana", **FORM)
    story.applied("set_state", "ana", state="closed")
    assert len(sent(story)) == 2


def test_what_no_channel_carried_is_tried_again_as_the_same_effect_and_owed_meanwhile() -> None:
    story = reviewed(failure(message="mail is down"), readers=READERS[:1])
    [entry] = story.of("report_not_sent")
    assert entry.data["reason"] == "mail is down"
    assert any(item.id == "sending:participants" for item in story.case.ledger())
    story.after(minutes=59)
    assert not sent(story)
    story.after(minutes=1)
    assert len(sent(story)) == 1
    keys = {request.payload["effect_key"] for request in story.effects(SEND_REPORT)}
    assert len(keys) == 1
    assert not any(item.id.startswith("sending:") for item in story.case.ledger())


def test_after_five_tries_the_owner_is_asked_to_send_it() -> None:
    story = reviewed(*[failure(message="mail is down")] * 5, readers=READERS[:1])
    story.after(days=2)
    assert len(story.of("report_not_sent")) == 5
    assert any("did not reach participants: mail is down" in text for _, _, text in story.told)
    story.after(days=20)
    assert len(story.effects(SEND_REPORT)) == 5


def test_what_may_have_left_is_not_sent_again() -> None:
    story = reviewed(failure(code="ambiguous", message="no answer", ambiguous=True), readers=READERS[:1])
    story.after(days=1)
    assert len(story.effects(SEND_REPORT)) == 1
    assert any("It may have been sent" in text for _, _, text in story.told)


def test_a_review_of_an_older_worker_sends_it_to_nobody() -> None:
    story = reviewed(readers=[])
    story.after(days=2)
    assert not story.effects(SEND_REPORT)
