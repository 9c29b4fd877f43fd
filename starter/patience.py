"""How long a caller may take to say what they want. Whoever sends a request letter by letter would hold a line for
ever, and enough of those all lines that this process has."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

__all__ = ["HEAD_WITHIN", "PatientProtocol"]

HEAD_WITHIN = 15.0
"""Seconds from the opened line, or the first letter of a further request, to the end of its headers."""


class PatientProtocol(H11Protocol):
    """uvicorn's own, which waits between requests for a few seconds, but for the head of one without end."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._hangs_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._wait_no_more()

    def _look(self) -> None:
        """The clock runs while no request is being worked on; the next letter does not set it back."""
        work: RequestResponseCycle | None = self.cycle  # None before the first request, whatever its type says
        if work is not None and not work.response_complete:
            self._wait_no_more()
        elif self._hangs_up is None:
            self._hangs_up = self.loop.call_later(HEAD_WITHIN, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._hangs_up is not None:
            self._hangs_up.cancel()
            self._hangs_up = None
