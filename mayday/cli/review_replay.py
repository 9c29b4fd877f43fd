"""`mayday review replay`: can the code at hand go on with these runs? Before a deployment, and after a surprise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.printing import AsJson, print_json

if TYPE_CHECKING:
    from temporalio.client import WorkflowHistory

    from mayday.archive.compatibility import Verdict, Way

__all__ = ["replay"]

#: of histories as `temporal workflow show --output json` writes them
HISTORY = ".json"


class Source(NamedTuple):
    """Histories from one place, with the hashes of the stored entries where they are known."""

    name: str
    histories: list[WorkflowHistory]
    hashes: dict[int, str] | None = None
    damage: str = ""


def replay(
    what: Annotated[
        list[str] | None, typer.Argument(metavar="[ID|FILE|FOLDER]...", help="Incidents, archives, histories.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="All open incidents and reviews of this machine.")] = False,
    production: Annotated[bool, typer.Option("--production", help="Only as in production.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Only strictly: our modules loaded afresh.")] = False,
    as_json: AsJson = False,
) -> None:
    """Replay recorded runs with the code at hand, as in production and strictly. Status 1 when one does not fit."""
    if not what and not open_:
        raise CliError("say what to replay", hint="an incident, a file, a folder, or --open", status=WRONG_USAGE)
    ways: list[Way] = [way for way, wanted in (("production", production), ("strict", strict)) if wanted]  # type: ignore[misc] # literals
    verdicts = asyncio.run(_replay(what or [], open_, ways or ["production", "strict"], quiet=as_json))
    misfits = [item for item in verdicts if not item["fits"]]
    if as_json:
        print_json({"items": verdicts, "fits": not misfits, "next": None})
    else:
        typer.echo(f"{len(verdicts) - len(misfits)} of {len(verdicts)} fit" if verdicts else "nothing to replay")
    if misfits:
        raise typer.Exit(1)


async def _replay(what: Sequence[str], open_: bool, ways: Sequence[Way], *, quiet: bool) -> list[dict[str, object]]:
    from mayday.archive.compatibility import judged
    from mayday.settings import load_settings
    from workflows.registry import WORKFLOWS

    keys = load_settings().codec_keys
    found: list[dict[str, object]] = []

    async def judge(source: Source) -> None:
        if source.damage:
            found.append({"source": source.name, "fits": False, "damage": source.damage})
            if not quiet:
                typer.echo(f"{source.name}: refused: {source.damage.removeprefix(f'{source.name}: ')}")
        for history in source.histories:
            verdict = await judged(history, WORKFLOWS, ways=ways, hashes=source.hashes, codec_keys=keys)
            found.append({"source": source.name, "fits": verdict.fits, **verdict.model_dump(mode="json")})
            if not quiet:
                typer.echo("\n".join(_lines(source.name, verdict)))

    for source in _sources(what):
        await judge(source)
    if open_:
        async for history in _open():
            await judge(Source(history.workflow_id, [history]))
    return found


def _sources(what: Sequence[str]) -> Iterator[Source]:
    from mayday.archive.export_file import SUFFIX

    for name in what:
        path = Path(name)
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if file.name.endswith((SUFFIX, HISTORY))]
            if not files:
                raise CliError(f"{name} holds no archives (*{SUFFIX}) and no histories (*{HISTORY})")
            for file in files:
                yield _file(file)
        elif path.is_file():
            yield _file(path)
        elif path.suffix or len(path.parts) > 1:  # no incident is called so
            raise CliError(f"{name} does not exist", status=WRONG_USAGE)
        else:
            yield _archived(name)


def _file(path: Path) -> Source:
    """A file that cannot be read is a source with damage: the others are replayed all the same."""
    from mayday.archive.errors import ArchiveError
    from mayday.archive.export_file import SUFFIX, read
    from mayday.temporal.histories import load_history

    if not path.name.endswith((SUFFIX, HISTORY)):
        return Source(str(path), [], damage=f"neither an archive (*{SUFFIX}) nor a history (*{HISTORY})")
    if not path.name.endswith(SUFFIX):
        try:
            history = load_history(path)
            if not history.events:
                return Source(str(path), [], damage="no history: it holds no events")
        except Exception as error:  # noqa: BLE001 - protobuf's parser has many ways to say that this is no history
            return Source(str(path), [], damage=f"no history: {str(error).splitlines()[0][:200]}")
        return Source(str(path), [history])
    try:
        return _of(str(path), read(path))
    except ArchiveError as error:
        return Source(str(path), [], damage=str(error))


def _archived(name: str) -> Source:
    from mayday.cli.review_archive import dossier

    return _of(name, dossier(name))


def _of(name: str, found: object) -> Source:
    from mayday.archive.collecting import histories_of
    from mayday.archive.dossier import Dossier
    from mayday.domain.timeline import first_broken

    assert isinstance(found, Dossier)
    entries = found.timeline()
    broken = first_broken(entries)
    damage = "" if broken is None else f"its timeline breaks at entry {broken}"
    return Source(name, histories_of(found), {entry.seq: entry.hash for entry in entries}, damage)


async def _open() -> AsyncIterator[WorkflowHistory]:
    from mayday.cli.processes import embedded_address
    from mayday.settings import load_settings
    from mayday.temporal.connection import TemporalError, connect
    from mayday.temporal.histories import open_histories
    from workflows.registry import WORKFLOWS

    settings = load_settings()
    try:
        client = await connect(settings, address=embedded_address(), patience=5.0)
    except TemporalError as error:
        raise CliError(str(error)) from None
    async for history in open_histories(client, WORKFLOWS, settings.task_queue):
        yield history


def _lines(source: str, verdict: Verdict) -> list[str]:
    name = verdict.workflow_id if source == verdict.workflow_id else f"{source}: {verdict.workflow_id}"
    misfit = verdict.misfit
    if misfit is None:
        return [f"{name}: fits, {verdict.events} events"]
    lines = [f"{name} (run {verdict.run_id}): does not fit ({misfit.way})"]
    if misfit.event:
        at = f", {misfit.at:%Y-%m-%d %H:%M:%SZ}" if misfit.at else ""
        lines.append(f"  at event {misfit.event} of {verdict.events} ({misfit.event_type.replace('_', ' ')}{at})")
    if misfit.step:
        lines.append(f"  step: {misfit.step}")
    return [*lines, f"  why: {misfit.reason}", f"  what to do: {misfit.to_do}"]
