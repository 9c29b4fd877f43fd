"""`mayday doctor`: what would go wrong tonight, found now. Each check says what to do."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, Literal, NamedTuple

import typer

from mayday.cli.printing import AsJson, print_json
from mayday.logs import configure_logs
from mayday.settings import Settings, SettingsError, load_settings

__all__ = ["doctor"]

State = Literal["ok", "warning", "failed"]
LOOKS_AHEAD = timedelta(days=14)
PATIENCE_SECONDS = 3.0
LITTLE_ROOM_BYTES, NO_ROOM_BYTES = 1_000_000_000, 50_000_000


class Finding(NamedTuple):
    """One check's result. `hint` says what to do where it is not well."""

    check: str
    state: State
    detail: str
    hint: str = ""


def doctor(
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Leave with status 1 for warnings too.")] = False,
) -> None:
    """Check runbooks, records, Temporal, starter, webhooks and every provider. Status 1 when something has failed."""
    settings = load_settings()
    configure_logs(level="error", secrets=settings.secret_values(), process="doctor")
    found = asyncio.run(_look(settings))
    if as_json:
        print_json({"checks": [finding._asdict() for finding in found]})
    else:
        for finding in found:
            sign = {"ok": "ok  ", "warning": "look", "failed": "FAIL"}[finding.state]
            hint = f"; {finding.hint}" if finding.hint else ""
            typer.echo(f"{sign}  {finding.check}: {finding.detail}{hint}")
    bad = {"failed", "warning"} if strict else {"failed"}
    if any(finding.state in bad for finding in found):
        raise typer.Exit(1)


async def _look(settings: Settings) -> list[Finding]:
    found: list[Finding] = []
    for check in (_runbooks, _disk, _records, _temporal, _starter, _webhooks, _watched, _providers):
        try:
            found += [finding async for finding in check(settings)]
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not the end of the others
            text = " ".join(str(error).split())[:300]
            found.append(Finding(check.__name__.strip("_"), "failed", f"{type(error).__name__}: {text}"))
    return found


async def _runbooks(settings: Settings) -> AsyncIterator[Finding]:
    from mayday.domain.oncall import LocalSchedule, gaps
    from mayday.language.library import Library
    from mayday.language.routing import route_problems

    library = Library.load(settings.runbooks)
    errors = [finding for finding in library.findings if finding.level == "error"]
    if errors:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        yield Finding("runbooks", "failed", f"{errors[0]}{more}", "mayday runbook lint shows all")
        return
    warnings = len(library.findings)
    yield Finding(
        "runbooks",
        "ok",
        f"{len(library.names)} in {settings.runbooks}" + (f", {warnings} warnings" if warnings else ""),
    )
    for problem in route_problems(library.catalog):
        yield Finding("routes", "failed", problem)
    now = datetime.now(UTC)
    empty = [
        name
        for name, entry in library.catalog.schedules.items()
        if isinstance(entry, LocalSchedule) and gaps(entry, now, now + LOOKS_AHEAD)
    ]
    if empty:
        hint = "mayday oncall gaps shows when"
        yield Finding("schedules", "warning", f"nobody is on call at times: {', '.join(empty)}", hint)
    else:
        yield Finding("schedules", "ok", f"{len(library.catalog.schedules)}, no gaps in {LOOKS_AHEAD.days} days")


async def _disk(settings: Settings) -> AsyncIterator[Finding]:
    """Room for what comes tonight: SQLite and the embedded Temporal both stand still on a full disk."""
    place = next((folder for folder in (settings.data, *settings.data.parents) if folder.exists()), settings.data)
    free = shutil.disk_usage(place).free
    state: State = "failed" if free < NO_ROOM_BYTES else "warning" if free < LITTLE_ROOM_BYTES else "ok"
    hint = "" if state == "ok" else "make room, or move the data folder: mayday up --data DIR"
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free for {settings.data}", hint)


async def _records(settings: Settings) -> AsyncIterator[Finding]:
    from mayday.records.records import Records

    async with await Records.open(settings.database_url) as records:
        await records.ping()
        yield Finding("records", "ok", records.store.dialect)
        waiting = await records.inbox.count()
        state: State = "warning" if waiting.get("new") or waiting.get("failed") else "ok"
        shown = ", ".join(f"{count} {name}" for name, count in sorted(waiting.items())) or "empty"
        yield Finding("inbox", state, shown, "a starter forwards what is new" if state == "warning" else "")
        told = await records.callbacks.count()
        if told.get("new") or told.get("failed"):
            shown = ", ".join(f"{count} {name}" for name, count in sorted(told.items()))
            hint = "a starter delivers what is new; failed ones are in the starter's log"
            yield Finding("callbacks", "warning", f"what vendors told of our calls: {shown}", hint)
        people = {token.person for token in await records.tokens.find() if token.revoked_at is None and token.person}
        if people:
            yield Finding("tokens", "ok", f"{len(people)} people have one")
        else:
            hint = "mayday token create --person NAME"
            yield Finding("tokens", "warning", "nobody has one: nobody can vote or acknowledge", hint)


async def _watched(settings: Settings) -> AsyncIterator[Finding]:
    """Who notices when mayday itself is silent, and when nothing reaches it any more."""
    import httpx

    from mayday.records.records import Records
    from worker.composition import catalog_of

    if settings.heartbeat_url is None:
        hint = "set MAYDAY_HEARTBEAT_URL to an address of an outside monitor"
        yield Finding("heartbeat", "warning", "nobody outside would notice if all of mayday were silent", hint)
    else:
        place = httpx.URL(settings.heartbeat_url).copy_with(path="/", query=None, fragment=None, userinfo=b"")
        shown = f"{place.scheme}://{place.netloc.decode()}"  # the rest of the address is a secret
        try:
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False) as http:
                await http.head(place)  # not the address itself: that would be a beat
        except httpx.HTTPError as error:
            hint = "the worker cannot reach it either, and the monitor will alarm"
            yield Finding("heartbeat", "failed", f"{shown} does not answer: {type(error).__name__}", hint)
        else:
            yield Finding("heartbeat", "ok", f"{shown} answers; called every {settings.heartbeat_every:g} s")
    dogs = catalog_of(settings).current().watchdogs
    if not dogs:
        hint = "write the catalog's `watchdogs`: see docs/operations.md"
        yield Finding("watchdogs", "warning", "none: nobody would notice that alerts do not reach mayday", hint)
        return
    async with await Records.open(settings.database_url) as records:
        known = {row.name: row for row in await records.watchdogs.all()}
    for name in dogs:
        row = known.get(name)
        seen = f"last seen {row.seen_at:%Y-%m-%d %H:%M:%S} UTC" if row and row.seen_at else "never seen"
        missing = row is None or row.seen_at is None or row.missing_since is not None
        hint = "look at its source's way to /webhooks" if missing else ""
        yield Finding(f"watchdog {name}", "warning" if missing else "ok", seen, hint)


async def _temporal(settings: Settings) -> AsyncIterator[Finding]:
    from mayday.cli.remote import described
    from mayday.temporal.connection import TemporalError, configured_profile, connect
    from mayday.temporal.search_attributes import register_search_attributes

    outside = configured_profile()
    address = None if outside is not None else described().get("temporal_address")
    if outside is None and address is None:
        yield Finding("temporal", "warning", "the embedded server, which is not running", "start it with: mayday up")
        return
    try:
        client = await connect(settings, address=address, patience=PATIENCE_SECONDS)
    except TemporalError as error:
        hint = "" if outside is not None else "start the embedded server with: mayday up"
        yield Finding("temporal", "failed" if outside is not None else "warning", str(error), hint)
        return
    yield Finding("temporal", "ok", f"{client.service_client.config.target_host}, namespace {client.namespace}")
    if not await register_search_attributes(client):
        hint = "incidents run without them; have an administrator register severity, status, service, opened"
        yield Finding("search attributes", "warning", "refused by the server", hint)
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

    queue = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=settings.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    if queue.pollers:
        yield Finding("workers", "ok", f"{len(queue.pollers)} on task queue {settings.task_queue}")
    else:
        yield Finding("workers", "failed", f"none on task queue {settings.task_queue}", "start one with: mayday worker")


async def _starter(settings: Settings) -> AsyncIterator[Finding]:
    import httpx

    url = _starter_url(settings)
    if not url:
        yield Finding("starter", "warning", "none is known here", "start one with: mayday up")
        return
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
            answer = await http.get(f"{url}/readyz")
    except httpx.HTTPError:
        yield Finding("starter", "warning", f"nobody answers at {url}", "start one with: mayday up")
        return
    facts = answer.json()
    detail = f"{url}: Temporal {facts.get('temporal')}, records {facts.get('records')}"
    state: State = "ok" if facts.get("temporal") == facts.get("records") == "ok" else "warning"
    if answer.status_code != 200:
        state = "failed"
    full = facts.get("records") == "full"
    hint = "the disk of the records store is full: make room" if full else "its log says why"
    yield Finding("starter", state, detail, "" if state == "ok" else hint)


async def _webhooks(settings: Settings) -> AsyncIterator[Finding]:
    from mayday.providers.sources import GENERIC, NAMES, inbound_source

    ready: list[str] = []
    for name in (*sorted(NAMES), GENERIC):
        source = inbound_source(name)
        assert source is not None
        given = settings.provider(f"webhook_{name}")
        start = f"MAYDAY_WEBHOOK_{name.upper()}"
        proven = source.proof is not None and source.proof.lower() in given
        if "token" in given or proven:
            ready.append(name)
        if "secret" in given and source.proof != "SECRET":
            yield Finding("webhooks", "warning", f"{start}_SECRET is not used: {source.title} signs nothing with one")
        if name == "azure" and proven and "tenant" not in given:
            yield Finding("webhooks", "failed", "Entra's tokens cannot be checked", f"set {start}_TENANT")
        for network in given.get("addresses", "").split(","):
            if network.strip() and not _is_network(network.strip()):
                yield Finding("webhooks", "failed", f"{start}_ADDRESSES: {network.strip()[:60]} is no network")
    where = ""
    if not ready and (url := _starter_url(settings)):
        # The settings of this shell are not those of a starter that runs already: it says itself who may post there.
        ready, where = await _open_at(url, (*sorted(NAMES), GENERIC)), f" at {url}"
    if ready:
        yield Finding("webhooks", "ok", f"open for {', '.join(ready)}{where}")
    else:
        hint = "set MAYDAY_WEBHOOK_<SOURCE>_TOKEN"
        yield Finding("webhooks", "warning", "no source has credentials here: no alert gets in", hint)


def _starter_url(settings: Settings) -> str | None:
    from mayday.cli.remote import described

    return settings.url or described().get("url")


async def _open_at(url: str, sources: Iterable[str]) -> list[str]:
    """Sources that have credentials at that starter: its refusal of a post without any says what to set for others."""
    import httpx

    found: list[str] = []
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
            for source in sources:
                answer = await http.post(f"{url}/webhooks/{source}")
                if answer.status_code == 401 and "hint" not in answer.json():
                    found.append(source)
    except (httpx.HTTPError, ValueError):  # nobody there, or not a starter: the check of the starter says so
        return []
    return found


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


async def _providers(settings: Settings) -> AsyncIterator[Finding]:
    """Each configured vendor is asked for real; none of it wakes anybody."""
    import httpx

    from mayday.domain.oncall import ExternalSchedule
    from mayday.providers.checks import carried_out
    from mayday.providers.offers import Offer
    from mayday.providers.registry import VENDORS, offered, serving
    from mayday.providers.sandboxes import sandbox_of
    from mayday.records.records import Records
    from mayday.records.store import Store
    from worker.composition import catalog_of

    offers: dict[str, Offer] = {}
    sandboxes: dict[str, Offer] = {}
    async with httpx.AsyncClient(follow_redirects=False) as http:
        # offers write only when they page or post: no check needs the store, which may be what is broken
        async with Records(Store("sqlite://")) as unused:
            for vendor, sandbox in [*((name, False) for name in VENDORS), *((name, True) for name in VENDORS)]:
                name, known = (sandbox_of(vendor), sandboxes) if sandbox else (vendor, offers)
                try:
                    offer = offered(vendor, settings, unused, catalog_of(settings), http, known, sandbox=sandbox)
                except SettingsError as error:
                    yield Finding(name, "failed", str(error), "docs/providers.md lists its settings")
                    continue
                if offer is None:
                    continue
                known[name] = offer
                for result in await asyncio.gather(*(carried_out(check) for check in offer.checks)):
                    start = rf"MAYDAY_{vendor.upper()}_(?!SANDBOX_)"
                    hint = re.sub(start, f"MAYDAY_{name.upper()}_", result.how_to_fix)
                    yield Finding(name, "ok" if result.ok else "failed", result.what, hint)
    for name, schedule in catalog_of(settings).current().schedules.items():
        if isinstance(schedule, ExternalSchedule) and (
            schedule.source not in offers or offers[schedule.source].roster is None
        ):
            stands_in = f"{schedule.fallback} stands in" if schedule.fallback else "nobody is on call"
            hint = f"set up {schedule.source}, with what reads schedules: docs/providers.md"
            said = f"{name} is kept in {schedule.source}, which is not set up here: {stands_in}"
            yield Finding("schedules", "warning" if schedule.fallback else "failed", said, hint)
    try:
        shown = "; ".join(f"{port}: {', '.join(names)}" for port, names in serving(offers, settings).items())
    except SettingsError as error:
        yield Finding("providers", "failed", str(error))
        return
    if offers:
        yield Finding("providers", "ok", shown)
    else:
        hint = "docs/providers.md lists what can be set"
        yield Finding("providers", "warning", "none is set up: the embedded desk serves everything", hint)
