"""`mayday providers`: who serves what here, and one labelled test to see that it works."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from mayday.cli.errors import CliError
from mayday.cli.printing import AsJson, print_json, table
from mayday.cli.provider_trials import Tried, Way, tried
from mayday.logs import configure_logs
from mayday.settings import Settings, load_settings

__all__ = ["providers_app"]

providers_app = typer.Typer(no_args_is_help=True, help="Pagers, chats, desks: who serves what, and a test message.")


@providers_app.callback()
def main() -> None:
    """Pagers, chats, desks: who serves what, and a test message."""


@providers_app.command("list")
def listed(as_json: AsJson = False) -> None:
    """Who serves each port, in the order in which they are tried, and who does in drills."""
    settings = _settings()
    found, drills = asyncio.run(_serving(settings))
    if as_json:
        print_json({"ports": found, "drills": drills})
        return
    rows = [[port, ", ".join(names), ", ".join(drills[port])] for port, names in found.items()]
    table(["port", "tried in this order", "in drills"], rows, "nothing")


@providers_app.command("test")
def send_test(
    name: Annotated[str, typer.Argument(help="The provider, as `mayday providers list` names it.")],
    to: Annotated[
        str | None,
        typer.Option("--to", help="A person of the catalog, an address, a #channel; a vendor, a service, a schedule."),
    ] = None,
    way: Annotated[
        Way | None,
        typer.Option(
            "--by",
            help="pager, chat, mail, calendar, ticket, bridge, status, vendor, changes or oncall: what is tried, "
            "where the provider serves several.",
        ),
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help="push, sms, voice or email: the pager's channel.")
    ] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="At the provider's sandbox, where drills go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try what a provider serves: one message or object that says that it is a test, taken away again where that can
    be. Status 1 when the provider does not take it."""
    settings = _settings()
    chosen, done = asyncio.run(_try(settings, name, to, way, channel, sandbox=sandbox))
    if sandbox:
        from mayday.providers.sandboxes import sandbox_of

        name = sandbox_of(name)
    if as_json:
        print_json({"provider": name, "by": chosen, "to": to, **done._asdict()})
    else:
        did = "was asked" if done.channel == "read" else f"took one labelled test by {done.channel}"
        left = f"; {done.left}" if done.left else ""
        typer.echo(f"{name} {did} ({done.ref or 'no reference'}){left}; look {done.look}")


def _settings() -> Settings:
    settings = load_settings()
    configure_logs(level="error", secrets=settings.secret_values(), process="providers")
    return settings


async def _serving(settings: Settings) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    import httpx

    from mayday.providers.registry import made_offers, made_sandboxes, serving
    from mayday.records.records import Records
    from mayday.records.store import Store
    from worker.composition import catalog_of

    async with httpx.AsyncClient(follow_redirects=False) as http, Records(Store("sqlite://")) as unused:
        catalog = catalog_of(settings)
        drills = made_sandboxes(settings, unused, catalog, http)
        found = serving(made_offers(settings, unused, catalog, http), settings)
        return found, serving(drills, settings, drills=True)


async def _try(
    settings: Settings, name: str, to: str | None, way: Way | None, channel: str | None, *, sandbox: bool
) -> tuple[Way, Tried]:
    import httpx

    from mayday.domain.errors import ProviderError
    from mayday.providers.registry import VENDORS, made_offers, made_sandboxes
    from mayday.providers.sandboxes import sandbox_of
    from mayday.records.records import Records
    from worker.composition import catalog_of

    if name not in VENDORS:
        raise CliError(f"there is no provider {name}; there are {', '.join(VENDORS)}", status=2)
    catalog = catalog_of(settings)
    async with httpx.AsyncClient(follow_redirects=False) as http:
        async with await Records.open(settings.database_url) as records:
            if sandbox:
                name = sandbox_of(name)
            made = made_sandboxes if sandbox else made_offers
            offer = made(settings, records, catalog, http).get(name)
            if offer is None:
                raise CliError(f"{name} is not set up here", hint="docs/providers.md lists its settings")
            try:
                return await tried(offer, name, to, way, channel, catalog.current())
            except ProviderError as error:
                raise CliError(str(error), hint="mayday doctor says more") from error
