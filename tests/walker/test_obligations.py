"""Obligations as an incident hands them to its review: from when, whose, and only what is owed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mayday.domain.review.owed import PlannedObligation
from mayday.language.runbook import ObligationSpec, ReviewSpec
from mayday.walker.handing_over import review_input
from tests.walker.conftest import START, Night


@pytest.fixture
def owes(open_night: Callable[..., Night]) -> Callable[..., list[PlannedObligation]]:
    """What a night of `payments_sev1` owes after 20 minutes, in which Lee acknowledged at the ninth."""

    def hand_over(*listed: dict[str, Any]) -> list[PlannedObligation]:
        night = open_night("payments_sev1", inputs={"region": "eu"})
        spec = ReviewSpec(obligations=[ObligationSpec.model_validate({"within": "72h", **one}) for one in listed])
        night.walker.plan.runbook.review = spec
        night.run(9).say("ack", "lee", page="page_payments")
        night.run(20)
        return review_input(night.walker).obligations

    return hand_over


REPORT = {"id": "report", "text": "Report of {{ incident.title }}", "to": "person.dana"}


@pytest.mark.parametrize(
    ("after", "begins"),
    [
        ("opened", 0),
        ("resolved", 20),  # it is not resolved: from now on
        ("page_payments.done", 9),
        ("mark_resolved.done", 0),  # it never came: from the opening on
        ("{{ incident.opened_at }}", 0),
        ("{{ incident.impact_started_at }}", 0),  # nobody has said it
    ],
)
def test_from_when(owes: Callable[..., list[PlannedObligation]], after: str, begins: int) -> None:
    (found,) = owes({**REPORT, "after": after})
    assert found.due_at == START + timedelta(minutes=begins, hours=72)


def test_its_words_and_its_owner_are_known_by_then(owes: Callable[..., list[PlannedObligation]]) -> None:
    (found,) = owes(REPORT)
    assert found.text == "Report of Payments down"
    assert found.owner == "dana"


@pytest.mark.parametrize(
    ("when", "owed"),
    [
        ('incident.severity == "SEV1"', True),
        ('incident.severity == "SEV2"', False),
        ("incident.customers_affected > 1000000", True),  # nobody has said how many
        ("steps.mark_resolved.result.certain", True),
    ],
)
def test_what_cannot_be_told_is_owed(owes: Callable[..., list[PlannedObligation]], when: str, owed: bool) -> None:
    assert bool(owes({**REPORT, "when": when})) is owed


def test_what_follows_from_one_that_is_not_owed_is_not_owed_either(
    owes: Callable[..., list[PlannedObligation]],
) -> None:
    final = {"id": "final", "text": "Final", "to": "person.dana", "after": "report.done"}
    assert [(one.id, one.after, one.due_at) for one in owes(REPORT, final)][1:] == [("final", "report", None)]
    assert owes({**REPORT, "when": 'incident.severity == "SEV5"'}, final) == []
