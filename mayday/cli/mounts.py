"""The root command: subcommands are imported when they are called, so that a page at 3 a.m. is answered fast.

A module that is not there (yet) leaves its command out. Errors end in one line and an exit status, never a traceback;
`MAYDAY_DEBUG=1` shows where one came from.
"""

from __future__ import annotations

import gc
import os
import sys
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from mayday.cli.errors import FAILED, WRONG_USAGE, CliError

__all__ = ["MOUNTED", "LazyGroup", "Mount"]


class Mount(NamedTuple):
    """Where a command comes from: `module:attribute`, a Typer application or a function; `parts` hang below it.

    `summary` is its line in `mayday --help`, which loads none of them.
    """

    target: str
    summary: str
    parts: dict[str, str] = {}


MOUNTED: dict[str, Mount] = {
    "up": Mount("mayday.cli.up:up", "Run a whole mayday on this machine, until Ctrl-C."),
    "worker": Mount("mayday.cli.processes:worker", "Run a worker: workflows and activities."),
    "starter": Mount("mayday.cli.processes:starter", "Run a starter: webhooks, API and console."),
    "demo": Mount(
        "mayday.cli.demo:demo",
        "A real alert walks a runbook to the end: a late answer, a refused vote, a lapsed gate, a killed worker",
    ),
    "doctor": Mount(
        "mayday.cli.doctor:doctor", "Check runbooks, records, Temporal, starter, webhooks and every provider."
    ),
    "incident": Mount("mayday.cli.incident:incident_app", "Declare incidents, look at them, and decide."),
    "drill": Mount("mayday.cli.drill:drill_app", "Drills: stand back, go on, end, and the score card by role."),
    "desk": Mount("mayday.cli.desk:desk_app", "The embedded desk: what it rings, says, opens, mails and posts."),
    "oncall": Mount(
        "mayday.cli.oncall:oncall_app",
        "Who is on call, and when nobody is.",
        {"override": "mayday.cli.overrides:override"},
    ),
    "token": Mount("mayday.cli.token:token_app", "Bearer tokens of people."),
    "access": Mount("mayday.cli.access:access_app", "Ways into the console: one-time links, sealed codes, sessions."),
    "runbook": Mount(
        "mayday.cli.runbook:runbook_app",
        "Check, read, pin and rehearse runbooks.",
        {"test": "mayday.cli.scenarios:rehearse"},
    ),
    "catalog": Mount("mayday.cli.catalog:catalog_app", "People, schedules, services, vendors, audiences and routes."),
    "providers": Mount(
        "mayday.cli.providers:providers_app", "Pagers, chats, desks: who serves what, and a test message."
    ),
    "review": Mount("mayday.cli.review:review_app", "Reviews: owner, meeting, report, follow-ups, closing."),
    "actions": Mount("mayday.cli.review_actions:actions_app", "Follow-up actions: who owes what, until when."),
    "report": Mount("mayday.cli.report:report_app", "Trends over many incidents."),
    "backup": Mount(
        "mayday.cli.backup:backup",
        "Copy Temporal's file and the records, of the same moment, while everything goes on.",
    ),
    "restore": Mount(
        "mayday.cli.backup:restore",
        "Put a backup in the place of what the data folder holds; mayday has to be stopped.",
    ),
}


# Typer carries its own copy of click since 0.20, and uses the real one before: these are whichever it uses.
_WRONG_USAGE: type[Any] = next(cls for cls in typer.BadParameter.__mro__ if cls.__name__ == "ClickException")
_ENDS: tuple[type[Any], ...] = (typer.Exit, typer.Abort, _WRONG_USAGE)


class LazyGroup(TyperGroup):
    """The group of `mayday` itself."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name, mount in MOUNTED.items() if _exists(mount)]

    #: while the list of commands is printed
    _listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        mount = MOUNTED.get(cmd_name)
        if mount is None or not _exists(mount):
            return None
        return TyperCommand(cmd_name, help=mount.summary) if self._listing else _load(cmd_name, mount)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Prints the list without importing a single command."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except _WRONG_USAGE as error:
            near = get_close_matches(args[0], MOUNTED, n=1)
            error.message += f" Did you mean {near[0]!r}?" if near and "Did you mean" not in error.message else ""
            raise

    def make_context(self, *args: Any, **options: Any) -> Any:
        try:
            return super().make_context(*args, **options)
        except _WRONG_USAGE as error:
            _misused(error)

    def invoke(self, ctx: Any) -> Any:
        as_json = "--json" in [*getattr(ctx, "_protected_args", []), *ctx.args]
        try:
            return super().invoke(ctx)
        except CliError as error:
            _say(error, as_json)
            raise typer.Exit(error.status) from None
        except _WRONG_USAGE as error:
            _misused(error)
        except _ENDS:
            raise
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:  # `mayday incident list | head`
            sys.stderr.close()
            raise typer.Exit(0) from None
        except Exception as error:  # whatever it is, a person under stress gets one line
            if os.environ.get("MAYDAY_DEBUG"):
                raise
            raise typer.Exit(_unexpected(error)) from None


def _say(error: CliError, as_json: bool) -> None:
    if as_json and error.problem is not None:
        import json

        typer.echo(json.dumps(error.problem, indent=2, ensure_ascii=False))
    typer.echo(error.message + (f"; {error.hint}" if error.hint else ""), err=True)


def _misused(error: Any) -> NoReturn:
    """One line: which command, what is wrong with it (and what was to stand there), where to read on."""
    if type(error).__name__ == "NoArgsIsHelpError":  # a group by itself prints its help
        raise error
    said = error.format_message().rstrip(". ")
    meant = " ".join((getattr(getattr(error, "param", None), "help", None) or "").split()).rstrip(".")
    if meant and said.startswith("Missing"):
        said += f" ({meant[:1].lower()}{meant[1:]})"
    command = error.ctx.command_path if error.ctx is not None else "mayday"
    end = "" if said.endswith("?") else ";"
    typer.echo(f"{command}: {said[:1].lower()}{said[1:]}{end} see {command} --help", err=True)
    raise typer.Exit(error.exit_code)


def _unexpected(error: Exception) -> int:
    """Settings that are wrong are wrong usage; anything else failed."""
    text = " ".join(str(error).split()) or type(error).__name__
    if type(error).__name__ == "SettingsError":
        typer.echo(str(error), err=True)
        return WRONG_USAGE
    typer.echo(f"mayday failed: {type(error).__name__}: {text[:400]} (MAYDAY_DEBUG=1 shows where)", err=True)
    return FAILED


def _exists(mount: Mount) -> bool:
    return _module_exists(mount.target) or any(_module_exists(part) for part in mount.parts.values())


def _module_exists(target: str) -> bool:
    return find_spec(target.partition(":")[0]) is not None


def _load(name: str, mount: Mount) -> TyperCommand | TyperGroup:
    if not mount.parts:
        return _command(name, mount.target)
    group = _command(name, mount.target) if _module_exists(mount.target) else TyperGroup(name=name, help=mount.summary)
    assert isinstance(group, TyperGroup)
    for part, target in mount.parts.items():
        if part not in group.commands and _module_exists(target):
            group.add_command(_command(part, target), part)
    return group


def _imported(module: str) -> Any:
    """The module. What it brings stays as long as the process, so no collection looks at it: not while it loads, not
    later, and not at the end. That is a third of a short command's time.
    """
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _command(name: str, target: str) -> TyperCommand | TyperGroup:
    module, _, attribute = target.partition(":")
    found = getattr(_imported(module), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer()
        alone.command(name)(found)
        found = alone
    found._add_completion = False  # only the root could offer it; there is no public way to say so afterwards
    command = get_command(found)
    assert isinstance(command, TyperCommand | TyperGroup)
    command.name = name
    return command
