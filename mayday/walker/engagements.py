"""Vendor engagements: the case, its contract clocks, the ladder on breach, what the vendor said.

The response clock starts when the first contact is logged and ends at the first reply; the resolve clock runs until
vendor or incident resolves; `waiting_on_us` pauses both (LANGUAGE.md "Engagement").
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Refusal, VendorReply
from mayday.domain.durations import Duration
from mayday.domain.effects import VENDOR_CONTACT, VENDOR_OPEN, EffectResult, VendorCase, VendorReceipt
from mayday.domain.incident import Pending
from mayday.language.plan import PlanContact
from mayday.walker import blocks, contract_clocks, people, registry, tasks
from mayday.walker.state import Clock, Engagement, Flight

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


#: what a vendor can say that changes what we do next
_NEWS = {
    "waiting_on_us": "waits for us, and its clocks stand still",
    "downgrade": "lowers the priority",
    "resolved": "has repaired it",
}


def open_case(w: Walker, engagement: Engagement) -> None:
    """Open the case and call the first contact."""
    w.state.engagements[engagement.path] = engagement
    vendor = w.vendor(engagement.vendor)
    first = vendor.contacts[0]
    engagement.called.append(first.level)
    w.entry(
        "vendor_engaged",
        "system",
        engagement.path,
        vendor=engagement.vendor,
        priority=engagement.priority,
        summary=engagement.summary,
        contract=vendor.contract.ref,
        level=first.level,
    )
    _call(w, engagement, first, VENDOR_OPEN, f"vendor:{engagement.path}")


def _call(
    w: Walker, engagement: Engagement, contact: PlanContact, kind: str, owner: str, summary: str | None = None
) -> None:
    w.ask(
        kind,
        engagement.path,
        lambda key: VendorCase(
            effect_key=key,
            incident=w.card(),
            vendor=engagement.vendor,
            level=contact.level,
            via=list(contact.via),
            priority=engagement.priority,
            summary=summary or engagement.summary,
            case=engagement.case,
        ),
        owner=owner,
        effect_class="notify",
        summary=f"{engagement.vendor}: {contact.level}",
        data={"level": contact.level},
    )


def answered(w: Walker, path: str, flight: Flight, result: EffectResult) -> None:
    """The case is open and the first contact logged: the response clock starts. Failed: a person calls."""
    engagement = w.state.engagements.get(path)
    if engagement is None:
        return
    if result.failure is not None:
        w.entry("vendor_contact_failed", "system", path, vendor=engagement.vendor, reason=result.failure.message)
        if engagement.ended:
            return
        tasks.open_task(
            w,
            f"vendor:{path}",
            "manual",
            f"{engagement.vendor} could not be reached by the system: call them and log it as vendor reply",
            to="role.incident_commander",
            owner="none:",
            urgent=True,
        )
        _start_clocks(w, engagement)
        return
    receipt = VendorReceipt.model_validate(result.value)
    engagement.case = receipt.case or engagement.case
    w.entry(
        "vendor_contacted",
        "system",
        path,
        vendor=engagement.vendor,
        case=engagement.case,
        level=flight.data.get("level"),
        via=[each.channel for each in receipt.contacted],
        unreached=[f"{gap.channel or gap.target}: {gap.reason}" for gap in receipt.unreached] or None,
    )
    _start_clocks(w, engagement)


def contacted(w: Walker, path: str, flight: Flight, result: EffectResult) -> None:
    engagement = w.state.engagements.get(path)
    if engagement is None:
        return
    level = flight.data.get("level")
    if result.failure is not None:
        w.entry(
            "vendor_contact_failed",
            "system",
            path,
            vendor=engagement.vendor,
            level=level,
            reason=result.failure.message,
        )
        return
    receipt = VendorReceipt.model_validate(result.value)
    w.entry(
        "vendor_contacted",
        "system",
        path,
        vendor=engagement.vendor,
        case=engagement.case,
        level=level,
        via=[each.channel for each in receipt.contacted],
    )


def _start_clocks(w: Walker, engagement: Engagement) -> None:
    if engagement.contacted_at is not None:
        return
    engagement.contacted_at = w.now
    contract = w.vendor(engagement.vendor).contract
    priority: Any = engagement.priority  # whatever a step gave: one that the contract does not know has no clocks
    respond = contract.respond_within.get(priority)
    solve = contract.resolve_within.get(priority)
    updates = contract.updates_every.get(priority)
    if respond and engagement.replied_at is None:
        engagement.response = Clock(name="response", started_at=w.now)
        contract_clocks.start(w, engagement.path, engagement.response, respond, contract.hours)
    if solve:
        engagement.resolve = Clock(name="resolve", started_at=w.now)
        contract_clocks.start(w, engagement.path, engagement.resolve, solve, contract.hours)
    engagement.updates_every_s = updates.seconds if updates and not updates.is_business else None


def resume(w: Walker) -> None:
    for engagement in w.state.engagements.values():
        if not engagement.ended:
            _resume(w, engagement)


def _resume(w: Walker, engagement: Engagement) -> None:
    if engagement.waiting_since is None:
        for clock in (engagement.response, engagement.resolve):
            _watch(w, engagement, clock)
        _climb(w, engagement)
        if engagement.update_due_at is not None and w.wake(engagement.update_due_at):
            engagement.update_due_at = w.now + timedelta(seconds=engagement.updates_every_s or 3600)
            w.entry(
                "vendor_update_missed",
                "system",
                engagement.path,
                vendor=engagement.vendor,
                every_s=engagement.updates_every_s,
            )
    clock = next(
        (c for c in (engagement.response, engagement.resolve) if c and c.stopped_at is None and c.due_at), None
    )
    w.pend(
        Pending.model_validate(
            {
                "id": engagement.path,
                "kind": "vendor",
                "for": [engagement.vendor],
                "due_at": clock.due_at if clock else None,
                "text": f"{engagement.vendor} {engagement.case or ''} {engagement.priority}".strip(),
                "then": _then(clock),
                "detail": {"paused": engagement.waiting_since is not None},
            }
        )
    )


def _then(clock: Clock | None) -> str:
    """What happens at a case's next time; a promise that is broken is not about to be."""
    if clock is None:
        return "resolves"
    return f"the {clock.name} promise is broken" if clock.breached_at else f"breach of the {clock.name} promise"


def _watch(w: Walker, engagement: Engagement, clock: Clock | None) -> None:
    what = contract_clocks.watch(w, clock)
    if clock is None or what is None:
        return
    kind = "vendor_warning" if what == "warning" else "vendor_breached"
    contract = w.vendor(engagement.vendor).contract
    w.entry(
        kind,
        "system",
        engagement.path,
        vendor=engagement.vendor,
        clock=clock.name,
        due_at=clock.due_at,
        started_at=clock.started_at,
        limit_s=clock.limit_s,
        contract=contract.ref,
        priority=engagement.priority,
        case=engagement.case,
    )
    if what == "breach":
        registry.emit(w, "vendor.breached", {"step": engagement.path, "vendor": engagement.vendor, "clock": clock.name})


def _breached_at(engagement: Engagement) -> datetime | None:
    running = [c for c in (engagement.response, engagement.resolve) if c and c.breached_at and not c.stopped_at]
    return min((c.breached_at + timedelta(seconds=c.rested_s) for c in running if c.breached_at), default=None)


def _climb(w: Walker, engagement: Engagement) -> None:
    """On breach the ladder climbs: contacts `after: breach`, and those a time after it."""
    breached_at = _breached_at(engagement)
    if breached_at is None:
        return
    for contact in w.vendor(engagement.vendor).contacts:
        if contact.level in engagement.called or contact.after is None:
            continue
        wait = 0 if contact.after == "breach" else Duration.parse(contact.after).seconds
        if w.wake(breached_at + timedelta(seconds=wait)):
            engagement.called.append(contact.level)
            w.entry("vendor_escalated", "system", engagement.path, vendor=engagement.vendor, level=contact.level)
            _call(w, engagement, contact, VENDOR_CONTACT, f"contact:{engagement.path}")


def end_all(w: Walker, reason: str) -> None:
    """The incident resolved: every clock stops."""
    for engagement in w.state.engagements.values():
        if not engagement.ended:
            _end(w, engagement, reason)
            engagement.rests_since = w.now


def take_up(w: Walker, engagement: Engagement, reason: str) -> None:
    """The incident is open again and the vendor was not done: the same case, the same clocks without the time between.

    The vendor is told on its first level; its ladder goes on where it was.
    """
    since, engagement.rests_since, engagement.ended = engagement.rests_since or w.now, None, False
    w.state.engagements[engagement.path] = engagement
    rested = w.now - since
    for clock in (engagement.response, engagement.resolve):
        if clock is None or clock.stopped_at is None or clock.stopped_at < since:
            continue  # one that ended before the incident did is over: the vendor has answered
        clock.stopped_at = None
        if clock.breached_at is not None:
            clock.rested_s += int(rested.total_seconds())
        elif engagement.waiting_since is None:  # while they wait for us it stands still anyway
            contract_clocks.rested(w, engagement.path, clock, since, w.vendor(engagement.vendor).contract.hours)
    if engagement.update_due_at is not None and engagement.updates_every_s:
        engagement.update_due_at = w.after(engagement.updates_every_s)
    running = [clock for clock in (engagement.response, engagement.resolve) if clock and clock.stopped_at is None]
    w.entry(
        "vendor_taken_up",
        "system",
        engagement.path,
        vendor=engagement.vendor,
        case=engagement.case,
        due_at=min((clock.due_at for clock in running if clock.due_at and not clock.breached_at), default=None),
        rested_s=int(rested.total_seconds()),
    )
    first = w.vendor(engagement.vendor).contacts[0]
    _call(w, engagement, first, VENDOR_CONTACT, f"contact:{engagement.path}", f"Open again: {reason}")


def give_up(w: Walker, path: str, reason: str) -> None:
    """The step that engaged a vendor is dropped: its case is nobody's any more."""
    engagement = w.state.engagements.get(path)
    if engagement is not None and not engagement.ended:
        _end(w, engagement, reason)


def _end(w: Walker, engagement: Engagement, reason: str) -> None:
    engagement.ended = True
    tasks.close(w, f"vendor:{engagement.path}", reason)
    for clock in (engagement.response, engagement.resolve):
        if clock is not None and clock.stopped_at is None:
            clock.stopped_at = w.now
    w.entry(
        "vendor_closed",
        "system",
        engagement.path,
        vendor=engagement.vendor,
        reason=reason,
        breached=[c.name for c in (engagement.response, engagement.resolve) if c and c.breached_at],
    )


# commands -------------------------------------------------------------------------------------------------------


def refusal(w: Walker, command: VendorReply) -> Refusal | None:
    engagement = w.state.engagements.get(command.step)
    if not people.known(w, command.actor) and command.actor != people.OWNER:
        return Refusal(code="not_yours", reason="vendor replies are entered by a person of the catalog")
    if engagement is None:
        known = w.definitions.known(command.step.rpartition(".")[2])
        return Refusal(
            code="not_open" if known else "unknown",
            reason=f"there is no engagement {command.step}" + (" yet" if known else ""),
        )
    if engagement.ended:
        return Refusal(code="closed", reason=f"{command.step} is closed")
    if command.reply == "resumed" and engagement.waiting_since is None:
        return Refusal(code="not_open", reason=f"{engagement.vendor} does not wait for us")
    if command.reply == "waiting_on_us" and engagement.waiting_since is not None:
        return Refusal(code="closed", reason=f"{engagement.vendor} waits for us already")
    return None


def _tell(w: Walker, engagement: Engagement, command: VendorReply) -> None:
    """Whoever leads hears what changes what they do next, unless they entered it themselves."""
    targets = [target for target in people.targets_of(w, f"role.{people.COMMANDER}") if target[7:] != command.actor]
    if targets:
        name = w.vendor(engagement.vendor).name or engagement.vendor
        words = f"{w.state.title}: {name} {_NEWS[command.reply]}{f': {command.text}' if command.text else ''}"
        via = ["push", "chat"]
        w.page(engagement.path, targets, words, owner="notice:", purpose="notice", urgent=False, via=via)


def replied(w: Walker, command: VendorReply) -> dict[str, Any]:
    engagement = w.state.engagements[command.step]
    people.respond(w, command.actor)
    registry.emit(w, f"vendor.{command.reply}", {"step": engagement.path, "vendor": engagement.vendor})
    w.entry(
        "vendor_replied",
        command.actor,
        engagement.path,
        vendor=engagement.vendor,
        reply=command.reply,
        words=command.text or None,
        occurred_at=command.occurred_at,
        channel=command.channel,
    )
    if command.reply in _NEWS and w.start.edition >= 3:
        _tell(w, engagement, command)
    if command.reply == "waiting_on_us":
        engagement.waiting_since = w.now
        w.entry(
            "vendor_clock_paused",
            command.actor,
            engagement.path,
            vendor=engagement.vendor,
            reason=command.text or "they wait for us",
        )
        return {"step": engagement.path}
    if command.reply == "resumed" and engagement.waiting_since is not None:
        since, engagement.waiting_since = engagement.waiting_since, None
        paused, hours = w.now - since, w.vendor(engagement.vendor).contract.hours
        for clock in (engagement.response, engagement.resolve):
            contract_clocks.rested(w, engagement.path, clock, since, hours)
        w.entry(
            "vendor_clock_resumed",
            command.actor,
            engagement.path,
            vendor=engagement.vendor,
            paused_s=int(paused.total_seconds()),
        )
        return {"step": engagement.path}
    first = engagement.replied_at is None
    engagement.replied_at = engagement.replied_at or w.now
    if engagement.updates_every_s:
        engagement.update_due_at = w.now + timedelta(seconds=engagement.updates_every_s)
    if first:
        if engagement.response is not None and engagement.response.stopped_at is None:
            engagement.response.stopped_at = w.now
        tasks.close(w, f"vendor:{engagement.path}", f"{engagement.vendor} was reached", command.actor)
        state = w.state.steps.get(engagement.path)
        if state is not None and not state.over:
            blocks.finish(w, state, "replied", {"case": engagement.case})
        registry.emit(w, "vendor.replied", {"step": engagement.path, "vendor": engagement.vendor})
    if command.reply == "resolved":
        engagement.resolved_at = w.now
        _end(w, engagement, "the vendor resolved it")
    return {"step": engagement.path}
