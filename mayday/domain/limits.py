"""How long an engine tries to get one effect done, and what it tells the walker when that fails, by effect class.

Both engines read this table, so that a provider that never answers fails at the same moment in a rehearsal as at night.
A page gives up soon, because the next channel or the next person is the better try (DESIGN.md "Temporal rules"); an
irreversible action is tried once. The limits count tries and not time since the request, so that a worker that was away
for minutes looks again at what it had sent (the effect key makes that safe) rather than taking it for failed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from mayday.domain.effects import EffectClass, EffectFailure, EffectRequest, EffectResult

#: first pause between two tries, in seconds; it doubles
PAUSE_S = 1
#: a provider that wants to be left alone for longer, in seconds, is not called again by a bundle
LONGEST_PAUSE_S = 30
#: errors of which it is known that nothing happened at the provider
NOT_DONE = frozenset({"unreachable", "refused", "unauthorised", "rate_limited", "unreached", "not_found"})


class Limits(NamedTuple):
    """`one_try` is how long a single try may take, `tries` how many there are in all."""

    one_try: timedelta
    tries: int

    @property
    def total(self) -> timedelta:
        """From the request to the failure, when no try is ever answered."""
        pauses = sum(PAUSE_S * 2**number for number in range(self.tries - 1))
        return self.one_try * self.tries + timedelta(seconds=pauses)


def limits_of(effect_class: EffectClass, timeout_s: int) -> Limits:
    """The limits of an effect; `timeout_s` is its own timeout, in seconds, from the runbook or the action catalog."""
    own = timedelta(seconds=max(1, timeout_s))
    if effect_class == "irreversible":
        return Limits(own, 1)
    if effect_class == "reversible":
        return Limits(own, 2)
    longest = timedelta(seconds={"page": 14, "notify": 20, "read": 19}[effect_class])  # 45 s, 63 s, 60 s in all
    return Limits(min(own, longest), 3)


def failed(code: str, message: str, effect_class: EffectClass) -> EffectResult:
    """The failure for the walker. An irreversible action is ambiguous unless it is known that nothing happened."""
    ambiguous = code == "ambiguous" or (effect_class == "irreversible" and code not in NOT_DONE)
    return EffectResult(failure=EffectFailure(code=code, message=message[:2000], ambiguous=ambiguous))


def unanswered(request: EffectRequest) -> EffectResult:
    """What is told when no try was ever answered."""
    return failed("timeout", "no answer in time", request.effect_class)
