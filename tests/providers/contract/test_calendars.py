"""What every calendar has to do. Mail with an iCalendar file is shown by tests/providers/test_registry.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mayday.domain.errors import ProviderError, Unreachable
from mayday.domain.ports import Meeting
from mayday.language.catalog import Catalog
from tests.doubles.google import Google
from tests.doubles.graph import Graph
from tests.doubles.server import Double
from tests.providers.contract.outcomes import HOSTILE, LONG, OUTCOMES, Outcome, raises_cleanly
from tests.providers.contract.stand import Stand, incident, named, stand

VENDORS: list[type[Double]] = [Graph, Google]
START = datetime(2026, 3, 5, 10, tzinfo=UTC)


@pytest.fixture(params=[*VENDORS, None], ids=named)
async def calendar(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    async with stand(request.param, "calendar", "calendars", tmp_path, catalog, monkeypatch) as opened:
        yield opened


@pytest.fixture(params=VENDORS, ids=named)
async def outside(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    """The same without the desk, which has no network to fail."""
    async with stand(request.param, "calendar", "calendars", tmp_path, catalog, monkeypatch) as opened:
        yield opened


def meeting(sequence: int = 0, uid: str = "review-INC-1@mayday", **more: Any) -> Meeting:
    starts_at = START + timedelta(hours=sequence)
    return Meeting.model_validate({
        "effect_key": f"review/INC-1/invite#{sequence}", "incident": incident(), "uid": uid, "sequence": sequence,
        "stamped_at": START, "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30),
        "summary": "Review: payments", "description": "Bring the timeline", "url": "https://mayday.example/r/1",
        "attendees": ["ana@example.com"], **more,
    })  # fmt: skip


async def events(calendar: Stand) -> list[str]:
    """The starts of the events that stand, as texts."""
    if calendar.vendor is not None:
        starts = [event["start"]["dateTime"][:16] for event in calendar.vendor.events.values()]  # type: ignore[attr-defined]
        return sorted(starts)
    stored = await calendar.records.desk.outbox.events(incident().id)
    return [f"{each.start_at:%Y-%m-%dT%H:%M}" for each in stored if each.method == "REQUEST"]


async def test_an_event_is_made_once_moves_and_is_called_off(calendar: Stand) -> None:
    first = await calendar.port.invite(meeting())
    assert first.channel == "calendar"
    await calendar.port.invite(meeting())
    assert await events(calendar) == ["2026-03-05T10:00"]
    await calendar.port.invite(meeting(1))
    assert await events(calendar) == ["2026-03-05T11:00"]
    await calendar.port.invite(meeting(2, method="CANCEL"))
    await calendar.port.invite(meeting(2, method="CANCEL"))
    assert await events(calendar) == []


async def test_who_remembers_nothing_makes_no_second_event(outside: Stand) -> None:
    await outside.port.invite(meeting())
    outside.forget()
    await outside.port.invite(meeting(1))
    assert await events(outside) == ["2026-03-05T11:00"]
    await outside.port.invite(meeting(2, method="CANCEL"))
    assert await events(outside) == []


@pytest.mark.parametrize("how", ["timeout_after", "malformed", "huge"])
async def test_an_event_whose_answer_is_lost_is_made_once(outside: Stand, how: Any) -> None:
    await outside.port.invite(meeting(uid="before@mayday"))
    outside.double.fail(how, method="POST")
    try:
        await outside.port.invite(meeting())
    except ProviderError as error:
        assert error.retryable  # noqa: PT017 - depends on the vendor
    await outside.port.invite(meeting(1))
    assert await events(outside) == ["2026-03-05T10:00", "2026-03-05T11:00"]


async def test_long_and_hostile_texts_are_taken(calendar: Stand) -> None:
    for number, text in enumerate((LONG, HOSTILE)):
        assert await calendar.port.invite(meeting(uid=f"r{number}@mayday", summary=text, description=text))


@pytest.mark.parametrize("outcome", [each for each in OUTCOMES if each.status != 409], ids=str)
async def test_every_failure_has_its_error(outside: Stand, outcome: Outcome) -> None:
    await outside.port.invite(meeting(uid="before@mayday"))
    outcome.arrange(outside.double)
    with raises_cleanly(outcome.errors, outside.double):
        await outside.port.invite(meeting())


async def test_who_is_not_there_is_unreachable(outside: Stand) -> None:
    await outside.double.stop()
    with raises_cleanly((Unreachable,), outside.double):
        await outside.port.invite(meeting())
