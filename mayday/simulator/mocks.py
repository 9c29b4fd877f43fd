"""Mocks of a scenario: how an action or a port (pager, chat, mail) behaves, call by call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from mayday.domain.effects import EffectFailure
from mayday.language.scenario import Mock

#: ports by the channels they carry
PORTS: dict[str, str] = {
    "push": "pager", "sms": "pager", "voice": "pager", "chat": "chat", "email": "mail", "status_page": "status_page",
    "calendar": "calendar",
}  # fmt: skip


class Behaviour(NamedTuple):
    """What one call meets: a delay, and then a failure, silence, or an answer (`returns`, None for the usual one)."""

    after: timedelta = timedelta()
    hangs: bool = False
    failure: EffectFailure | None = None
    returns: dict[str, object] | None = None


class Mocks:
    """Counts the calls of each name. A list of mocks is one a call; its last one answers all calls after it."""

    def __init__(self, mocks: Mapping[str, Mock | list[Mock]]) -> None:
        self._mocks = mocks
        self._calls: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._mocks

    def unused(self) -> list[str]:
        """Mocks that nothing called: most likely a misspelt name."""
        return [name for name in self._mocks if name not in self._calls]

    def call(self, name: str) -> Behaviour:
        """The behaviour that the next call of `name` meets."""
        known = self._mocks.get(name)
        if known is None:
            return Behaviour()
        number = self._calls.get(name, 0)
        self._calls[name] = number + 1
        if isinstance(known, list):
            mock = known[min(number, len(known) - 1)] if known else Mock()
            fails = mock.fail > 0
        else:
            mock, fails = known, number < known.fail
        failure = None
        if fails:
            message = mock.message or f"{name} fails in this scenario"
            failure = EffectFailure(code=mock.error, message=message, ambiguous=mock.error == "ambiguous")
        after = mock.after.as_timedelta() if mock.after else timedelta()
        return Behaviour(after, mock.hang and not fails, failure, mock.return_)
