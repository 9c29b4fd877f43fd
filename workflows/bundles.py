"""What one workflow task asks for leaves together, in one activity (docs/adr/0144).

A call that is asked for alone goes as the activity that it is. Of several, each answer takes its own turn, as if it had
come by itself. What a bundle did not bring, because it was lost or its worker knows no bundles, is asked for alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio import exceptions, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError, TimeoutType

from mayday.domain.bundles import BUNDLE, Bundle, BundledCall, BundleReceipt, CallOutcome
from mayday.domain.limits import LONGEST_PAUSE_S, PAUSE_S
from workflows.errands import Errands
from workflows.options import NOTICED_AFTER, Options

Value = dict[str, Any] | None
LONGEST_SUMMARY = 200
#: workers that may die over one bundle; then each of its calls is asked for alone
TRIES = 3


class Parcel(NamedTuple):
    """A call that may travel with others, how it goes `alone`, and what to do with its answer."""

    call: BundledCall
    summary: str
    alone: Callable[[], Awaitable[Value]]
    then: Callable[[Value | FailureError], None]


class Bundles:
    """Collects what a workflow task asks for, and lets it leave at its end."""

    def __init__(self, errands: Errands, incident: str) -> None:
        self._errands = errands
        self._incident = incident
        self._ready: list[Parcel] = []
        #: what is on its way in a bundle, by key
        self._away: dict[str, Parcel] = {}

    def add(self, parcel: Parcel) -> None:
        self._ready.append(parcel)

    @property
    def ready(self) -> bool:
        return bool(self._ready)

    def leave(self) -> None:
        """Let everything leave that was added."""
        parcels, self._ready = self._ready, []
        if len(parcels) < 2:
            for parcel in parcels:
                self._errands.run(parcel.alone(), parcel.then)
            return
        self._away.update({parcel.call.key: parcel for parcel in parcels})
        self._errands.run(_carried(self._incident, parcels), lambda receipt: self._back(parcels, receipt))

    def told(self, outcomes: Sequence[CallOutcome]) -> None:
        """Some calls are answered. What is not awaited, or no more, changes nothing."""
        for outcome in outcomes:
            parcel = self._away.pop(outcome.key, None)
            if parcel is None:
                continue
            if outcome.again:
                self._errands.run(parcel.alone(), parcel.then)
            else:
                self._errands.bring(_course(parcel, outcome))

    def _back(self, parcels: Sequence[Parcel], receipt: BundleReceipt | FailureError) -> None:
        if not isinstance(receipt, FailureError):
            self.told(receipt.outcomes)
        for parcel in parcels:
            if self._away.pop(parcel.call.key, None) is not None:
                self._errands.run(parcel.alone(), parcel.then)


def _course(parcel: Parcel, outcome: CallOutcome) -> Callable[[], None]:
    return lambda: parcel.then(_answer(outcome))


def _answer(outcome: CallOutcome) -> Value | FailureError:
    """The outcome as an activity of its own would have brought it."""
    failure = outcome.failure
    if failure is None:
        return outcome.value
    if failure.code == "timeout":
        return exceptions.TimeoutError(failure.message, type=TimeoutType.START_TO_CLOSE, last_heartbeat_details=[])
    return ApplicationError(failure.message, type=failure.code)


async def _carried(incident: str, parcels: Sequence[Parcel]) -> BundleReceipt:
    calls = [parcel.call for parcel in parcels]
    summary = f"{len(parcels)} calls: {'; '.join(parcel.summary for parcel in parcels if parcel.summary)}"
    receipt: BundleReceipt = await workflow.execute_activity(
        BUNDLE,
        Bundle(incident_id=incident, calls=calls),
        result_type=BundleReceipt,
        summary=summary[:LONGEST_SUMMARY],
        **_options(calls),
    )
    return receipt


def _options(calls: Sequence[BundledCall]) -> Options:
    """Tries and pauses of the calls are the bundle's own affair: Temporal only sees to a worker that dies."""
    longest = max((call.one_try_s + LONGEST_PAUSE_S) * call.tries for call in calls)
    return Options(
        start_to_close_timeout=timedelta(seconds=longest),
        heartbeat_timeout=NOTICED_AFTER,
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=PAUSE_S), maximum_attempts=TRIES),
    )
