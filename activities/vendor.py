"""A vendor's case: opened once, and each contact of the ladder called on all of its channels."""

from __future__ import annotations

from temporalio import activity

from activities.chain import first_that_works
from activities.contacts import vendor_address
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import VENDOR_CONTACT, VENDOR_OPEN, Unreached, VendorCase, VendorReceipt
from mayday.domain.errors import NobodyReached, ProviderError, Refused
from mayday.domain.ports import CaseOrder, VendorCall


class VendorActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name=VENDOR_OPEN)
    async def open_case(self, request: VendorCase) -> VendorReceipt:
        """Open the case and call the first contact. A desk without a number does not hold up the call."""
        vendor = self._given.catalog.current().vendors.get(request.vendor)
        order = CaseOrder(
            effect_key=f"{request.effect_key}/case", incident=request.incident, vendor=request.vendor,
            contract=vendor.contract.ref if vendor else None, priority=request.priority, summary=request.summary,
        )  # fmt: skip
        desks = self._given.ports_for(request.incident).vendors
        case, failure = request.case, None
        passed: list[Unreached] = []
        if case is None:
            try:
                case = await first_that_works(
                    desks, lambda desk: desk.open_case(order), port="vendor desk", passed=passed
                )
            except ProviderError as error:
                failure = error
        receipt = await self._call(request, case)
        receipt.unreached += passed
        if failure is not None:
            receipt.unreached.append(Unreached(target=request.vendor, reason=f"no case was opened: {failure}"))
        return receipt

    @activity.defn(name=VENDOR_CONTACT)
    async def contact(self, request: VendorCase) -> VendorReceipt:
        """Call the contact of `level`."""
        return await self._call(request, request.case)

    async def _call(self, request: VendorCase, case: str | None) -> VendorReceipt:
        """Fails when no channel reached the contact."""
        vendor = self._given.catalog.current().vendors.get(request.vendor)
        contact = next((each for each in vendor.contacts if each.level == request.level), None) if vendor else None
        receipt = VendorReceipt(case=case)
        retry_may_help = False
        with reported():
            for channel in request.via or (contact.via if contact else []):
                address = vendor_address(contact, channel)
                if address is None:
                    reason = f"the catalog has no address for {channel}"
                    receipt.unreached.append(Unreached(target=request.level, channel=channel, reason=reason))
                    continue
                call = VendorCall(
                    effect_key=f"{request.effect_key}/{request.level}/{channel}", incident=request.incident,
                    vendor=request.vendor, case=case, level=request.level, channel=channel, address=address,
                    text=f"{request.priority} {request.summary}",
                )  # fmt: skip
                desks = self._given.ports_for(request.incident).vendors
                try:
                    sent = await first_that_works(
                        desks, lambda desk, call=call: desk.contact(call), port="vendor desk",  # type: ignore[misc]
                        passed=receipt.unreached, untold=(Refused,),
                    )  # fmt: skip
                except ProviderError as error:
                    retry_may_help |= error.retryable
                    receipt.unreached.append(Unreached(target=request.level, channel=channel, reason=str(error)))
                else:
                    receipt.contacted.append(sent)
            if not receipt.contacted:
                reasons = "; ".join(dict.fromkeys(each.reason for each in receipt.unreached)) or "no channel"
                raise NobodyReached(f"{request.vendor} {request.level}: {reasons}", retryable=retry_may_help)
        return receipt
