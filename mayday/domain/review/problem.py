"""The problem record: opened at the ticket desk, or by hand where that fails. The analysis of the cause lives there."""

from __future__ import annotations

from typing import Any

from mayday.domain.effects import ActionRequest, EffectRequest, EffectResult
from mayday.domain.review.commands import SetProblem
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, moment
from mayday.domain.review.owed import Obligation
from mayday.domain.review.state import Problem
from mayday.domain.review.wire import OPEN_PROBLEM


class ProblemDuty(Duty):
    name = "problem"
    commands = ("set_problem",)

    def begin(self) -> None:
        self.state.problem = self.case.carried.problem.model_copy()
        if not self.case.rules.problem_record or self.state.problem.number:
            return
        card = self.given.card
        self.case.ask(
            self,
            OPEN_PROBLEM,
            ActionRequest(
                effect_key="",
                incident=card,
                action=OPEN_PROBLEM,
                inputs={
                    "summary": f"{card.severity} {card.title}",
                    "description": f"Cause of the major incident {card.ticket or self.given.incident_id} on "
                    f"{card.service}, {moment(self.given.opened_at)} to {moment(self.given.resolved_at)}",
                },
            ),
            effect_class="reversible",
            summary="open the problem record",
        )

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        if self.state.problem.number:
            return  # set by hand meanwhile
        outputs = result.value.get("outputs", result.value)
        number = outputs.get("number")
        if result.failure is not None or not number:
            reason = result.failure.message if result.failure else "the ticket desk gave no number"
            self.state.problem.failed = reason
            self.case.log("problem_failed", SYSTEM, "review:problem", reason=reason)
            self.case.notify(
                self, self.case.owner(), f"Please open the problem record of {self.given.card.title} by hand: {reason}"
            )
            return
        self.state.problem = Problem(number=str(number), url=outputs.get("url"))
        self.case.log("problem_opened", SYSTEM, "review:problem", number=str(number), url=outputs.get("url"))

    def ledger(self) -> list[Obligation]:
        if self.state.problem.number or not self.state.problem.failed or self.state.status == "closed":
            return []
        return [
            Obligation.model_validate(
                {
                    "id": "problem",
                    "kind": "problem",
                    "for": self.case.owner(),
                    "text": f"Open the problem record by hand: {self.state.problem.failed}",
                }
            )
        ]

    def hands(self) -> dict[str, list[str]]:
        return {"set_problem": self.case.stewards()}

    def check_set_problem(self, command: SetProblem) -> None:
        self.case.need_steward(command.actor)
        if not command.number.strip():
            raise RefusedCommand("invalid", "the number of the problem record is missing")

    def apply_set_problem(self, command: SetProblem) -> dict[str, Any]:
        self.state.problem = Problem(number=command.number.strip(), url=command.url or None)
        self.case.log(
            "problem_opened", command.actor, "review:problem", number=command.number.strip(), url=command.url or None
        )
        return {"number": command.number.strip()}
