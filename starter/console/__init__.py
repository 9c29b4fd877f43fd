"""The console: pages that are rendered here, live by server-sent events, with one small script and one stylesheet.

Every page asks who looks (`visitor`), and every button goes the way of the API (`deeds`): the same bodies, rules and
refusals. What is shown is what is durable: a page shows a decision when the incident has it, not before.
"""

from __future__ import annotations

from fastapi import APIRouter

from starter.console import (
    actions_page,
    assets,
    board_page,
    declare_page,
    deeds,
    desk_pages,
    drill_page,
    house_pages,
    incident_page,
    oncall_page,
    past_page,
    review_deeds,
    review_page,
    steps_page,
    time_page,
    trends_page,
    words_page,
)

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
for _module in (
    assets, board_page, incident_page, deeds, words_page, steps_page, declare_page, desk_pages, review_page,
    review_deeds, oncall_page, house_pages, trends_page, past_page, time_page, actions_page, drill_page,
):  # fmt: skip
    router.include_router(_module.router)
