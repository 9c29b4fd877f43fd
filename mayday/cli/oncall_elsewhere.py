"""Who is on call by schedules that are kept at a vendor, asked there with this machine's settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from mayday.domain.oncall import ExternalSchedule

__all__ = ["Told", "asked_elsewhere"]


class Told(NamedTuple):
    """What the vendor says; `why_not` where it says nothing, and the catalog's fallback has to stand in."""

    people: list[str]
    next_at: datetime | None = None
    next_person: str | None = None
    why_not: str | None = None


async def asked_elsewhere(
    schedules: Mapping[str, ExternalSchedule], at: datetime, folder: Path | None
) -> dict[str, Told]:
    """By the schedule's name. Never raises for what vendors, settings or the catalog do."""
    import httpx

    from mayday.domain.errors import ProviderError
    from mayday.providers.registry import made_offers
    from mayday.records.records import Records
    from mayday.records.store import Store
    from mayday.settings import SettingsError, load_settings
    from worker.composition import CompositionError, catalog_of

    async with httpx.AsyncClient(follow_redirects=False) as http, Records(Store("sqlite://")) as unused:
        try:
            settings = load_settings(runbooks=folder)
            offers = made_offers(settings, unused, catalog_of(settings), http)
        except (SettingsError, CompositionError) as error:
            return {name: Told([], why_not=str(error).splitlines()[0]) for name in schedules}
        found = {}
        for name, schedule in schedules.items():
            offer = offers.get(schedule.source)
            roster = offer.roster if offer else None
            if roster is None:
                found[name] = Told([], why_not=f"{schedule.source} is not set up")
                continue
            try:
                people = await roster.on_call(schedule.id, at)
                following = await roster.next_handoff(schedule.id, at)
            except ProviderError as error:
                found[name] = Told([], why_not=str(error))
            else:
                found[name] = Told(
                    people, following.at if following else None, following.incoming if following else None
                )
    return found
