"""The vendor's root cause analysis: asked for at once and weekly for 30 days; then its absence is an entry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mayday.domain.effects import VENDOR_CONTACT, EffectRequest, EffectResult, VendorCase
from mayday.domain.review.commands import ReceiveRca
from mayday.domain.review.duty import SYSTEM, Duty, RefusedCommand, moment
from mayday.domain.review.owed import Obligation, VendorRca
from mayday.domain.review.writers import need_writer, writing

CHASED_FOR = timedelta(days=30)
ASK_EVERY = timedelta(days=7)


class VendorsDuty(Duty):
    name = "vendor"
    commands = ("receive_rca",)

    def begin(self) -> None:
        self.state.vendor_rcas = [item.model_copy(deep=True) for item in self.given.vendor_rcas]
        for item in self.state.vendor_rcas:
            item.due_at = item.due_at or self.now + CHASED_FOR
            item.next_ask_at = self.now

    def wakes(self) -> list[datetime]:
        return [at for item in self._open() for at in (item.next_ask_at, item.due_at) if at is not None]

    def act(self) -> None:
        for item in self._open():
            if item.due_at is not None and item.due_at <= self.now:
                item.missing = True
                self.case.log(
                    "vendor_rca_missing",
                    SYSTEM,
                    self._step(item),
                    vendor=item.vendor,
                    case=item.case,
                    contract=item.contract,
                    asked=item.asked,
                )
                self.case.notify(
                    self,
                    [*self.case.owner(), *self.given.service_owners],
                    f"{item.name or item.vendor} has not given its root cause analysis of case {item.case or '-'} in "
                    f"{CHASED_FOR.days} days, asked {item.asked} times. Contract {item.contract or '-'}.",
                    item=item.vendor,
                )
            elif item.next_ask_at is not None and item.next_ask_at <= self.now:
                self._ask(item)

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        item = next((one for one in self.state.vendor_rcas if request.step == self._step(one)), None)
        if item is None:
            return
        unreached = [str(one.get("reason", "")) for one in result.value.get("unreached", [])]
        if result.failure is not None or (unreached and not result.value.get("contacted")):
            reason = result.failure.message if result.failure else "; ".join(unreached)
            self.case.log(
                "vendor_rca_unreached", SYSTEM, request.step, vendor=item.vendor, case=item.case, reason=reason
            )
            self.case.notify(
                self,
                self.case.owner(),
                f"Please ask {item.name or item.vendor} for its root cause analysis yourself: {reason}",
                item=item.vendor,
            )

    def ledger(self) -> list[Obligation]:
        return [
            Obligation.model_validate(
                {
                    "id": f"rca:{item.vendor}",
                    "kind": "vendor_rca",
                    "for": self.case.owner(),
                    "due_at": item.due_at,
                    "text": f"Get the root cause analysis of {item.name or item.vendor} (case {item.case or '-'}), "
                    + _asked(item.asked),
                }
            )
            for item in self._open()
        ]

    def hands(self) -> dict[str, list[str]]:
        """Of people; a program that brings it needs no name."""
        wanted = [f"receive_rca:{item.vendor}" for item in self.state.vendor_rcas if item.received_at is None]
        return writing(self.case, *wanted)

    def check_receive_rca(self, command: ReceiveRca) -> None:
        item = next((one for one in self.state.vendor_rcas if one.vendor == command.vendor), None)
        if item is None:
            raise RefusedCommand("unknown", f"no root cause analysis of {command.vendor} is expected")
        if item.received_at is not None:
            raise RefusedCommand("not_open", f"it was received at {moment(item.received_at)}")
        need_writer(self.case, command.actor, "what a vendor found is", programs=True)
        if not command.text.strip():
            raise RefusedCommand("invalid", "say in a line what they found, or where it is")

    def apply_receive_rca(self, command: ReceiveRca) -> dict[str, Any]:
        item = next(one for one in self.state.vendor_rcas if one.vendor == command.vendor)
        late = item.missing
        item.received_at, item.text = self.now, command.text
        self.case.log(
            "vendor_rca_received",
            command.actor,
            self._step(item),
            vendor=item.vendor,
            case=item.case,
            text=command.text,
            asked=item.asked,
            late=late,
        )
        return {"vendor": item.vendor, "late": late}

    def _open(self) -> list[VendorRca]:
        return [item for item in self.state.vendor_rcas if item.open]

    def _ask(self, item: VendorRca) -> None:
        item.asked += 1
        item.next_ask_at = self.now + ASK_EVERY
        card = self.given.card
        self.case.ask(
            self,
            VENDOR_CONTACT,
            VendorCase.model_validate(
                {
                    "effect_key": "",
                    "incident": card,
                    "vendor": item.vendor,
                    "level": item.level,
                    "via": item.via,
                    "priority": item.priority,
                    "case": item.case,
                    "summary": f"{'Reminder: please' if item.asked > 1 else 'Please'} send the root cause analysis of "
                    f"case {item.case or '-'} ({card.title}), by {moment(item.due_at) if item.due_at else '-'}.",
                }
            ),
            item=item.vendor,
            summary=f"ask {item.vendor} for its root cause analysis",
        )
        self.case.log(
            "vendor_rca_asked",
            SYSTEM,
            self._step(item),
            vendor=item.vendor,
            case=item.case,
            times=item.asked,
            due_at=item.due_at,
        )

    def _step(self, item: VendorRca) -> str:
        return f"review:vendor:{item.vendor}"


def _asked(times: int) -> str:
    return "not asked yet" if times == 0 else "asked once" if times == 1 else f"asked {times} times"
