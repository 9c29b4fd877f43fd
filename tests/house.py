"""A whole mayday as it runs in production: Temporal, worker and starter as processes, any of which may be killed.

Everything happens over HTTP, and what came of it is read from the records store. A caller behaves as a careful client
does: it tries again with the same `Idempotency-Key` until it has an answer.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from mayday.demo.processes import Part
from mayday.records import Records
from mayday.temporal.server import EmbeddedServer
from tests.ports import free_port

T = TypeVar("T")

OWNER_TOKEN = "owner-of-this-test-house"
ALERTS_TOKEN = "alertmanager-of-this-test-house"
WORKER = ("-m", "mayday", "worker")
"""What Python runs as the worker process; a test of faults has one that kills itself."""


class House:
    """Async context manager: everything runs inside, nothing is left behind.

    Args:
        data: folder of databases and logs.
        runbooks: folder of runbooks and catalog.
    """

    def __init__(
        self,
        data: Path,
        runbooks: Path | None = None,
        *,
        worker: Sequence[str] = WORKER,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.port, self.worker_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = EmbeddedServer(data)
        self._runbooks = runbooks
        self._settings = dict(settings or {})
        self._worker_command = worker
        self._tokens: dict[str, str] = {}
        self.http = httpx.AsyncClient(base_url=self.url, timeout=20, trust_env=False)
        self.records: Records
        self.worker: Part
        self.starter: Part

    async def __aenter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        await self.server.__aenter__()
        try:
            self.records = await Records.open(self.data / "records.db")
            self.worker = Part("worker", [sys.executable, *self._worker_command], self._environment(), self.data)
            self.starter = Part("starter", [sys.executable, "-m", "mayday", "starter"], self._environment(), self.data)
            await self.starter.start()
            await self.worker.start()
            await self.ready()
        except BaseException:  # whatever happened: no process may stay behind
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        await self.http.aclose()
        for part in (getattr(self, "starter", None), getattr(self, "worker", None)):
            if part is not None:
                await part.kill()
        if hasattr(self, "records"):
            await self.records.close()
        await self.server.stop()

    def _environment(self) -> dict[str, str]:
        ours = {
            "MAYDAY_DATA": str(self.data), "MAYDAY_PORT": str(self.port), "MAYDAY_TOKEN": OWNER_TOKEN,
            "MAYDAY_WORKER_PORT": str(self.worker_port), "MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN": ALERTS_TOKEN,
            "TEMPORAL_ADDRESS": self.server.address, "PYTHONUNBUFFERED": "1", **self._settings,
        }  # fmt: skip
        if self._runbooks is not None:
            ours["MAYDAY_RUNBOOKS"] = str(self._runbooks)
        rest = {key: value for key, value in os.environ.items() if not key.startswith(("MAYDAY_", "TEMPORAL_"))}
        return {**rest, **ours}

    def another_worker(self) -> Part:
        """A second one beside the house's; whoever asks for it starts it and kills it."""
        environment = {**self._environment(), "MAYDAY_WORKER_PORT": str(free_port())}
        return Part("worker-2", [sys.executable, *self._worker_command], environment, self.data)

    # readiness --------------------------------------------------------------------------------------------------

    async def ready(self, within: float = 60) -> None:
        """Waits until starter and worker take work."""
        await self.until(self._both_ready, "starter and worker to be ready", within)

    async def worker_ready(self, within: float = 60) -> None:
        await self.until(lambda: self._answers(self.worker, self.worker_port), "the worker to poll", within)

    async def _both_ready(self) -> bool:
        return await self._answers(self.starter, self.port) and await self._answers(self.worker, self.worker_port)

    async def _answers(self, part: Part, port: int) -> bool:
        part.must_run()
        try:
            return (await self.http.get(f"http://127.0.0.1:{port}/readyz", timeout=2)).status_code == 200
        except httpx.HTTPError:
            return False

    async def until(self, look: Callable[[], Awaitable[T]], what: str, within: float = 30) -> T:
        """The first true answer of `look`; fails after `within` seconds, with what was waited for."""
        deadline = time.monotonic() + within
        while True:
            found = await look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"waited {within:.0f} s for {what}; {await self.open_runs()}; worker: {self.worker.last_words()}"
                )
            await asyncio.sleep(0.1)

    async def open_runs(self) -> str:
        """What Temporal knows of the runs that are open: what is under way, and how their histories end."""
        try:
            client = await Client.connect(self.server.address)
            return "; ".join(
                [await _standing(client, run) async for run in client.list_workflows("ExecutionStatus = 'Running'")]
            )
        except (RPCError, RuntimeError) as error:
            return f"Temporal does not answer: {error}"

    # callers ----------------------------------------------------------------------------------------------------

    async def call(
        self, method: str, path: str, *, who: str | None = None, body: Any = None, token: str | None = None,
        within: float = 60,
    ) -> httpx.Response:  # fmt: skip
        """A request, sent again with the same key while nobody answers or the answer is 5xx."""
        secret = token or (await self.token(who) if who else OWNER_TOKEN)
        headers = {"Authorization": f"Bearer {secret}"}
        if method == "POST":
            headers["Idempotency-Key"] = uuid4().hex
        deadline = time.monotonic() + within
        while True:
            try:
                answer = await self.http.request(method, path, json=body, headers=headers)
                if answer.status_code < 500 and answer.json().get("code") != "in_progress":
                    return answer
                problem = answer.text
            except httpx.HTTPError as error:
                problem = repr(error)
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {path} was not answered within {within:.0f} s: {problem}")
            await asyncio.sleep(0.2)

    async def token(self, person: str) -> str:
        if person not in self._tokens:
            answer = await self.call("POST", "/api/v1/tokens", body={"person": person})
            assert answer.status_code == 201, answer.text
            self._tokens[person] = answer.json()["token"]
        return self._tokens[person]

    async def post(self, who: str, path: str, body: Any) -> httpx.Response:
        return await self.call("POST", path, who=who, body=body)

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self.call("GET", path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def alert(self, body: Mapping[str, Any]) -> httpx.Response:
        """Deliver a notification as Alertmanager does: again until it is taken."""
        return await self.call("POST", "/webhooks/alertmanager", body=body, token=ALERTS_TOKEN)

    async def timeline(self, incident: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get(f"/api/v1/incidents/{incident}/timeline"))["items"]
        return items

    async def deputy_is_ana(self, incident: str) -> None:
        """dee, who commands, offers it, and ana takes it."""
        path = f"/api/v1/incidents/{incident}"
        for who, to, body in (
            ("dee", "roles", {"role": "deputy", "person": "ana"}), ("ana", "accepts", {"role": "deputy"}),
        ):  # fmt: skip
            answer = await self.post(who, f"{path}/{to}", body)
            assert answer.status_code == 200, answer.text

    async def last_words_read(self, incident: str) -> None:
        """ana, its deputy, releases the last words to customers: whoever resolved may not, and the review begins only
        then. Whether an incident got so far that customers had a first word is a matter of milliseconds."""
        for item in (await self.get(f"/api/v1/incidents/{incident}")).get("pending", []):
            if item["id"].startswith("review:final:"):
                read = {"task": item["id"], "result": {}}
                await self.post("ana", f"/api/v1/incidents/{incident}/completions", read)

    async def reviewed(self, incident: str, kind: str, within: float = 90) -> None:
        """Waits for an entry of the review of an incident that was resolved."""

        async def look() -> bool:
            await self.last_words_read(incident)
            return any(entry["kind"] == kind for entry in await self.timeline(incident))

        await self.until(look, kind, within)

    async def happened(self, incident: str, kind: str, within: float = 90, **data: Any) -> dict[str, Any]:
        """Waits for an entry of this kind whose data has these values."""

        async def look() -> dict[str, Any] | None:
            for entry in await self.timeline(incident):
                if entry["kind"] == kind and all(entry["data"].get(key) == value for key, value in data.items()):
                    return entry
            return None

        found = await self.until(look, f"{kind} {data}", within)
        assert found is not None
        return found


async def _standing(client: Client, run: WorkflowExecution) -> str:
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    pending = (await handle.describe()).raw_description.pending_activities
    under_way = [f"{one.activity_type.name} (try {one.attempt}, {one.last_failure.message})" for one in pending]
    last = [EventType.Name(event.event_type) for event in (await handle.fetch_history()).events[-12:]]
    return f"{run.id}: under way {under_way}, at its end {last}"


def firing(alerts: list[dict[str, str]], *, status: str = "firing", started_at: str) -> dict[str, Any]:
    """A notification of Alertmanager, version 4, with these labels."""
    ended_at = "0001-01-01T00:00:00Z" if status == "firing" else started_at
    return {
        "version": "4", "receiver": "mayday", "status": status, "truncatedAlerts": 0,
        "groupKey": "{}:{}", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": [
            {
                "status": status, "labels": labels, "startsAt": started_at, "endsAt": ended_at,
                "annotations": {"summary": labels["alertname"]}, "generatorURL": "http://prometheus.example:9090/graph",
                "fingerprint": "-".join(sorted(labels.values())),
            }
            for labels in alerts
        ],
    }  # fmt: skip
