"""How each class of effect is carried out by Temporal: where, how long, how often.

An irreversible action is tried once and watched by heartbeats; all else is tried as often as mayday/domain/limits.py
says. None is a local activity, although that would cost a third of the events: docs/adr/0076 says why.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NotRequired, TypedDict

from temporalio.common import RetryPolicy

from mayday.domain import effects as fx
from mayday.domain.limits import PAUSE_S, limits_of

#: a dead worker is noticed so soon after its last sign of life, and the effect is tried again elsewhere
NOTICED_AFTER = timedelta(seconds=15)
#: what cannot be undone is not tried again, it becomes a person's question: a busy worker is given longer
ASKED_AFTER = timedelta(seconds=60)


class Options(TypedDict):
    start_to_close_timeout: timedelta
    heartbeat_timeout: NotRequired[timedelta]
    retry_policy: RetryPolicy


def options_of(request: fx.EffectRequest) -> Options:
    limits = limits_of(request.effect_class, request.timeout_s)
    options = Options(
        start_to_close_timeout=limits.one_try,
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=PAUSE_S), backoff_coefficient=2.0, maximum_attempts=limits.tries
        ),
    )
    silence = ASKED_AFTER if request.effect_class == "irreversible" else NOTICED_AFTER
    if limits.one_try > silence:
        options["heartbeat_timeout"] = silence
    return options


def flush_options() -> Options:
    """A flush is tried a few times; what the store does not take leaves with the next one."""
    return Options(
        start_to_close_timeout=timedelta(seconds=20),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=PAUSE_S), maximum_attempts=3),
    )


def look_options() -> Options:
    """A closing run asks the inbox once: where that is away, what is in it starts a new run."""
    return Options(start_to_close_timeout=timedelta(seconds=10), retry_policy=RetryPolicy(maximum_attempts=1))


def last_flush_options() -> Options:
    """What a run does at its very end is tried until the store is back."""
    return Options(
        start_to_close_timeout=timedelta(seconds=30),
        retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
    )
