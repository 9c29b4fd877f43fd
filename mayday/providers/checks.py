"""Checks of vendors for `mayday doctor`: one harmless request each, and what its answer says of our clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mayday.domain.errors import ProviderError, RateLimited, Unauthorised
from mayday.providers.client import Answer
from mayday.providers.offers import Check, CheckResult

__all__ = ["asks", "carried_out"]

#: signed requests and tokens are refused when clocks differ by more, seconds
SKEW_S = 60


def asks(
    what: str, ask: Callable[[], Awaitable[Answer]], how_to_fix: str, *, now: Callable[[], datetime] | None = None
) -> Check:
    """A check that is well when `ask` gets an answer and the vendor's clock agrees with ours."""

    async def check() -> CheckResult:
        answer = await ask()
        skew = _skew(answer, now() if now else datetime.now(UTC))
        if skew is not None and abs(skew) > SKEW_S:
            return CheckResult(
                False, f"{what}: our clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead'}", "set it by NTP"
            )
        return CheckResult(True, what)

    check.__doc__ = f"{what}|{how_to_fix}"
    return check


async def carried_out(check: Check) -> CheckResult:
    """The check's result; what a provider's error means to a person."""
    what, _, fix = (check.__doc__ or "it").partition("|")
    try:
        return await check()
    except Unauthorised as error:
        return CheckResult(False, f"{what}: {error}", fix)
    except RateLimited as error:
        return CheckResult(True, f"{what}: {error} (it is there)")
    except ProviderError as error:
        return CheckResult(False, f"{what}: {error}", fix)


def _skew(answer: Answer, now: datetime) -> float | None:
    """Seconds by which the vendor's clock is ahead of ours."""
    try:
        return (parsedate_to_datetime(answer.headers["date"]) - now).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
