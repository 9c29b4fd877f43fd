"""The catalog's standing bridges, lent one by one, when `MAYDAY_STATIC_BRIDGE_ROOMS` names them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mayday.providers.offers import CheckResult, Offer, VendorModel, VendorSettings
from mayday.providers.static_bridge.bridge import StaticBridges


class StaticBridgeSettings(VendorModel):
    place: ClassVar[tuple[str, ...]] = ("rooms",)
    rooms: str = Field(
        pattern=r"^\s*[\w-]+(\s*,\s*[\w-]+)*\s*$",
        description="Names of the catalog's `bridges`, comma-separated, in the order in which they are lent",
    )


def offer(given: VendorSettings) -> Offer | None:
    """None without rooms."""
    settings = given.read(StaticBridgeSettings)
    if settings is None:
        return None
    rooms = [name.strip() for name in settings.rooms.split(",")]

    async def rooms_are_in_the_catalog() -> CheckResult:
        missing = [name for name in rooms if name not in given.catalog.current().bridges]
        if missing:
            said = f"the catalog has no bridge {', '.join(missing)}"
            return CheckResult(False, said, "add it under `bridges:` with its url and phone")
        return CheckResult(True, f"{len(rooms)} standing bridges can be lent")

    return Offer(bridge=StaticBridges(given.records.desk, given.catalog, rooms), checks=[rooms_are_in_the_catalog])
