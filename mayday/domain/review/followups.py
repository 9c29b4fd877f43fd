"""Follow-up actions: an owner and a due date each, reminded weekly, chased until done, also after the review is closed.

Once overdue the owner is told; a week later the deputy too; after that everybody responsible. Reminders of one day to
the same people are one message.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.review.action_tickets import ActionTickets
from mayday.domain.review.commands import (
    AddAction,
    CompleteAction,
    DropAction,
    ExtendAction,
    ReassignAction,
    TellAction,
)
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, moment, ref
from mayday.domain.review.obligations import PlannedObligations
from mayday.domain.review.owed import FollowUp, Obligation
from mayday.domain.review.pace import elapsed
from mayday.domain.review.writers import need_writer, writing

LONGEST_TITLE = 500
MOST_ACTIONS = 200
#: of a command's fields, those that travel on to the one that follows from it
_COMMON = {"id", "actor", "channel", "received_at"}


class FollowUpsDuty(Duty):
    name = "actions"
    commands = ("add_action", "complete_action", "drop_action", "reassign_action", "extend_action", "tell_action")

    @property
    def tickets(self) -> ActionTickets:
        return ActionTickets(self)

    @property
    def planned(self) -> PlannedObligations:
        return PlannedObligations(self)

    def begin(self) -> None:
        self.state.actions = [item.model_copy() for item in self.case.carried.actions]
        self.state.actions_added = len(self.state.actions)
        for item in self._open():
            self.tickets.want(item)
        self.planned.begin()

    def wakes(self) -> list[datetime]:
        return [self._wake(item) for item in self._open()]

    def act(self) -> None:
        due = [item for item in self._open() if self._wake(item) <= self.now]
        groups: dict[tuple[bool, tuple[str, ...]], list[FollowUp]] = {}
        for item in due:
            late = item.due_at <= self.now
            if late:
                item.overdue_notices += 1
            else:
                item.reminders += 1
            item.next_reminder_at = self.now + self._every(item)
            self.tickets.want(item)
            groups.setdefault((late, tuple(self._told(item))), []).append(item)
        for (late, people), items in groups.items():
            self._remind(items, list(people), late=late)

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        """A ticket came, or did not; notices the case looks after."""
        self.tickets.finished(request, result)

    def ledger(self) -> list[Obligation]:
        begun = [
            Obligation.model_validate(
                {"id": item.id, "kind": "action", "for": [item.owner], "text": item.title, "due_at": item.due_at}
            )
            for item in self._open()
        ]
        return [*begun, *self.planned.ledger()]

    def hands(self) -> dict[str, list[str]]:
        found = writing(self.case, "add_action")
        for item in self._open():
            hands = self._hands(item)
            found |= dict.fromkeys((f"complete_action:{item.id}", f"reassign_action:{item.id}"), hands)
            found[f"extend_action:{item.id}"] = self.case.stewards() if item.extended else hands
            found[f"drop_action:{item.id}"] = self.case.stewards()
        return found

    # -- commands

    def check_add_action(self, command: AddAction) -> None:
        need_writer(self.case, command.actor, "a follow-up action is")
        if not command.title.strip() or len(command.title) > LONGEST_TITLE:
            raise RefusedCommand("invalid", f"an action needs a title of at most {LONGEST_TITLE} characters")
        if len(self.state.actions) >= MOST_ACTIONS:
            raise RefusedCommand("invalid", f"a review has at most {MOST_ACTIONS} actions")
        self._known(command.owner)
        if command.due_at is not None:
            self._in_future(command.due_at)

    def apply_add_action(self, command: AddAction) -> dict[str, Any]:
        due_at = command.due_at or self.now + elapsed(self.case.rules.actions.due_after(command.priority))
        item = self.add(
            title=command.title.strip(),
            owner=command.owner,
            priority=command.priority,
            due_at=due_at,
            added_by=command.actor,
        )
        return {"action": item.id, "due_at": due_at}

    def add(self, *, added_by: str, **fields: Any) -> FollowUp:
        """A new action: numbered, on the timeline, told to its owner, with a ticket."""
        self.state.actions_added += 1
        item = FollowUp(id=f"A{self.state.actions_added}", added_at=self.now, added_by=added_by, **fields)
        item.next_reminder_at = self.now + self._every(item)
        self.state.actions.append(item)
        owed = {"obligation": item.obligation} if item.obligation else {}
        self.case.log(
            "action_added",
            added_by,
            self._step(item),
            action=item.id,
            title=item.title,
            owner=item.owner,
            priority=item.priority,
            due_at=item.due_at,
            **owed,
        )
        if added_by != item.owner:
            self._hand_over(item)
        self.tickets.want(item)
        return item

    def check_complete_action(self, command: CompleteAction) -> None:
        item = self._item(command.action)
        self._need_hand(item, command.actor)

    def apply_complete_action(self, command: CompleteAction) -> dict[str, Any]:
        item = self._item(command.action)
        item.state, item.ended_at, item.ended_by, item.result = "done", self.now, command.actor, command.result
        on_time = command.received_at <= item.due_at
        self.case.log(
            "action_done",
            command.actor,
            self._step(item),
            action=item.id,
            title=item.title,
            owner=item.owner,
            result=command.result,
            on_time=on_time,
            due_at=item.due_at,
        )
        self.tickets.close(item, f"Done: {command.result}" if command.result else "Done")
        self.planned.follow(item)
        return {"action": item.id, "on_time": on_time}

    def check_drop_action(self, command: DropAction) -> None:
        self._item(command.action)
        self.case.need_steward(command.actor)
        if not command.reason.strip():
            raise RefusedCommand("invalid", "dropping an action needs a reason")

    def apply_drop_action(self, command: DropAction) -> dict[str, Any]:
        item = self._item(command.action)
        item.state, item.ended_at, item.ended_by, item.result = "dropped", self.now, command.actor, command.reason
        self.case.log(
            "action_dropped",
            command.actor,
            self._step(item),
            action=item.id,
            title=item.title,
            owner=item.owner,
            reason=command.reason,
        )
        self.tickets.close(item, f"No longer wanted: {command.reason}")
        return {"action": item.id}

    def check_reassign_action(self, command: ReassignAction) -> None:
        item = self._item(command.action)
        self._need_hand(item, command.actor)
        self._known(command.to)
        if command.to == item.owner:
            raise RefusedCommand("invalid", f"{self.case.name(command.to)} owns {item.id} already")

    def apply_reassign_action(self, command: ReassignAction) -> dict[str, Any]:
        item = self._item(command.action)
        self.case.log(
            "action_reassigned",
            command.actor,
            self._step(item),
            action=item.id,
            title=item.title,
            previous=item.owner,
            to=command.to,
            reason=command.reason,
        )
        item.owner, item.next_reminder_at = command.to, self.now + self._every(item)
        if command.actor != item.owner:
            self._hand_over(item)
        self.tickets.note(item, f"Now {self.case.name(item.owner)}'s: {command.reason}")
        return {"action": item.id, "owner": item.owner}

    def check_extend_action(self, command: ExtendAction) -> None:
        item = self._item(command.action)
        self._need_hand(item, command.actor)
        if item.extended and command.actor not in self.case.stewards():
            raise RefusedCommand(
                "not_yours", "a second extension is for the review's owner, the deputy or the service's owner"
            )
        self._in_future(command.due_at)
        if command.due_at <= item.due_at:
            raise RefusedCommand("invalid", f"{item.id} is due at {moment(item.due_at)}: an extension is later")
        if not command.reason.strip():
            raise RefusedCommand("invalid", "an extension needs a reason")

    def apply_extend_action(self, command: ExtendAction) -> dict[str, Any]:
        item = self._item(command.action)
        item.extended += 1
        self.case.log(
            "action_extended",
            command.actor,
            self._step(item),
            action=item.id,
            title=item.title,
            owner=item.owner,
            previous=item.due_at,
            due_at=command.due_at,
            times=item.extended,
            reason=command.reason,
        )
        item.due_at, item.overdue_notices = command.due_at, 0
        item.next_reminder_at = self.now + self._every(item)
        self.tickets.note(item, f"Due {moment(item.due_at)} now: {command.reason}")
        return {"action": item.id, "due_at": item.due_at}

    def check_tell_action(self, command: TellAction) -> None:
        if self.tickets.item(command.action) is None:
            raise RefusedCommand("unknown", f"there is no action {command.action} with a ticket")

    def apply_tell_action(self, command: TellAction) -> dict[str, Any]:
        """A closed ticket completes its action: that is where the house tracks the work, and says who may close it."""
        item = self.tickets.item(command.action)
        assert item is not None
        item.ticket_over = item.ticket_over or command.over
        self.case.log(
            "action_ticket_told",
            command.actor,
            self._step(item),
            action=item.id,
            title=item.title,
            ticket=item.ticket,
            text=command.text,
        )
        if command.over and item.state == "open":
            done = CompleteAction(**command.model_dump(include=_COMMON), action=item.id, result=command.text)
            self.apply_complete_action(done)
        return {"action": item.id}

    # -- inside

    def _open(self) -> list[FollowUp]:
        return [item for item in self.state.actions if item.state == "open"]

    def _wake(self, item: FollowUp) -> datetime:
        at = item.next_reminder_at or item.due_at
        return at if item.overdue_notices else min(at, item.due_at)

    def _every(self, item: FollowUp) -> timedelta:
        return elapsed(item.every or self.case.rules.actions.remind_every)

    def _told(self, item: FollowUp) -> list[str]:
        above = {0: 0, 1: 0, 2: 1}.get(item.overdue_notices, len(self.case.superiors()))
        return list(dict.fromkeys([ref(item.owner), *self.case.superiors()[:above]]))

    def _remind(self, items: list[FollowUp], people: list[str], *, late: bool) -> None:
        lines = [f"{item.id} {item.title} ({self.case.name(item.owner)}, due {moment(item.due_at)})" for item in items]
        what = "Overdue" if late else "Open"
        told = self.case.notify(self, people, f"{what} after {self.given.card.title}: " + "; ".join(lines))
        self.case.log(
            "action_overdue" if late else "action_reminded",
            SYSTEM,
            "review:actions",
            actions=[item.id for item in items],
            to=told,
            times=max(item.overdue_notices if late else item.reminders for item in items),
        )

    def _hand_over(self, item: FollowUp) -> None:
        self.case.notify(
            self,
            [item.owner],
            f"Yours after {self.given.card.title}: {item.id} {item.title}, due {moment(item.due_at)}",
            nag=False,
        )

    def _item(self, wanted: str) -> FollowUp:
        item = next((one for one in self.state.actions if one.id == wanted.upper()), None)
        if item is None:
            raise RefusedCommand("unknown", f"there is no action {wanted}")
        if item.state != "open":
            raise RefusedCommand("not_open", f"{item.id} is {item.state}")
        return item

    def _hands(self, item: FollowUp) -> list[str]:
        """Whose it is, who asked for it, and who steers the review."""
        people = dict.fromkeys([item.owner, item.added_by, *self.case.stewards()])
        return [person for person in people if person != SYSTEM]

    def _need_hand(self, item: FollowUp, actor: str) -> None:
        if actor not in self._hands(item):
            raise RefusedCommand("not_yours", f"{item.id} is {self.case.name(item.owner)}'s")

    def _known(self, person: str) -> None:
        if self.given.people and person not in self.given.people:
            raise RefusedCommand("unknown", f"there is no person {person}")

    def _in_future(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise RefusedCommand("invalid", "the time needs a zone, for example 2026-05-05T10:00:00Z")
        if at <= self.now:
            raise RefusedCommand("invalid", f"{moment(at)} is in the past")

    def _step(self, item: FollowUp) -> str:
        return f"review:actions:{item.id}"
