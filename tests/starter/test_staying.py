"""A stream ends with the right to follow it, and tells nothing after that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest
from fastapi import Request

from starter import staying
from starter.access import Principal
from starter.staying import while_let_in
from tests.starter.conftest import House

GOODBYE = "event: login\n\n"


def asking(house: House, token: str | None = None, cookie: str = "") -> Request:
    headers = [(b"cookie", cookie.encode())] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})


async def logged_in(house: House, person: str) -> tuple[Request, Principal]:
    """A browser with a session, as the streams see it."""
    secret, _ = await house.parts.records.sessions.open(person, method="link", lasts=timedelta(days=1))
    signature = await house.parts.sessions._signature("cookie", secret)
    request = asking(house, cookie=f"{house.parts.sessions.name}={secret}.{signature}")
    principal = await house.parts.sessions.principal(request)
    assert principal is not None
    return request, principal


async def news(house: House, *deeds: Any) -> AsyncIterator[str]:
    """One piece, then one after each deed."""
    yield "0"
    for number, deed in enumerate(deeds, 1):
        await deed()
        yield str(number)


async def nothing() -> None:
    """Time passes."""


async def heard(house: House, request: Request, principal: Principal, *deeds: Any) -> list[str]:
    events = while_let_in(request, house.parts, principal, news(house, *deeds), GOODBYE)
    async with asyncio.timeout(10), aclosing(events) as followed:  # type: ignore[type-var]
        return [piece async for piece in followed]


async def test_who_stays_logged_in_hears_all(house: House) -> None:
    request, raj = await logged_in(house, "raj")
    assert await heard(house, request, raj, nothing, nothing) == ["0", "1", "2"]


async def test_after_the_log_out_nothing_more_is_told(house: House) -> None:
    request, raj = await logged_in(house, "raj")
    session = await house.parts.sessions.session(request)
    assert session is not None

    async def log_out() -> None:
        await house.parts.sessions.end(session)

    assert await heard(house, request, raj, nothing, log_out, nothing) == ["0", "1", GOODBYE]


async def test_another_ones_log_out_ends_no_stream(house: House) -> None:
    request, raj = await logged_in(house, "raj")
    other, _ = await logged_in(house, "kim")
    session = await house.parts.sessions.session(other)
    assert session is not None

    async def log_out() -> None:
        await house.parts.sessions.end(session)

    assert await heard(house, request, raj, log_out, nothing) == ["0", "1", "2"]


async def test_a_revoked_token_follows_no_longer(house: House) -> None:
    secret, token = await house.parts.records.tokens.create("raj", level="responder")
    principal = await house.parts.access.principal(f"Bearer {secret}")

    async def revoke() -> None:
        await house.parts.records.tokens.revoke(token.id)

    assert await heard(house, asking(house, secret), principal, revoke, nothing) == ["0", GOODBYE]


async def test_what_another_starter_or_time_ended_is_followed_within_seconds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = await house.parts.records.tokens.create("raj", level="responder", expires_after=timedelta(minutes=5))
    principal = await house.parts.access.principal(f"Bearer {secret}")
    monkeypatch.setattr(staying, "ASKED_EVERY", 0.0)

    async def expired() -> None:
        house.clock.at += timedelta(minutes=6)

    assert await heard(house, asking(house, secret), principal, expired) == ["0", GOODBYE]


async def test_whose_level_is_lowered_comes_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not logged out: the browser connects anew, and is shown what a viewer is shown."""
    request, raj = await logged_in(house, "raj")
    began = house.parts.playbooks.library.catalog

    async def lower() -> None:
        lowered = began.model_copy(update={"access": {"viewer": ["person.raj"]}})
        monkeypatch.setattr(house.parts.playbooks.library.catalog_files, "catalog", lowered)

    assert await heard(house, request, raj, lower) == ["0"]
