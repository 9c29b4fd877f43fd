"""What the incident left unproven: a broken glass to be ratified, a spoken vote to be confirmed.

An answer in time settles it. A refusal, a denial or silence leaves a finding: it is in the report, the owner is
reminded weekly, and it stays open until somebody responsible writes down what was done about it. Nothing here ever
turns into an approval.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.review.commands import AnswerFinding, SettleFinding
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, moment
from mayday.domain.review.owed import Finding, Obligation
from mayday.domain.review.pace import elapsed

QUESTIONS = {
    "ratification": "Ratify, or refuse, the emergency decision taken without approval",
    "confirmation": "Confirm the vote that was spoken and recorded for you",
    "exception": "Explain the exception",
}


class FindingsDuty(Duty):
    name = "finding"
    commands = ("answer_finding", "settle_finding")

    def begin(self) -> None:
        self.state.findings = [item.model_copy(deep=True) for item in self.given.findings]
        for item in self.state.findings:
            self.case.log(
                "finding_opened",
                SYSTEM,
                self._step(item),
                finding=item.id,
                finding_kind=item.kind,
                decision=item.decision,
                text=item.text,
                people=item.people,
                approvals=item.approvals if item.approvals > 1 else None,
                due_at=item.due_at,
            )
            by = f" Until {moment(item.due_at)}." if item.due_at else ""
            self.case.notify(self, item.people, f"{QUESTIONS[item.kind]}: {item.text}.{by}", item=item.id)
            if item.due_at is None:
                item.next_reminder_at = self._later()

    def wakes(self) -> list[datetime]:
        times = [self._wake(item) for item in self.state.findings]
        return [at for at in times if at is not None]

    def act(self) -> None:
        for item in self.state.findings:
            at = self._wake(item)
            if at is None or at > self.now:
                continue
            if self._awaited(item) and not item.expired:
                item.expired = True
                self.case.log(
                    "finding_expired",
                    SYSTEM,
                    self._step(item),
                    finding=item.id,
                    finding_kind=item.kind,
                    decision=item.decision,
                )
            item.next_reminder_at = self._later()
            told = self.case.notify(
                self,
                [*self.case.owner(), *self.case.superiors()[:1]],
                f"Open finding of {self.given.card.title}: {item.text} ({self._status(item)})",
                item=item.id,
            )
            self.case.log("finding_reminded", SYSTEM, self._step(item), finding=item.id, to=told)

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        """Only notices, which the case looks after."""

    def ledger(self) -> list[Obligation]:
        owed = []
        for item in self.state.findings:
            if item.open:
                waits = self._awaited(item) and not item.expired
                owed.append(
                    Obligation.model_validate(
                        {
                            "id": item.id,
                            "kind": "finding",
                            "for": self._waiting(item) if waits else self._settlers(item),
                            "text": f"{QUESTIONS[item.kind]}: {item.text}"
                            if waits
                            else f"Settle the finding: {item.text} ({self._status(item)})",
                            "due_at": item.due_at,
                        }
                    )
                )
        return owed

    def hands(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for item in self.state.findings:
            waits = item.settled_by is None and item.answer is None
            answering = self._allowed(item) if waits else []
            found[f"answer_finding:{item.id}"] = [one for one in answering if one not in item.excluded]
            settling = self.case.stewards() if self._settles(item) else []
            found[f"settle_finding:{item.id}"] = [one for one in settling if one not in item.excluded]
        return found

    def check_answer_finding(self, command: AnswerFinding) -> None:
        item = self._item(command.finding)
        if item.settled_by is not None or item.answer is not None:
            raise RefusedCommand("not_open", f"{item.id} was answered: {self._status(item)}")
        if command.actor in item.excluded:
            raise RefusedCommand("excluded", "who took the decision cannot ratify it")
        allowed = self._allowed(item)
        if command.actor not in allowed:
            raise RefusedCommand("not_yours", f"it is for {', '.join(map(self.case.name, allowed)) or 'nobody'}")
        if command.yes and command.actor in item.yes:
            raise RefusedCommand("invalid", f"you said yes already; it takes {self._missing(item)} more")
        if not command.yes and command.actor in item.no:
            raise RefusedCommand("invalid", "you said no already; the others are waited for")
        if not command.yes and not command.reason.strip():
            raise RefusedCommand("invalid", "a no needs a reason")

    def apply_answer_finding(self, command: AnswerFinding) -> dict[str, Any]:
        item = self._item(command.finding)
        late = item.due_at is not None and command.received_at > item.due_at
        ratification = item.kind == "ratification"
        if command.yes and not late and self._missing(item, command.actor):
            return self._one_more_yes(item, command)
        if not command.yes and not late and not self._refuses(item, command.actor):
            return self._one_more_no(item, command)
        if command.yes:
            item.answer = "late" if late else "ratified" if ratification else "confirmed"
        else:
            item.answer = "refused" if ratification else "denied"
        item.answered_by, item.answered_at, item.reason = command.actor, self.now, command.reason
        item.next_reminder_at = self._later() if item.open else None
        self.case.log(
            "finding_answered",
            command.actor,
            self._step(item),
            finding=item.id,
            finding_kind=item.kind,
            decision=item.decision,
            answer=item.answer,
            yes=command.yes,
            reason=command.reason,
            open=item.open,
        )
        if item.open:
            self.case.notify(
                self,
                self.case.owner(),
                f"Finding of {self.given.card.title}: {item.text} ({self._status(item)})",
                item=item.id,
            )
        return {"finding": item.id, "answer": item.answer, "open": item.open}

    def _one_more_yes(self, item: Finding, command: AnswerFinding) -> dict[str, Any]:
        """One of several: the others are waited for, and silence stays a finding."""
        item.yes = [*item.yes, command.actor]
        item.no = [person for person in item.no if person != command.actor]
        return self._goes_on(item, command, "finding_seconded", f"waits for {self._missing(item)} more")

    def _one_more_no(self, item: Finding, command: AnswerFinding) -> dict[str, Any]:
        """A no that does not refuse by itself, as at the gate: the others can still ratify."""
        item.no = [*item.no, command.actor]
        item.yes = [person for person in item.yes if person != command.actor]
        return self._goes_on(item, command, "finding_opposed", "noted; the others can still ratify it")

    def _goes_on(self, item: Finding, command: AnswerFinding, kind: str, state: str) -> dict[str, Any]:
        missing = self._missing(item)
        self.case.log(
            kind,
            command.actor,
            self._step(item),
            finding=item.id,
            finding_kind=item.kind,
            decision=item.decision,
            reason=command.reason,
            missing=missing,
        )
        return {
            "finding": item.id,
            "answer": None,
            "open": True,
            "missing": missing,
            "state": state,
            "task": item.id,
        }

    def _missing(self, item: Finding, also: str = "") -> int:
        """How many yeses are still missing, those of required people among them. `also` says yes now."""
        given = {*item.yes, also} - {""}
        return max(item.approvals - len(given), len([person for person in item.required if person not in given]))

    def _refuses(self, item: Finding, person: str) -> bool:
        """Whether the no of `person` decides, by the rule of gates (LANGUAGE.md, small rules): a no with `veto`, one of
        somebody required, or too few left who could still say yes."""
        if not item.as_gate or item.veto or person in item.required:
            return True
        against = {*item.no, person}
        voters = {one for who in item.people for one in self.case.persons(who)} - {*item.excluded, *against}
        return len(voters) < item.approvals

    def _settlers(self, item: Finding) -> list[str]:
        """The owner, unless they took the decision themselves: then whoever else may write down what was done."""
        owner = [who for who in self.case.owner() if who.removeprefix("person.") not in item.excluded]
        return owner or [who for who in self.case.stewards() if who not in item.excluded] or self.case.owner()

    def _waiting(self, item: Finding) -> list[str]:
        return [who for who in item.people if who.removeprefix("person.") not in (*item.yes, *item.no)]

    def check_settle_finding(self, command: SettleFinding) -> None:
        item = self._item(command.finding)
        self.case.need_steward(command.actor)
        if not item.open:
            raise RefusedCommand("not_open", f"{item.id} is settled: {self._status(item)}")
        if not self._settles(item) and item.due_at is not None:
            raise RefusedCommand("invalid", f"{item.id} can still be answered until {moment(item.due_at)}")
        if command.actor in item.excluded:
            raise RefusedCommand("excluded", "who took the decision cannot settle its finding")
        if not command.text.strip():
            raise RefusedCommand("invalid", "say what was done about it")

    def apply_settle_finding(self, command: SettleFinding) -> dict[str, Any]:
        item = self._item(command.finding)
        item.settled_by, item.settlement = command.actor, command.text
        self.case.log(
            "finding_settled",
            command.actor,
            self._step(item),
            finding=item.id,
            finding_kind=item.kind,
            decision=item.decision,
            answer=item.answer or "none",
            text=command.text,
        )
        return {"finding": item.id}

    def _item(self, wanted: str) -> Finding:
        item = next((one for one in self.state.findings if one.id == wanted), None)
        if item is None:
            raise RefusedCommand("unknown", f"there is no finding {wanted}")
        return item

    def _allowed(self, item: Finding) -> list[str]:
        return [person for who in item.people for person in self.case.persons(who)]

    def _settles(self, item: Finding) -> bool:
        """Whether words can settle it: it stays a finding, and nobody's answer is waited for any more."""
        return item.open and not (self._awaited(item) and not item.expired and item.due_at is not None)

    def _awaited(self, item: Finding) -> bool:
        return item.answer is None and item.kind != "exception"

    def _wake(self, item: Finding) -> datetime | None:
        if not item.open:
            return None
        return item.due_at if self._awaited(item) and not item.expired and item.due_at else item.next_reminder_at

    def _later(self) -> datetime:
        return self.now + elapsed(self.case.rules.actions.remind_every)

    def _status(self, item: Finding) -> str:
        if item.settled_by:
            return f"settled by {self.case.name(item.settled_by)}: {item.settlement}"
        if item.answer:
            reason = f": {item.reason}" if item.reason else ""
            return f"{item.answer} by {self.case.name(item.answered_by)}{reason}"
        if item.expired:
            if item.yes or item.no:
                return f"only {len(item.yes)} of {item.approvals} said yes in time"
            return "nobody answered in time"
        return "not answered yet"

    def _step(self, item: Finding) -> str:
        return f"review:finding:{item.id}"
