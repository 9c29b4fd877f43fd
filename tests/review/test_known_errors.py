"""What a night taught: the workaround goes into the closing form and the article, for whoever has it next."""

from __future__ import annotations

import pytest

from mayday.domain.report import draft
from mayday.domain.report.article import article
from mayday.domain.review.wire import ClosingForm, ReviewBoard, WrittenSection
from tests.review.one_night import START, night
from tests.review.story import FORM, Story, given

BYPASS = "Route cards past the gateway: CHG-GATEWAY-BYPASS"


def test_what_somebody_said_in_the_night_is_filled_in_and_can_be_said_better() -> None:
    story = Story(given(workaround="restart it"))
    assert story.case.board().form.workaround == "restart it"
    assert "workaround" not in story.case.board().missing
    story.applied("closing_form", "ana", workaround=f"  {BYPASS} ")
    assert story.case.board().form.workaround == BYPASS
    assert story.of("closing_form")[-1].data["workaround"] == BYPASS


@pytest.mark.parametrize("words", [" ", "x" * 2001])
def test_a_workaround_has_words_and_an_end(words: str) -> None:
    assert Story(given()).refused("closing_form", "ana", workaround=words)[0] == "invalid"


def test_a_form_that_says_nothing_of_a_workaround_is_complete() -> None:
    story = Story(given())
    assert story.applied("closing_form", "ana", **FORM)["missing"] == []
    assert "workaround" not in story.of("closing_form")[-1].data


def test_the_draft_of_an_article_says_what_it_looks_like_why_and_what_helps() -> None:
    board = ReviewBoard(
        incident_id="INC-1", title="Payments <down>", severity="SEV1", service="payments", state="reviewed",
        opened_at=START, resolved_at=START, problem="PRB-7",
        form=ClosingForm(category="network", cause_code="vendor", workaround=BYPASS),
        sections={"summary": WrittenSection(text="Cards time out.", version=1, author="dee", at=START)},
    )  # fmt: skip
    text = article(draft(night().entries, incident_id="INC-1", review=board))
    assert text.startswith("# Payments &lt;down>\n\n*Draft of a knowledge article, from the review of INC-1.*\n")
    for wanted in (
        "Cards time out.",
        "Category network, cause vendor.",
        f"## What helps meanwhile\n\n{BYPASS}\n",
        "PRB-7",
    ):
        assert wanted in text


def test_what_nobody_wrote_is_said_to_be_missing() -> None:
    board = ReviewBoard(
        incident_id="INC-1", title="Payments down", severity="SEV1", service="payments", state="draft",
        opened_at=START, resolved_at=START,
    )  # fmt: skip
    text = article(draft(night().entries, incident_id="INC-1", review=board))
    assert "## Why\n\n*Not written yet.*\n" in text
    assert "## What helps meanwhile\n\n*Not written yet.*\n" in text
