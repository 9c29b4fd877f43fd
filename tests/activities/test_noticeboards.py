"""Cards: what can be answered stands on the noticeboards, and never keeps anybody from being paged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from activities.dependencies import Dependencies
from activities.paging import Paging
from mayday.domain.effects import ClosePage, IncidentCard, PageRequest, SentVia
from mayday.domain.errors import ProviderError, Unreachable
from mayday.domain.ports import Card

Run = Callable[..., Any]


class Board:
    """A noticeboard, or one that does not work."""

    name = "board"

    def __init__(self, failure: ProviderError | None = None) -> None:
        self.failure = failure
        self.cards: list[Card] = []
        self.settled: list[ClosePage] = []

    async def put_up(self, card: Card) -> SentVia | None:
        if self.failure is not None:
            raise self.failure
        self.cards.append(card)
        return SentVia(channel="chat", provider=self.name)

    async def settle(self, closing: ClosePage) -> int:
        if self.failure is not None:
            raise self.failure
        self.settled.append(closing)
        return 1


def page(card: IncidentCard, purpose: Any = "vote") -> PageRequest:
    return PageRequest(
        effect_key="INC-1/gate#1", incident=card, page="gate", purpose=purpose, targets=["group.emergency_cab"],
        via=["push"], text="Do it?", choices=["now", "later"],
    )  # fmt: skip


def with_board(dependencies: Dependencies, board: Board) -> Dependencies:
    return replace(dependencies, ports=replace(dependencies.ports, noticeboards=[board]))


async def test_a_question_stands_on_the_board_with_those_it_was_sent_to(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    board = Board()
    receipt = await run(Paging(with_board(dependencies, board)).page_responder, page(card))
    assert receipt.unreached == []
    [put_up] = board.cards
    assert (put_up.effect_key, put_up.people, put_up.choices) == (
        "INC-1/gate#1/card", ["sam", "kim", "noor"], ["now", "later"]
    )  # fmt: skip


async def test_a_task_stands_there_too_and_what_waits_for_a_role_by_its_tasks(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    board = Board()
    asked = page(card, "task")
    await run(Paging(with_board(dependencies, board)).page_responder, asked)
    assert [each.page for each in board.cards] == [asked.page]
    several = asked.model_copy(update={"page": "role:deputy", "effect_key": "INC-1/other#1"})
    await run(Paging(with_board(dependencies, board)).page_responder, several)
    assert len(board.cards) == 1


@pytest.mark.parametrize("purpose", ["nag", "notice"])
async def test_what_no_button_answers_is_no_card(
    dependencies: Dependencies, card: IncidentCard, run: Run, purpose: str
) -> None:
    board = Board()
    await run(Paging(with_board(dependencies, board)).page_responder, page(card, purpose))
    assert board.cards == []


async def test_a_board_that_is_down_keeps_nobody_from_being_paged(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    board = Board(Unreachable("slack is not reachable"))
    receipt = await run(Paging(with_board(dependencies, board)).page_responder, page(card))
    assert [each.person for each in receipt.paged] == ["sam", "kim", "noor"]
    assert [each.reason for each in receipt.unreached] == ["slack is not reachable"]


async def test_a_board_that_hangs_is_left_behind(
    dependencies: Dependencies, card: IncidentCard, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.paging.CARD_WITHIN_SECONDS", 0.0)
    receipt = await run(Paging(with_board(dependencies, Board())).page_responder, page(card))
    assert len(receipt.paged) == 3


async def test_a_page_that_is_over_is_settled_at_pagers_and_boards(
    dependencies: Dependencies, card: IncidentCard, run: Run
) -> None:
    board = Board()
    closing = ClosePage(effect_key="INC-1/close#1", incident=card, page="gate", reason="decided: now")
    assert await run(Paging(with_board(dependencies, board)).close_page, closing) == {"closed": 1}
    assert board.settled == [closing]


async def test_a_drill_has_no_cards_outside(dependencies: Dependencies, card: IncidentCard, run: Run) -> None:
    board = Board()
    drill = card.model_copy(update={"drill": True})
    await run(Paging(with_board(dependencies, board)).page_responder, page(drill))
    assert board.cards == []
