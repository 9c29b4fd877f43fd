"""`mayday providers`: who serves what here, and one labelled test message to see that it arrives."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mayday.cli.errors import CliError
from mayday.cli.printing import AsJson, print_json, table
from mayday.logs import configure_logs
from mayday.settings import Settings, load_settings

if TYPE_CHECKING:
    from mayday.domain.effects import SentVia
    from mayday.language.catalog import Catalog
    from mayday.providers.offers import Offer

__all__ = ["providers_app"]

providers_app = typer.Typer(no_args_is_help=True, help="Pagers, chats, desks: who serves what, and a test message.")

Way = Literal["pager", "chat", "mail"]
WORDS = "TEST from mayday (mayday providers test). Nothing is wrong and nothing has to be done."


@providers_app.callback()
def main() -> None:
    """Pagers, chats, desks: who serves what, and a test message."""


@providers_app.command("list")
def listed(as_json: AsJson = False) -> None:
    """Who serves each port, in the order in which they are tried."""
    settings = _settings()
    found = asyncio.run(_serving(settings))
    if as_json:
        print_json({"ports": found})
        return
    table(["port", "tried in this order"], [[port, ", ".join(names)] for port, names in found.items()], "nothing")


@providers_app.command("test")
def send_test(
    name: Annotated[str, typer.Argument(help="The provider: slack, pagerduty, twilio, smtp, ...")],
    to: Annotated[str, typer.Option("--to", help="A person of the catalog, an address, or a #channel.")],
    way: Annotated[
        Way | None, typer.Option("--by", help="pager, chat or mail, where the provider has several.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help="push, sms, voice or email: the pager's channel.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one message that says that it is a test. Status 1 when the provider does not take it."""
    settings = _settings()
    sent = asyncio.run(_send(settings, name, to, way, channel))
    if as_json:
        print_json({"provider": sent.provider, "channel": sent.channel, "ref": sent.ref})
    else:
        typer.echo(f"{sent.provider} took it ({sent.channel}, {sent.ref or 'no reference'})")


def _settings() -> Settings:
    settings = load_settings()
    configure_logs(level="error", secrets=settings.secret_values(), process="providers")
    return settings


async def _serving(settings: Settings) -> dict[str, list[str]]:
    import httpx

    from mayday.providers.registry import made_offers, serving
    from mayday.records.records import Records
    from mayday.records.store import Store
    from worker.composition import catalog_of

    async with httpx.AsyncClient(follow_redirects=False) as http, Records(Store("sqlite://")) as unused:
        return serving(made_offers(settings, unused, catalog_of(settings), http), settings)


async def _send(settings: Settings, name: str, to: str, way: Way | None, channel: str | None) -> SentVia:
    import httpx

    from mayday.domain.errors import ProviderError
    from mayday.providers.registry import VENDORS, made_offers
    from mayday.records.records import Records
    from worker.composition import catalog_of

    if name not in VENDORS:
        raise CliError(f"there is no provider {name}; there are {', '.join(VENDORS)}", status=2)
    catalog = catalog_of(settings)
    async with httpx.AsyncClient(follow_redirects=False) as http:
        async with await Records.open(settings.database_url) as records:
            offer = made_offers(settings, records, catalog, http).get(name)
            if offer is None:
                raise CliError(f"{name} is not set up here", hint="docs/providers.md lists its settings")
            try:
                return await _by(offer, name, to, way, channel, catalog.current())
            except ProviderError as error:
                raise CliError(str(error), hint="mayday doctor says more") from error


async def _by(offer: Offer, name: str, to: str, way: Way | None, channel: str | None, catalog: Catalog) -> SentVia:
    from ulid import ULID

    from mayday.domain.effects import IncidentCard
    from mayday.domain.ports import Call, Mail, Post

    able: dict[str, Any] = {"pager": offer.pager, "chat": offer.chat, "mail": offer.mailer}
    ways = [each for each, port in able.items() if port is not None and way in (None, each)]
    if not ways:
        raise CliError(f"{name} carries no messages here", hint="mayday doctor checks what it does")
    chosen = "chat" if to.startswith("#") and "chat" in ways else "mail" if "@" in to and "mail" in ways else ways[0]
    now = datetime.now(UTC)
    incident = IncidentCard(
        id=f"INC-{ULID()}", title="Test message", severity="TEST", status="test", service="mayday", opened_at=now
    )
    key, text = f"{incident.id}/providers_test#1", f"{WORDS} {now:%Y-%m-%d %H:%M:%S} UTC"
    person = catalog.people.get(to)
    sent: SentVia
    if chosen == "chat":
        place = to.removeprefix("#")
        sent = await able["chat"].post(Post(effect_key=f"{key}/chat", incident=incident, text=text, channel=place))
    elif chosen == "mail":
        address = (person.email if person else None) or to
        sent = await able["mail"].send(
            Mail(effect_key=f"{key}/email", incident=incident, to=[address], subject="TEST from mayday", text=text)
        )
    else:
        served = able["pager"].channels
        via = channel or next(each for each in ("push", "sms", "email", "voice", "chat") if each in served)
        if via not in served:
            raise CliError(f"{name} serves {', '.join(sorted(served))}, not {via}", status=2)
        address = _address(to, person, via, name)
        sent = await able["pager"].call(Call(
            effect_key=f"{key}/{to}/{via}", incident=incident, page="providers_test", purpose="notice", person=to,
            target=f"person.{to}", channel=via, address=address, text=text, urgent=False,
        ))  # fmt: skip
    return sent


def _address(to: str, person: Any, via: str, provider: str) -> str:
    """Where a person of the catalog is reached; anything else is an address itself."""
    if person is None:
        return to
    found = {"sms": person.phone, "voice": person.phone, "email": person.email}.get(via, person.ids.get(provider) or to)
    if found is None:
        raise CliError(f"the catalog has no address of {to} for {via}")
    return str(found)
