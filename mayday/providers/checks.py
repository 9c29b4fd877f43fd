"""Checks of vendors for `mayday doctor`: one harmless request each, and what its answer says of our clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from mayday.domain.errors import Ambiguous, Broken, Forbidden, ProviderError, RateLimited, Unreachable
from mayday.providers.client import Answer, VendorClient
from mayday.providers.clocks import SET_IT, utc_now, wrong_clock
from mayday.providers.offers import Check, CheckResult

__all__ = ["VendorCheck", "asks", "carried_out", "check", "on_time"]

#: one check takes no longer, seconds
PATIENCE_S = 20.0


@dataclass(frozen=True)
class VendorCheck:
    """`what` is looked at; `how_to_fix` is said when it is not well, `scopes` when the credentials are right and may
    not do it."""

    what: str
    look: Callable[[], Awaitable[CheckResult]]
    how_to_fix: str
    scopes: str = ""

    async def __call__(self) -> CheckResult:
        return await self.look()


def asks(
    what: str, ask: Callable[[], Awaitable[Answer]], how_to_fix: str, scopes: str = "", *,
    now: Callable[[], datetime] = utc_now,
) -> VendorCheck:  # fmt: skip
    """A check that is well when `ask` gets an answer and the vendor's clock agrees with ours."""

    async def look() -> CheckResult:
        return on_time(await ask(), what, now=now)

    return VendorCheck(what, look, how_to_fix, scopes)


def check(
    what: str, how_to_fix: str, scopes: str = ""
) -> Callable[[Callable[[], Awaitable[CheckResult]]], VendorCheck]:
    """Makes a check of a function that looks. `how_to_fix` is said when the vendor refuses us, `scopes` when it knows
    us and we may not."""
    return lambda look: VendorCheck(what, look, how_to_fix, scopes)


def on_time(said: Answer | VendorClient, what: str, *, now: Callable[[], datetime] = utc_now) -> CheckResult:
    """It is well, unless the vendor's clock and ours disagree, by this answer or the last one that the client heard."""
    wrong = wrong_clock(said.headers if isinstance(said, Answer) else said.heard, now())
    return CheckResult(False, f"{what}: {wrong}", SET_IT) if wrong else CheckResult(True, what)


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
        return CheckResult(False, f"{what}: {error}", _remedy(error, fix, known.scopes if known else ""))
    except TimeoutError:
        return CheckResult(False, f"{what}: no answer in {PATIENCE_S:.0f} s", f"look at the way there, or: {fix}")


def _remedy(error: ProviderError, fix: str, scopes: str) -> str:
    """What to do about it, by the kind of the error."""
    settings = f"MAYDAY_{error.provider.upper()}_*"
    if isinstance(error, Unreachable | Ambiguous):
        return f"this machine does not get through to it: check the address in {settings}, DNS, firewall and proxy"
    if isinstance(error, Broken):
        return f"the trouble is there: look at its status page, and whether the address in {settings} is its API's"
    return scopes or fix if isinstance(error, Forbidden) else fix
