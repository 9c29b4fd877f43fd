"""The review of one incident as a reducer: commands, effect results and the time in; effects, entries, wake times out.

Nothing here waits, sleeps or calls: an engine (the Temporal workflow, a test) feeds `advance`, `deliver` and
`effect_finished`, carries out `take_effects`, flushes `unflushed`, and comes back at `next_wake`. All state is
`ReviewState`; a case built from a serialised state goes on as if nothing had happened. Each duty of a review is one
file beside this one; `DUTIES` lists them in the order in which they act.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from mayday.domain.commands import TURNED_AWAY, Answer, Refusal
from mayday.domain.effects import PAGE, EffectFailure, EffectRequest, EffectResult, PageRequest, Wire
from mayday.domain.review.commands import ReviewCommand
from mayday.domain.review.duties import DUTIES
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, ref
from mayday.domain.review.owed import Obligation
from mayday.domain.review.rules import ReviewRules
from mayday.domain.review.state import ReviewCarried, ReviewState
from mayday.domain.review.wire import ReviewBoard, ReviewInput
from mayday.domain.review.writers import viewers_refusal, writers_of
from mayday.domain.timeline import Entry, append, plain

#: commands that say "the review is mine" when the one it was offered to sends them
OWNERS_WORK = ("edit_report", "set_state", "closing_form", "reschedule_meeting", "close")
#: answers kept, so that a command sent twice is answered the same twice
REMEMBERED_ANSWERS = 500


SomeDuty = TypeVar("SomeDuty", bound=Duty)


class ReviewCase:
    """The reducer. `given` is the start input; its `state`, where set, is gone on with."""

    def __init__(self, given: ReviewInput, now: datetime) -> None:
        self.given = given
        self.rules = ReviewRules.of(given.spec)
        self.carried = ReviewCarried.model_validate(given.carried or {})
        if given.state is not None:
            self.state = ReviewState.model_validate(given.state)
        else:
            self.state = ReviewState(
                now=now,
                head=given.head,
                next_seq=given.next_seq,
                flushed_seq=given.next_seq - 1,
                revision=self.carried.revision,
                counters=dict(self.carried.counters),
            )
        self.duties: list[Duty] = [duty(self) for duty in DUTIES]
        self._by_command = {kind: duty for duty in self.duties for kind in duty.commands}
        self._by_name = {duty.name: duty for duty in self.duties}

    # -- inputs

    def advance(self, now: datetime) -> None:
        """It is `now` (never earlier than before): begin, or do what is due."""
        self.state.now = max(self.state.now, now)
        if self.state.finished:
            return
        if not self.state.begun:
            self.state.begun = True
            for duty in self.duties:
                duty.begin()
        self._settle()

    def refusal(self, command: ReviewCommand, now: datetime) -> Refusal | None:
        """Why `command` would be refused, or None. Changes nothing that counts: an update's validator."""
        if command.id in self.state.answers:
            return None
        self.state.now = max(self.state.now, now)
        if self.state.finished:
            return Refusal(code="closed", reason="the review is over: everything in it is done")
        if (looks_only := viewers_refusal(self, command)) is not None:
            return looks_only
        duty = self._by_command[command.kind]
        try:
            getattr(duty, f"check_{command.kind}")(command)
        except RefusedCommand as refused:
            return Refusal(code=refused.code, reason=refused.reason)
        return None

    def deliver(self, command: ReviewCommand, now: datetime, *, signalled: bool = False) -> Answer:
        """Carry out a command, or refuse it with the reason. A signal's sender is gone, so its refusal is an entry."""
        known = self.state.answers.get(command.id)
        if known is not None:
            return known
        refusal = self.refusal(command, now)
        if refusal is not None:
            answer = Answer(state="refused", refusal=refusal)
            if signalled and not self.state.finished:
                answer.entry = self.log(
                    "refused",
                    command.actor,
                    "review",
                    command=command.kind,
                    code=refusal.code,
                    reason=refusal.reason,
                    channel=command.channel,
                ).seq
        else:
            own = self.state.ownership
            if command.kind in OWNERS_WORK and own.accepted_at is None and command.actor == own.owner:
                self.accepted(command.actor, by_acting=True)
            before = self.state.next_seq
            detail = getattr(self._by_command[command.kind], f"apply_{command.kind}")(command)
            answer = Answer(entry=before if self.state.next_seq > before else None, detail=plain(detail))
            self._settle()
        self.state.answers[command.id] = answer
        while len(self.state.answers) > REMEMBERED_ANSWERS:
            del self.state.answers[next(iter(self.state.answers))]
        return answer

    def turn_away(self, what: str, claimed: str, refusal: Refusal, now: datetime) -> None:
        """Somebody sent what the shell does not believe: it leaves an entry and changes nothing else."""
        self.state.now = max(self.state.now, now)
        count = self.state.counters["turned_away"] = self.state.counters.get("turned_away", 0) + 1
        if not self.state.finished and (count <= TURNED_AWAY or count % 100 == 0):
            reason = f"{refusal.reason}; it says that it comes from {claimed[:60]}"
            self.log("refused", "unknown", "review", command=what, code=refusal.code, reason=reason, channel="temporal")

    def effect_finished(self, key: str, result: EffectResult, now: datetime) -> None:
        """The engine carried out the effect `key`, or gave up. An unknown key changes nothing."""
        self.state.now = max(self.state.now, now)
        request = next((item for item in self.state.asked if item.key == key), None)
        if request is None:
            return
        self.state.asked = [item for item in self.state.asked if item.key != key]
        if key in self.state.taken:
            self.state.taken.remove(key)
        if self.state.status == "withdrawn":
            return  # the chain belongs to the incident again
        duty = self._by_name.get(request.step.split(":")[1])
        if request.kind == PAGE:
            self._notice_finished(request, result)
        elif duty is not None:
            duty.effect_finished(request, result)
        self._settle()

    def flushed(self, up_to_seq: int) -> None:
        """The store has all entries up to this number."""
        self.state.flushed_seq = max(self.state.flushed_seq, up_to_seq)

    # -- outputs

    def take_effects(self) -> list[EffectRequest]:
        """Effects that the engine has not been given yet, in order."""
        new = [request for request in self.state.asked if request.key not in self.state.taken]
        self.state.taken += [request.key for request in new]
        return new

    def unflushed(self) -> list[Entry]:
        return [entry for entry in self.state.entries if entry.seq > self.state.flushed_seq]

    @property
    def next_wake(self) -> datetime | None:
        """When `advance` has to be called next even if nothing comes in."""
        if self.state.finished or not self.state.begun:
            return None
        return min((at for duty in self.duties for at in duty.wakes()), default=None)

    @property
    def idle(self) -> bool:
        """No effect is under way, so the state is complete: the moment to continue as a new run."""
        return not self.state.asked

    @property
    def finished(self) -> bool:
        return self.state.finished

    def next_input(self) -> ReviewInput:
        """The start input of the run that continues this one. Flushed entries stay in the store."""
        self.state.entries = self.unflushed()
        # What the state holds by now need not travel twice.
        return self.given.model_copy(
            update={
                "state": self.state.model_dump(mode="json", by_alias=True),
                "finals": [],
                "findings": [],
                "vendor_rcas": [],
                "carried": None,
            }
        )

    def board(self) -> ReviewBoard:
        state, card = self.state, self.given.card
        return ReviewBoard(
            incident_id=self.given.incident_id,
            title=card.title,
            severity=self.given.severity,
            service=card.service,
            drill=card.drill,
            state=state.status,
            owner=state.ownership.owner,
            accepted=state.ownership.accepted_at is not None,
            offered_to=state.ownership.offered,
            opened_at=self.given.opened_at,
            resolved_at=self.given.resolved_at,
            closed_at=state.closed_at,
            meeting=state.meeting,
            report_version=state.report.version,
            readers=self.given.readers,
            sent_reports=state.sent_reports,
            sections=state.report.sections,
            problem=state.problem.number,
            problem_url=state.problem.url,
            form=state.form,
            missing=state.form.missing(),
            actions=state.actions,
            finals=state.finals,
            findings=state.findings,
            vendor_rcas=state.vendor_rcas,
            ledger=self.ledger(),
            writers=writers_of(self),
            viewers=self.given.access.viewers if self.given.access else [],
            may=self.may(),
            revision=state.revision,
            finished=state.finished,
            seq=state.next_seq - 1,
            head=state.head,
        ).model_copy(deep=True)

    def ledger(self) -> list[Obligation]:
        """All that is owed, the soonest first."""
        if self.state.finished or not self.state.begun:
            return []
        items = [item for duty in self.duties for item in duty.ledger()]
        for item in items:
            item.overdue = item.due_at is not None and item.due_at <= self.state.now
        return sorted(items, key=lambda item: (item.due_at is None, item.due_at or self.state.now, item.id))

    def may(self) -> dict[str, list[str]]:
        """Who may, by command: from the lists that the duties' checks hold a sender against."""
        found = {what: people for duty in self.duties for what, people in duty.hands().items()}
        viewers = self.given.access.viewers if self.given.access else []
        over = self.state.finished
        return {what: [] if over else [one for one in people if one not in viewers] for what, people in found.items()}

    # -- what duties use

    def log(self, kind: str, actor: str, step: str | None, /, **data: Any) -> Entry:
        """Append to the chain. What is None is left out."""
        state = self.state
        body = {key: value for key, value in data.items() if value is not None}
        entry = append(state.head, state.next_seq, state.now, kind, actor, step, body)
        state.head, state.next_seq = entry.hash, entry.seq + 1
        state.entries.append(entry)
        state.revision += 1
        return entry

    def ask(
        self,
        duty: Duty,
        kind: str,
        payload: Wire,
        *,
        summary: str,
        item: str = "",
        effect_class: str = "notify",
        timeout_s: int = 120,
        once: bool = False,
    ) -> str:
        """Ask the engine for an effect of `duty`; returns its key. `payload.effect_key` is filled in here.

        `once`: asked for again, it is still the same effect to the provider, whatever became of it before.
        """
        step = ":".join(part for part in ("review", duty.name, item) if part)
        number = self.state.counters[step] = self.state.counters.get(step, 0) + 1
        key = f"{step}#{number}"
        data = payload.model_dump(mode="json", by_alias=True)
        data["effect_key"] = f"{self.given.incident_id}/{f'{step}#1' if once else key}"
        self.state.asked.append(
            EffectRequest.model_validate(
                {
                    "key": key,
                    "kind": kind,
                    "step": step,
                    "effect_class": effect_class,
                    "payload": data,
                    "summary": summary,
                    "timeout_s": timeout_s,
                }
            )
        )
        return key

    def notify(self, duty: Duty, people: list[str], text: str, *, item: str = "", nag: bool = True) -> list[str]:
        """Tell people, by mail and chat, without waking anybody. Returns who is told (refs without doubles)."""
        targets = list(dict.fromkeys(ref(person) for person in people))
        if targets:
            payload = PageRequest(
                effect_key="",
                incident=self.given.card,
                page=":".join(filter(None, ("review", duty.name, item))),
                purpose="nag" if nag else "notice",
                targets=targets,
                via=["email", "chat"],
                text=text,
                urgent=False,
                fallback={
                    target: self.given.members.get(target, []) for target in targets if target in self.given.members
                },
            )
            self.ask(duty, PAGE, payload, item=item, summary=f"tell {', '.join(targets)}")
        return targets

    def name(self, person: str | None) -> str:
        """How people call `person` (an id or a ref)."""
        if person is None:
            return "nobody"
        return self.given.people.get(person.removeprefix("person."), person.removeprefix("person."))

    def persons(self, who: str) -> list[str]:
        """The person ids behind a ref."""
        return (
            [who.removeprefix("person.")]
            if "." not in who or who.startswith("person.")
            else self.given.members.get(who, [])
        )

    def stewards(self) -> list[str]:
        """Who may steer the review: its owner, whoever was offered it, deputy, commander, service owners, managers."""
        given, own = self.given, self.state.ownership
        refs = [own.owner, *own.offered, given.deputy, given.commander, *given.service_owners, *given.managers]
        return list(dict.fromkeys(person for item in refs if item for person in self.persons(item)))

    def superiors(self) -> list[str]:
        """Refs of those who are told when the owner does not act: the deputy first, then whoever owns the service."""
        given = self.given
        refs = [given.deputy, given.commander, *given.service_owners, *given.managers]
        owner = self.state.ownership.owner
        return list(dict.fromkeys(ref(item) for item in refs if item and item.removeprefix("person.") != owner))

    def accepted(self, person: str, *, by_acting: bool) -> None:
        """`person` owns the review now. `by_acting`: who was asked did the owner's work, which says it as well."""
        own = self.state.ownership
        own.owner, own.accepted_at, own.climb_at = person, self.state.now, None
        self.log("review_owner_accepted", person, "review:owner", owner=person, by_acting=by_acting)

    def owner(self) -> list[str]:
        """Whom to tell what the owner should know: the owner, else all who were asked to be it."""
        own = self.state.ownership
        return [own.owner] if own.owner else own.offered

    def duty(self, kind: type[SomeDuty]) -> SomeDuty:
        return next(item for item in self.duties if isinstance(item, kind))

    def need_steward(self, actor: str) -> None:
        if actor not in self.stewards():
            raise RefusedCommand(
                "not_yours",
                f"that is for the review's owner ({self.name(self.state.ownership.owner)}), "
                "the deputy, the commander or the service's owner",
            )

    def need_open(self) -> None:
        if self.state.status == "closed":
            raise RefusedCommand("closed", "the review is closed")

    # -- inside

    def _settle(self) -> None:
        for duty in self.duties:
            if self.state.finished:
                break
            duty.act()

    def _notice_finished(self, request: EffectRequest, result: EffectResult) -> None:
        failure = result.failure
        if failure is None and not result.value.get("paged"):
            reasons = [str(item.get("reason", "")) for item in result.value.get("unreached", [])]
            failure = EffectFailure(code="unreached", message="; ".join(filter(None, reasons)) or "nobody was reached")
        if failure is not None:
            self.log(
                "review_notice_failed",
                SYSTEM,
                request.step,
                to=request.payload.get("targets", []),
                reason=failure.message,
            )
