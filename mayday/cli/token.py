"""`mayday token`: bearer tokens of people. Asks the starter; where none runs, the records store itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.printing import AsJson, clock, print_json, table
from mayday.cli.remote import remote

if TYPE_CHECKING:
    from mayday.records.records import Records

token_app = typer.Typer(no_args_is_help=True, help="Bearer tokens of people.")

Answer = TypeVar("Answer")
Direct = Annotated[bool, typer.Option("--direct", help="Write to the records store; no starter is asked.")]


@token_app.command()
def create(
    person: Annotated[
        str | None, typer.Option(help="A person of the catalog; `owner` with --direct for an owner's token.")
    ] = None,
    machine: Annotated[str | None, typer.Option(help="A program's name instead: it never decides.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Limit it: read, declare, events, notes, act, administer. Repeat for several."),
    ] = None,
    level: Annotated[str | None, typer.Option(help="At most what the catalog's `access` gives.")] = None,
    days: Annotated[int, typer.Option(min=0, help="Valid for so many days; 0 for ever.")] = 90,
    note: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    direct: Direct = False,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown this once."""
    if direct:
        if person is None or machine or scope:
            raise CliError("--direct makes tokens of people, without scopes: give --person", status=WRONG_USAGE)
        made = _in_records(lambda records: _create(records, person, level, days, note))
    else:
        body = {
            "person": person, "machine": machine, "scopes": scope or [], "level": level, "days": days or None,
            "note": note,
        }  # fmt: skip
        made = remote().post("/api/v1/tokens", body)
    if as_json:
        print_json(made)
    else:
        typer.echo(made["token"])


@token_app.command("list")
def list_tokens(direct: Direct = False, as_json: AsJson = False) -> None:
    """All tokens, without their secrets."""
    found = _in_records(_list) if direct else remote().get("/api/v1/tokens")
    if as_json:
        print_json(found)
        return
    rows = [
        [item["id"], item["person"] or "owner", item["level"], ", ".join(item["scopes"]),
         clock(item["expires_at"]) or "never", "revoked" if item["revoked_at"] else "", item["note"] or ""]
        for item in found["items"]
    ]  # fmt: skip
    table(["id", "person", "level", "scopes", "expires", "", "note"], rows, "no tokens")


@token_app.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `token list` has it.")],
    direct: Direct = False,
    as_json: AsJson = False,
) -> None:
    """End a token at once."""
    if direct:
        ended = _in_records(lambda records: _revoke(records, token))
    else:
        ended = remote().post(f"/api/v1/tokens/{token}/revoke")
    if as_json:
        print_json(ended)
    else:
        typer.echo(f"revoked {ended['id']} of {ended['person'] or 'owner'}")


def _in_records(work: Callable[[Records], Awaitable[Answer]]) -> Answer:
    async def opened() -> Answer:
        from mayday.records.errors import RecordsError
        from mayday.records.records import Records
        from mayday.settings import load_settings

        try:
            async with await Records.open(load_settings().database_url) as records:
                return await work(records)
        except RecordsError as error:
            raise CliError(str(error)) from None

    return asyncio.run(opened())


async def _create(records: Records, person: str, level: str | None, days: int, note: str | None) -> dict[str, Any]:
    from datetime import timedelta

    from mayday.language.catalog_files import load_catalog
    from mayday.settings import load_settings
    from starter.access import OWNER, level_of

    named: str | None = person
    if person == OWNER:
        named, granted = None, OWNER
    else:
        catalog = load_catalog(load_settings().runbooks / "catalog").catalog
        if catalog is None or person not in catalog.people:
            raise CliError(f"{person} is not in the catalog", status=WRONG_USAGE)
        granted = level or level_of(catalog, person, records.store.now())
    expires = timedelta(days=days) if days else None
    secret, token = await records.tokens.create(named, level=granted, expires_after=expires, note=note)
    await records.audit.write("console", "token_created", channel="cli", detail={"token": token.id, "person": person})
    return {"token": secret, **token.model_dump(mode="json")}


async def _list(records: Records) -> dict[str, Any]:
    return {"items": [token.model_dump(mode="json") for token in await records.tokens.find()], "next": None}


async def _revoke(records: Records, token: str) -> dict[str, Any]:
    ended = await records.tokens.revoke(token)
    await records.audit.write("console", "token_revoked", channel="cli", detail={"token": token})
    return ended.model_dump(mode="json")
