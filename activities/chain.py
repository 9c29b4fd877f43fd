"""One after the other: the adapters of a port in their order, until one of them does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from mayday.domain.effects import SentVia, Unreached
from mayday.domain.errors import Ambiguous, ProviderError, Refused

Adapter = TypeVar("Adapter")
Answer = TypeVar("Answer")


async def first_that_works(
    adapters: Sequence[Adapter], ask: Callable[[Adapter], Awaitable[Answer]], *, port: str,
    passed: list[Unreached] | None = None, untold: tuple[type[ProviderError], ...] = (),
) -> Answer:  # fmt: skip
    """The first adapter's answer that is one. `passed` gets those before it, why each did not do it and who did, unless
    that is an `untold` error: it was none of its business.

    Raises Ambiguous at once, because the next provider might do it a second time; else, when all have failed, the
    error that a retry helps most: a retryable one before one that is not.
    """
    errors: list[ProviderError] = []
    for adapter in adapters:
        try:
            answer = await ask(adapter)
            if passed is not None:
                passed += [
                    Unreached(target=each.provider or port, reason=stood_in(str(each), adapter))
                    for each in errors
                    if not isinstance(each, untold)
                ]
            return answer
        except Ambiguous:
            raise
        except ProviderError as error:
            errors.append(error)
    if not errors:
        raise Refused(f"no provider is set up for {port}")
    raise next((error for error in errors if error.retryable), errors[0])


def stood_in(reason: str, by: object) -> str:
    """Why a provider did not do it, and who did: `slack is not reachable: ConnectError (desk stood in)`."""
    return f"{reason} ({getattr(by, 'name', 'the next one')} stood in)"


def noted(sent: SentVia) -> list[Unreached]:
    """What an adapter wants people to know of how it went, for the entry's `unreached`."""
    return [Unreached(target=sent.provider, channel=sent.channel, reason=sent.note)] if sent.note else []
