"""`mayday demo`: a whole night in a minute and a half, with real processes and real timers, checked at its end."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mayday.cli.errors import CliError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["demo"]

_PLAIN_WIDTH = 150
_ENDS_WITHIN_SECONDS = 300.0


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder for what the demo keeps; a new temporary one by default.")
    ] = None,
) -> None:
    """A real alert walks a runbook to the end: a late answer, a refused vote, a lapsed gate, a killed worker, a review.

    Everything runs in processes and a folder of its own; nobody real is paged. Ends by itself after about a minute and
    a half, with status 0 when everything happened that should have.
    """
    from rich.console import Console

    console = Console() if sys.stdout.isatty() else Console(width=_PLAIN_WIDTH)
    folder = data.expanduser().absolute() if data else Path(tempfile.mkdtemp(prefix="mayday-demo-"))
    if (folder / "mayday.json").exists():
        raise CliError(f"--data {folder}: there is a mayday in it already", status=2, hint="name a new folder")
    raise typer.Exit(asyncio.run(_run(console, folder)))


async def _run(console: Console, folder: Path) -> int:
    from mayday.demo.incident import DemoFailed
    from mayday.demo.processes import PartFailed
    from mayday.demo.stage import Stage
    from mayday.demo.story import play
    from mayday.demo.teller import Teller

    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    teller = Teller(console)
    teller.heading("mayday demo: checkout breaks at night")
    try:
        async with asyncio.timeout(_ENDS_WITHIN_SECONDS), AsyncExitStack() as stack:
            with teller.waiting(f"Temporal, starter and worker start in {folder}"):
                stage = await stack.enter_async_context(Stage(folder))
            teller.tell("demo", f"Temporal, starter and worker run as processes of their own, data in {folder}")
            outcome = await play(stage, teller)
            with teller.waiting("the processes are drained and stopped"):
                await stage.stop()
    except (DemoFailed, PartFailed) as error:
        console.print(f"the demo failed: {error}", style="bold red", markup=False)
        console.print(f"the logs are in {folder}", markup=False)
        return 1
    except TimeoutError:
        console.print(f"the demo did not end within {_ENDS_WITHIN_SECONDS:.0f} s; the logs are in {folder}")
        return 1
    except asyncio.CancelledError:
        console.print("the demo was stopped; its processes too")
        return 1
    return _shown(console, folder, outcome)


def _shown(console: Console, folder: Path, outcome: object) -> int:
    from mayday.demo.checks import checks
    from mayday.demo.printing import print_checks, print_report, print_timeline, print_ways_on
    from mayday.demo.story import Outcome

    assert isinstance(outcome, Outcome)
    console.print()
    print_timeline(console, outcome)
    print_report(console, outcome)
    found = checks(outcome)
    print_checks(console, found)
    print_ways_on(console, folder, str(outcome.board["id"]))
    console.print()
    failed = [check for check in found if not check.held]
    if failed:
        claims = "; ".join(check.claim for check in failed)
        console.print(f"the demo failed: not true: {claims}", style="bold red", markup=False, soft_wrap=True)
        return 1
    console.print(f"everything happened that should have, in {outcome.seconds:.0f} s after set-up", style="bold green")
    return 0
