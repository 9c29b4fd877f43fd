"""Checks of vendors for `mayday doctor`: one harmless request each, and what its answer says of our clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mayday.domain.errors import ProviderError, RateLimited
from mayday.providers.client import Answer
from mayday.providers.offers import Check, CheckResult

__all__ = ["VendorCheck", "asks", "carried_out", "check", "on_time"]

#: signed requests and tokens are refused when clocks differ by more, seconds
SKEW_S = 60
#: one check takes no longer, seconds
PATIENCE_S = 20.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class VendorCheck:
    """`what` is looked at; `how_to_fix` is said when it is not well."""

    what: str
    look: Callable[[], Awaitable[CheckResult]]
    how_to_fix: str

    async def __call__(self) -> CheckResult:
        return await self.look()


def asks(
    what: str, ask: Callable[[], Awaitable[Answer]], how_to_fix: str, *, now: Callable[[], datetime] = _utc_now
) -> VendorCheck:
    """A check that is well when `ask` gets an answer and the vendor's clock agrees with ours."""

    async def look() -> CheckResult:
        return on_time(await ask(), what, now=now)

    return VendorCheck(what, look, how_to_fix)


def check(what: str, how_to_fix: str) -> Callable[[Callable[[], Awaitable[CheckResult]]], VendorCheck]:
    """Makes a check of a function that looks. `how_to_fix` is said when the vendor refuses us or is not there."""
    return lambda look: VendorCheck(what, look, how_to_fix)


def on_time(answer: Answer, what: str, *, now: Callable[[], datetime] = _utc_now) -> CheckResult:
    """It is well, unless the vendor's clock and ours disagree."""
    skew = _skew(answer, now())
    if skew is not None and abs(skew) > SKEW_S:
        way = "behind" if skew > 0 else "ahead"
        return CheckResult(False, f"{what}: our clock is {abs(skew):.0f} s {way}", "set the clock by NTP")
    return CheckResult(True, what)


async def carried_out(check: Check) -> CheckResult:
    """The check's result; what an error of the provider means to a person. Never raises for the provider."""
    known = check if isinstance(check, VendorCheck) else None
    what = known.what if known else getattr(check, "__name__", "check").strip("_").replace("_", " ")
    fix = known.how_to_fix if known else "see the provider's settings in the documentation"
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except RateLimited as error:
        return CheckResult(True, f"{what}: {error} (it is there)")
    except ProviderError as error:
        return CheckResult(False, f"{what}: {error}", fix)
    except TimeoutError:
        return CheckResult(False, f"{what}: no answer in {PATIENCE_S:.0f} s", fix)


def _skew(answer: Answer, now: datetime) -> float | None:
    """Seconds by which the vendor's clock is ahead of ours."""
    try:
        return (parsedate_to_datetime(answer.headers["date"]) - now).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
