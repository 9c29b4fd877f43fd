"""The desk of a rehearsal: answers every effect as a provider would, at the time of the scenario.

Both engines ask the same desk, so a scenario's mocks mean the same on each. Schedules are resolved against the catalog
at virtual time, actions return typed dummies, and every call is written down for the scenario's expectations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from mayday.domain import effects as fx
from mayday.domain.calendars import OpenHours, contract_due
from mayday.domain.durations import Duration
from mayday.domain.oncall import ExternalSchedule, LocalSchedule, next_handoff, on_call
from mayday.language.catalog import ActionSpec, Catalog
from mayday.language.scenario import RecordedAnswer
from mayday.providers.holiday_calendar import open_hours
from mayday.simulator.dummies import dummy_outputs
from mayday.simulator.mocks import PORTS, Behaviour, Mocks

ABSORB, REVIEW = "incident.absorb", "review.start"


class Reply(NamedTuple):
    """What a call is answered, and how long after it; `hangs`: never."""

    value: dict[str, Any] = {}
    failure: fx.EffectFailure | None = None
    after: timedelta = timedelta()
    hangs: bool = False
    #: the failure stands as it is: limits and wording are those of the run that was recorded
    final: bool = False


class Call(NamedTuple):
    """One effect that reached the desk."""

    at: datetime
    kind: str
    payload: dict[str, Any]
    reply: Reply


class ScenarioDesk:
    """Stands for all providers of one rehearsal."""

    def __init__(
        self,
        catalog: Catalog,
        actions: dict[str, ActionSpec],
        mocks: Mocks | None = None,
        recorded: Mapping[str, RecordedAnswer] | None = None,
    ) -> None:
        self.catalog = catalog
        #: how effects were answered in an incident that happened, by their key
        self.recorded = recorded or {}
        self.actions = actions
        self.mocks = mocks or Mocks({})
        self.calls: list[Call] = []
        self._away_since: list[datetime] = []
        self._answers: dict[str, Callable[[dict[str, Any], datetime], Reply]] = {
            fx.PAGE: self._page,
            fx.SEND: self._send,
            fx.RESOLVE: self._resolve,
            fx.DEADLINE: self._deadline,
            fx.LAST_SEEN: self._last_seen,
            fx.VENDOR_OPEN: self._vendor,
            fx.VENDOR_CONTACT: self._vendor,
            fx.CLOSE_PAGE: _nothing,
            fx.FLUSH: _nothing,
            fx.LOOK: _nothing,
            ABSORB: _nothing,
            REVIEW: lambda payload, now: Reply(value={"workflow_id": "review"}),
        }

    def answer(self, kind: str, payload: dict[str, Any], now: datetime) -> Reply:
        """The reply to one effect. A mock's failure is the effect's failure: engines do not try again by themselves."""
        known_answer = self.recorded.get(key_of(kind, payload))
        if known_answer is not None:
            self.calls.append(Call(now, kind, payload, _as_recorded(known_answer)))
            return self.calls[-1].reply
        behaviour = self.mocks.call(kind)
        if behaviour.hangs or behaviour.failure is not None:
            reply = Reply(failure=behaviour.failure, after=behaviour.after, hangs=behaviour.hangs)
        else:
            known = self._answers.get(kind)
            reply = known(payload, now) if known else self._action(kind, payload, behaviour)
            if known and behaviour.returns is not None:
                reply = Reply(value=dict(behaviour.returns))
            reply = reply._replace(after=behaviour.after)
        self.calls.append(Call(now, kind, payload, reply))
        return reply

    # the ports ------------------------------------------------------------------------------------------------

    def _page(self, payload: dict[str, Any], now: datetime) -> Reply:
        page = fx.PageRequest.model_validate(payload)
        receipt = fx.PageReceipt()
        down = self._down(page.via)
        for target in page.targets:
            people = self.people_of(target, now) or page.fallback.get(target, [])
            if not people:
                receipt.unreached.append(fx.Unreached(target=target, reason="nobody is on call"))
            for person in people:
                if person in page.spare:
                    receipt.unreached.append(fx.Unreached(target=target, reason=f"{person} declined"))
                    continue
                for channel in page.via:  # in order, until one works
                    if channel not in down:
                        receipt.paged.append(fx.PagedPerson(person=person, target=target, channel=channel))
                        break
                    receipt.unreached.append(fx.Unreached(target=target, channel=channel, reason=down[channel]))
        if receipt.unreached and not receipt.paged:
            reason = "; ".join(dict.fromkeys(gap.reason for gap in receipt.unreached))
            return Reply(failure=fx.EffectFailure(code="unreached", message=f"nobody was reached: {reason}"))
        return Reply(value=receipt.model_dump(mode="json", exclude_none=True))

    def _send(self, payload: dict[str, Any], now: datetime) -> Reply:
        message = fx.SendRequest.model_validate(payload)
        down = self._down(message.via)
        receipt = fx.SendReceipt(
            sent=[fx.SentVia(channel=channel) for channel in message.via if channel not in down],
            unreached=[
                fx.Unreached(target=message.audience, channel=channel, reason=reason)
                for channel, reason in down.items()
            ],
        )
        if receipt.unreached and not receipt.sent:
            return Reply(failure=fx.EffectFailure(code="unreached", message=receipt.unreached[0].reason))
        return Reply(value=receipt.model_dump(mode="json", exclude_none=True))

    def _down(self, via: list[str]) -> dict[str, str]:
        """The channels whose port fails, or hangs, on this call, with the reason."""
        down: dict[str, str] = {}
        ports = {port for channel in via if (port := PORTS.get(channel)) and port in self.mocks}
        behaviours = {port: self.mocks.call(port) for port in sorted(ports)}
        for channel in via:
            behaviour = behaviours.get(PORTS.get(channel, ""))
            if behaviour and behaviour.failure:
                down[channel] = behaviour.failure.message
            elif behaviour and behaviour.hangs:
                down[channel] = "no answer in time"
        return down

    def _resolve(self, payload: dict[str, Any], now: datetime) -> Reply:
        wanted = fx.ResolveRequest.model_validate(payload)
        people = {target: self.people_of(target, now) or wanted.fallback.get(target, []) for target in wanted.targets}
        roster = fx.Roster(people=people)
        if wanted.handoffs:
            changes = {target: self.next_handoff(target, now) for target in wanted.targets}
            roster.handoffs = {target: change for target, change in changes.items() if change is not None}
        return Reply(value=roster.model_dump(mode="json", exclude_none=True))

    def went_away(self, at: datetime) -> None:
        """The system itself is away from `at` on: what it says later about when it was last alive."""
        self._away_since.append(at)

    def _last_seen(self, payload: dict[str, Any], now: datetime) -> Reply:
        wanted = fx.LastSeenRequest.model_validate(payload).wanted_at
        before = [at for at in self._away_since if at <= wanted]
        return Reply(value=fx.LastSeen(last_seen_at=max(before, default=None)).model_dump(mode="json"))

    def _deadline(self, payload: dict[str, Any], now: datetime) -> Reply:
        wanted = fx.DeadlineRequest.model_validate(payload)
        duration = Duration.parse(wanted.duration)
        calendar = self.catalog.calendars.get(wanted.hours)
        hours: OpenHours | Literal["24x7"] = open_hours(calendar) if calendar is not None else "24x7"
        due_at = contract_due(hours, wanted.start_at, duration, wanted.rested_from, wanted.rested_to)
        return Reply(value=fx.Deadline(due_at=due_at).model_dump(mode="json"))

    def _vendor(self, payload: dict[str, Any], now: datetime) -> Reply:
        case = fx.VendorCase.model_validate(payload)
        receipt = fx.VendorReceipt(
            case=case.case or f"{case.vendor}-1", contacted=[fx.SentVia(channel=channel) for channel in case.via]
        )
        return Reply(value=receipt.model_dump(mode="json", exclude_none=True))

    def _action(self, kind: str, payload: dict[str, Any], behaviour: Behaviour) -> Reply:
        port = kind.partition(".")[0]
        if port in self.mocks and kind not in self.mocks:
            through = self.mocks.call(port)
            if through.failure is not None:
                return Reply(failure=through.failure)
        outputs = dummy_outputs(self.actions.get(kind), payload.get("inputs", {}))
        outputs.update(behaviour.returns or {})
        return Reply(value={"outputs": outputs})

    def people_of(self, target: str, now: datetime) -> list[str]:
        """The people behind `person.X`, `schedule.X` or `group.X` at a moment."""
        kind, _, name = target.partition(".")
        if kind == "person":
            return [name]
        if kind == "group":
            return list(self.catalog.groups.get(name, []))
        schedule = self._schedule(name)
        person = on_call(schedule, now).person if schedule else None
        return [person] if person else []

    def next_handoff(self, target: str, now: datetime) -> fx.NextHandoff | None:
        """When somebody else is on call for `schedule.X`."""
        schedule = self._schedule(target.removeprefix("schedule."))
        found = next_handoff(schedule, now) if schedule else None
        return fx.NextHandoff(at=found.at, incoming=found.incoming) if found else None

    def _schedule(self, name: str) -> LocalSchedule | None:
        """A schedule, or what the catalog names in the place of one that is kept elsewhere."""
        schedule = self.catalog.schedules.get(name)
        if isinstance(schedule, ExternalSchedule):
            return self._schedule(schedule.fallback.removeprefix("schedule.")) if schedule.fallback else None
        return schedule


def key_of(kind: str, payload: Mapping[str, Any]) -> str:
    """The key of an effect inside its incident: `page_payments#1`. Effects without one are known by their kind."""
    return str(payload.get("effect_key", f"/{kind}")).partition("/")[2]


def _as_recorded(answer: RecordedAnswer) -> Reply:
    failure = fx.EffectFailure.model_validate(answer.fail) if answer.fail is not None else None
    after = timedelta(milliseconds=answer.after_ms)
    return Reply(value=dict(answer.return_ or {}), failure=failure, after=after, hangs=answer.hang, final=True)


def _nothing(payload: dict[str, Any], now: datetime) -> Reply:
    return Reply()
