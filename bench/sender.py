"""An HTTP client that costs next to nothing: the figures are the starter's, not the sender's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from bench.house import ALERTS_TOKEN


class NotAccepted(RuntimeError):
    """The starter answered something else than 200 or 202."""


class Sender:
    """One kept-alive connection for POSTs of one address, by default `/webhooks/alertmanager`."""

    def __init__(self, url: str, path: str = "/webhooks/alertmanager", token: str = ALERTS_TOKEN) -> None:
        parts = urlsplit(url)
        self._path, self._token = path, token
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def request(self, body: bytes) -> bytes:
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def post(self, request: bytes) -> list[dict[str, Any]]:
        """The incidents touched. Raises NotAccepted."""
        incidents: list[dict[str, Any]] = (await self.answer(request))["incidents"]
        return incidents

    async def answer(self, request: bytes) -> dict[str, Any]:
        """The body of the answer. Raises NotAccepted."""
        if self._reader.at_eof():  # the starter closes connections that are idle
            self._writer.close()
            await self.__aenter__()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
        body = await self._reader.readexactly(length)
        if head.split(" ", 2)[1] not in ("200", "202"):
            raise NotAccepted(f"{head.splitlines()[0]}: {body[:300]!r}")
        said: dict[str, Any] = json.loads(body)
        return said


def notification(bench: str, cases: list[str], *, number: int = 0) -> bytes:
    """An Alertmanager v4 notification: one group of firing alerts, as its documentation shows them."""
    alerts = [
        {
            "status": "firing",
            "labels": {
                "alertname": "PaymentsDown", "service": "payments", "severity": "critical", "bench": bench,
                "case": case, "instance": f"10.0.{index // 250}.{index % 250}:9100", "job": "payments",
            },
            "annotations": {
                "summary": "Card payments fail", "description": "More than 5 % of authorisations fail for 5 minutes",
            },
            "startsAt": f"2026-03-02T02:{number // 60 % 60:02}:{number % 60:02}.{index % 1000:03}Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example/graph?g0.expr=up",
            "fingerprint": f"{number:08x}{index:08x}",
        }
        for index, case in enumerate(cases)
    ]  # fmt: skip
    return json.dumps(
        {
            "version": "4", "groupKey": f'{{}}:{{bench="{bench}"}}', "truncatedAlerts": 0, "status": "firing",
            "receiver": "mayday", "groupLabels": {"bench": bench}, "commonLabels": {"bench": bench},
            "commonAnnotations": {}, "externalURL": "http://alertmanager.example", "alerts": alerts,
        }
    ).encode()  # fmt: skip


def batches(total: int, size: int) -> Iterator[int]:
    """Sizes of batches that make `total`."""
    for start in range(0, total, size):
        yield min(size, total - start)
