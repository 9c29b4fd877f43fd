"""Final messages to outside audiences that still wait for a second person.

At the end of an incident the holding line has left in their place (LANGUAGE.md "Cadence"). Here the final waits until
somebody who is not its author releases it, or says why it shall not go. Reminded after an hour, then every four hours
for the first day, then daily: customers still read the holding line.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mayday.domain.effects import SEND, EffectRequest, EffectResult, SendRequest
from mayday.domain.review.commands import Release, Rewrite
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand
from mayday.domain.review.owed import Obligation, PendingFinal

FIRST_REMINDER = timedelta(hours=1)
REMIND_EVERY = timedelta(hours=4)
LATER_EVERY = timedelta(days=1)
REMINDERS_ON_FIRST_DAY = 6


class ReleasesDuty(Duty):
    name = "release"
    commands = ("release", "rewrite")

    def begin(self) -> None:
        self.state.finals = [item.model_copy(deep=True) for item in self.given.finals]
        for item in self.state.finals:
            item.since_at = item.since_at or self.now
            item.next_reminder_at = self.now + FIRST_REMINDER
            self.case.log(
                "release_wanted",
                SYSTEM,
                f"review:release:{item.id}",
                item=item.id,
                audience=item.audience,
                author=item.author,
                text=item.text,
            )
        self._remind(self.state.finals)

    def wakes(self) -> list[datetime]:
        return [item.next_reminder_at for item in self._waiting() if item.next_reminder_at is not None]

    def act(self) -> None:
        due = [
            item for item in self._waiting() if item.next_reminder_at is not None and item.next_reminder_at <= self.now
        ]
        for item in due:
            item.reminders += 1
            item.next_reminder_at = self.now + (
                REMIND_EVERY if item.reminders < REMINDERS_ON_FIRST_DAY else LATER_EVERY
            )
        self._remind(due)

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        item = next((one for one in self.state.finals if request.step == f"review:release:{one.id}"), None)
        if item is None:
            return
        item.sending = False
        sent = [str(one.get("channel")) for one in result.value.get("sent", [])]
        data: dict[str, Any] = {
            "item": item.id,
            "audience": item.audience,
            "by": item.released_by,
            "author": item.author,
        }
        if result.failure is None and sent:
            item.released_at = self.now
            self.case.log("released", item.released_by or SYSTEM, request.step, **data, via=sent)
            return
        unreached = "; ".join(str(one.get("reason", "")) for one in result.value.get("unreached", []))
        reason = result.failure.message if result.failure else unreached or "no channel carried it"
        ambiguous = result.failure is not None and result.failure.ambiguous
        self.case.log("release_failed", SYSTEM, request.step, **data, reason=reason, ambiguous=ambiguous)
        item.released_by = None
        look = " It may have been sent: look before you release it again." if ambiguous else ""
        self.case.notify(
            self,
            [*self.case.owner(), *self.given.responders[:1]],
            f"The final message to {item.audience} did not leave: {reason}.{look}",
            item=item.id,
        )

    def ledger(self) -> list[Obligation]:
        return [
            Obligation.model_validate(
                {
                    "id": item.id,
                    "kind": "release",
                    "for": self._second_readers(item),
                    "due_at": item.since_at,
                    "text": f"Release the final message to {item.audience}"
                    + (f" (written by {self.case.name(item.author)})" if item.author else ""),
                }
            )
            for item in self._waiting()
        ]

    def hands(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for item in self._waiting():
            readers = self._second_readers(item)
            found[f"release:{item.id}"] = readers
            found[f"rewrite:{item.id}"] = [*readers, *filter(None, [item.author])]
        return found

    def check_release(self, command: Release) -> None:
        item = self._item(command.item)
        if command.actor == item.author:
            raise RefusedCommand("excluded", "it is yours: a second person releases it")
        if command.actor not in self._second_readers(item):
            raise RefusedCommand(
                "not_yours", f"{item.audience}: it is for {', '.join(map(self.case.name, self._second_readers(item)))}"
            )
        if command.withhold and not command.reason.strip():
            raise RefusedCommand("invalid", "withholding a final message needs a reason")

    def apply_release(self, command: Release) -> dict[str, Any]:
        item = self._item(command.item)
        step = f"review:release:{item.id}"
        if command.withhold:
            item.withheld = command.reason
            self.case.log(
                "release_withheld",
                command.actor,
                step,
                item=item.id,
                audience=item.audience,
                author=item.author,
                reason=command.reason,
            )
            return {"item": item.id, "state": "withheld"}
        item.released_by, item.sending = command.actor, True
        item.attempts += 1
        self.case.ask(
            self,
            SEND,
            SendRequest.model_validate(
                {
                    "effect_key": "",
                    "incident": self.given.card,
                    "audience": item.audience,
                    "to": item.to,
                    "via": item.via,
                    "subject": item.subject or self.given.card.title,
                    "text": item.text,
                    "purpose": "final",
                    "outward": True,
                }
            ),
            item=item.id,
            summary=f"final message to {item.audience}",
        )
        return {"item": item.id, "state": "released"}

    def check_rewrite(self, command: Rewrite) -> None:
        item = self._item(command.item)
        if command.actor != item.author and command.actor not in self._second_readers(item):
            raise RefusedCommand("not_yours", "that text is for those who may release it")
        if not command.text.strip():
            raise RefusedCommand("invalid", "the text is empty")

    def apply_rewrite(self, command: Rewrite) -> dict[str, Any]:
        item = self._item(command.item)
        item.text, item.author = command.text, command.actor
        self.case.log(
            "release_rewritten",
            command.actor,
            f"review:release:{item.id}",
            item=item.id,
            audience=item.audience,
            text=command.text,
        )
        return {"item": item.id, "author": command.actor}

    def _item(self, wanted: str) -> PendingFinal:
        item = next((one for one in self.state.finals if one.id == wanted), None)
        if item is None:
            raise RefusedCommand("unknown", f"no message {wanted} waits for a release")
        if item.sending or not item.open:
            raise RefusedCommand(
                "not_open", f"{wanted} was withheld" if item.withheld else f"{wanted} was released already"
            )
        return item

    def _waiting(self) -> list[PendingFinal]:
        return [item for item in self.state.finals if item.open and not item.sending]

    def _second_readers(self, item: PendingFinal) -> list[str]:
        """Named readers first, then those who steer the review and who responded; never the author."""
        people = [person for who in item.readers for person in self.case.persons(who)]
        people += [*self.case.stewards(), *self.given.responders]
        return [person for person in dict.fromkeys(people) if person != item.author]

    def _remind(self, items: list[PendingFinal]) -> None:
        for item in items:
            readers = [person for who in item.readers for person in self.case.persons(who) if person != item.author]
            owner = [person for person in self.case.owner() if person != item.author]
            to = readers or owner or self._second_readers(item)[:2]
            if item.reminders > 1:
                to = [*to, *[who for who in self.case.superiors() if who.removeprefix("person.") != item.author][:1]]
            told = self.case.notify(
                self,
                to,
                f"The final message to {item.audience} about {self.given.card.title} waits for a second person. "
                f"Written by {self.case.name(item.author) if item.author else 'mayday'}: {item.text}",
                item=item.id,
            )
            self.case.log(
                "release_reminded",
                SYSTEM,
                f"review:release:{item.id}",
                item=item.id,
                audience=item.audience,
                to=told,
                times=item.reminders + 1,
            )
