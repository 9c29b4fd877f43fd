"""A vendor's sandbox: where the effects of drills go, when a house has set one (`MAYDAY_<VENDOR>_SANDBOX_*`).

The fence fails closed. A sandbox inherits nothing of the real one, and is refused, before anything is sent, when it
shares a secret with any real vendor or names the same place: instance, account, page, team. Where there is no sandbox
the desk stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from mayday.domain.effects import IncidentCard
from mayday.domain.wire import Wire
from mayday.providers.drill_labels import LABEL
from mayday.settings import PREFIX, SECRET_ENDINGS, SettingsError

__all__ = ["SUFFIX", "Fence", "fenced", "places_in", "sandbox_of"]

SUFFIX = "_sandbox"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'{},]+", re.IGNORECASE)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: fields of an Offer that no drill speaks through. Cards neither: what is pressed on them would have to be signed with
#: the sandbox's secret, and that is not to decide anything
_NO_PORTS = frozenset({"watched", "watched_desk", "checks", "noticeboard"})


def sandbox_of(vendor: str) -> str:
    """The name of a vendor's sandbox, in settings, on timelines and in people's `ids`."""
    return vendor + SUFFIX


@dataclass(frozen=True)
class Fence:
    """What a sandbox of one vendor may not share with `real`, the settings of every real vendor by its name."""

    vendor: str
    real: Mapping[str, Mapping[str, str]]

    def check(
        self, place: tuple[str, ...], leads_to: Callable[[Mapping[str, str]], Set[str]], settings: BaseModel,
        values: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Raises SettingsError naming the setting by which a drill would reach the real one. `leads_to` reads settings
        for what they lead to."""
        if not place:
            raise SettingsError(f"{self._key('*')}: {self.vendor} cannot have a sandbox")
        hidden = {name for name, value in settings if isinstance(value, SecretStr)}
        real = [(name, value) for each in self.real.values() for name, value in each.items()]
        known = {secret for name, value in real for secret in _secrets(name, value)}
        for name, value in values.items():
            if (name in hidden or _secrets(name, value)) and known & set(_listed(value)):
                raise SettingsError(f"{self._key(name)}: is a secret of the real one, and drills may not have it")
        hosts = {host for _, value in real for host in _addresses(value)}
        there = hosts | leads_to(self.real.get(self.vendor, {}))
        for name in place:
            if leads_to({name: values.get(name, "")}) & there:
                raise SettingsError(f"{self._key(name)}: leads where the real one does, and drills may not go there")

    def _key(self, name: str) -> str:
        return f"{PREFIX}{sandbox_of(self.vendor).upper()}_{name.upper()}"


def _secrets(name: str, value: str) -> list[str]:
    return _listed(value) if name.upper().endswith(SECRET_ENDINGS) else []


def _listed(value: str) -> list[str]:
    """One by one while they are rotated; a key file is one."""
    if "{" in value:
        return [" ".join(value.split())]
    return [part.strip() for part in value.split(",") if part.strip()]


def places_in(value: str) -> set[str]:
    """What a setting names: the hosts of addresses where there are such, else its words."""
    return _addresses(value) or {each.casefold() for each in _listed(value)}


def _addresses(value: str) -> set[str]:
    """The hosts of all addresses in a text; on this machine with the port, because there one host serves many."""
    found = set()
    for address in _ADDRESS.findall(value):
        parts = urlsplit(address)
        host = (parts.hostname or "").casefold()
        found.add(f"{host}:{parts.port}" if host in _LOOPBACK else host)
    return found - {""}


def fenced(offer: Any, name: str) -> Any:
    """The offer as drills use it: each adapter says that it is the sandbox, and its incident that it is a drill."""
    ports = {
        field.name: _Sandboxed(adapter, name)
        for field in fields(offer)
        if field.name not in _NO_PORTS and (adapter := getattr(offer, field.name)) is not None
    }
    return replace(offer, **ports, noticeboard=None)


class _Sandboxed:
    """One adapter under the sandbox's name."""

    def __init__(self, adapter: Any, name: str) -> None:
        self._adapter = adapter
        self.name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._adapter, attribute)
        if not callable(found):
            return found
        if attribute == "rendered":
            return lambda order: found(_titled(order)).model_copy(update={"provider": self.name})

        async def ask(*orders: Any) -> Any:
            answer = await found(*(_titled(order) for order in orders))
            if isinstance(answer, Wire) and hasattr(answer, "provider"):
                return answer.model_copy(update={"provider": self.name})
            return answer

        return ask


def _titled(order: Any) -> Any:
    """With a title that says what it is: vendors show the incident's own beside our words."""
    if isinstance(order, IncidentCard):
        return order if order.title.startswith(LABEL) else order.model_copy(update={"title": LABEL + order.title})
    if isinstance(order, Wire) and isinstance(incident := getattr(order, "incident", None), IncidentCard):
        return order.model_copy(update={"incident": _titled(incident)})
    return order
