"""The tickets of follow-up actions: one each, at the house's ticket desk, opened once whatever happens on the way.

The action stays the truth: it is chased with or without its ticket. What is done here is told there, and a ticket that
somebody closes there completes its action (`FollowUpsDuty.apply_tell_action`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.effects import ActionRequest, EffectRequest, EffectResult
from mayday.domain.review.duty import SYSTEM, moment
from mayday.domain.review.owed import FollowUp
from mayday.domain.review.wire import CLOSE_ACTION, NOTE_ACTION, OPEN_ACTION

if TYPE_CHECKING:
    from mayday.domain.review.followups import FollowUpsDuty


class ActionTickets:
    """Asks for tickets on behalf of the duty whose actions they belong to."""

    def __init__(self, duty: FollowUpsDuty) -> None:
        self._duty = duty
        self.case = duty.case

    def want(self, item: FollowUp) -> None:
        """Have a ticket opened, unless there is one, or one is on its way. A second try is the same effect."""
        asked = any(request.kind == OPEN_ACTION and request.step == _step(item) for request in self.case.state.asked)
        if not self._duty.given.action_tickets or item.ticket or asked:
            return
        given = self._duty.given
        about = f"Follow-up {item.id} of {given.card.ticket or given.incident_id}: {given.card.title}"
        inputs = {
            "summary": item.title,
            "description": f"{about}\nOwner: {self.case.name(item.owner)}, due {moment(item.due_at)}, {item.priority}",
            "owner": item.owner,
            "due_at": item.due_at,
            "problem": self.case.state.problem.number,
        }
        self._ask(item, OPEN_ACTION, inputs, f"ticket for {item.id}", once=True)

    def note(self, item: FollowUp, text: str) -> None:
        """Write what changed into the ticket."""
        if item.ticket:
            inputs = {"ticket": item.ticket, "text": text}
            self._ask(item, NOTE_ACTION, inputs, f"note in {item.ticket}", part="note")

    def close(self, item: FollowUp, reason: str) -> None:
        """The action has ended: so does its ticket, unless it ended there."""
        if item.ticket and not item.ticket_over:
            inputs = {"ticket": item.ticket, "reason": reason}
            self._ask(item, CLOSE_ACTION, inputs, f"close {item.ticket}", part="close")

    def item(self, action: str) -> FollowUp | None:
        """The action of this id, where it has a ticket; also one that has ended."""
        wanted = action.upper()
        return next((one for one in self.case.state.actions if one.id == wanted and one.ticket), None)

    def finished(self, request: EffectRequest, result: EffectResult) -> None:
        """Its answer came. What could not be written into a ticket is told nobody: the action has its own chasing."""
        action = request.step.split(":")[2] if request.step.count(":") >= 2 else ""
        item = next((one for one in self.case.state.actions if one.id == action), None)
        if request.kind != OPEN_ACTION or item is None:
            return
        outputs = result.value.get("outputs", result.value)
        number = outputs.get("number")
        if result.failure is not None or not number:
            item.ticket_failed = result.failure.message if result.failure else "the ticket desk gave no number"
            about: dict[str, Any] = {"action": item.id, "title": item.title, "reason": item.ticket_failed}
            self.case.log("action_ticket_failed", SYSTEM, _step(item), **about)
            return
        item.ticket, item.ticket_url, item.ticket_failed = str(number), outputs.get("url"), None
        about = {"action": item.id, "title": item.title, "number": item.ticket, "url": item.ticket_url}
        self.case.log("action_ticket", SYSTEM, _step(item), **about)
        if item.state != "open":
            self.close(item, item.result or item.state)

    def _ask(
        self, item: FollowUp, kind: str, inputs: dict[str, Any], summary: str, *, part: str = "", once: bool = False
    ) -> None:
        payload = ActionRequest(effect_key="", incident=self._duty.given.card, action=kind, inputs=inputs)
        place = ":".join(filter(None, (item.id, part)))
        self.case.ask(self._duty, kind, payload, item=place, effect_class="reversible", summary=summary, once=once)


def _step(item: FollowUp) -> str:
    return f"review:actions:{item.id}"
