"""`mayday access`: ways into the console for people, and who is in."""

from __future__ import annotations

from typing import Annotated

import typer

from mayday.cli.printing import AsJson, clock, print_json, table
from mayday.cli.remote import remote

access_app = typer.Typer(no_args_is_help=True, help="Ways into the console: one-time links, sealed codes, sessions.")


@access_app.command()
def link(
    person: Annotated[str | None, typer.Option(help="A person of the catalog; the owner by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """A link that lets one person in, once, within the hour."""
    made = remote().post("/api/v1/access/links", {"person": person})
    if as_json:
        print_json(made)
    else:
        typer.echo(made["url"])


@access_app.command()
def codes(
    person: Annotated[str | None, typer.Option(help="Make codes for this person; without it, list all.")] = None,
    count: Annotated[int, typer.Option(min=1, max=20, help="So many.")] = 5,
    days: Annotated[int, typer.Option(min=1, max=366, help="Good for so long when nobody uses them.")] = 366,
    as_json: AsJson = False,
) -> None:
    """Codes to seal and lock away, for the night in which the identity provider is down. Shown this once."""
    if person is None:
        found = remote().get("/api/v1/access/codes")
    else:
        found = remote().post("/api/v1/access/codes", {"person": person, "count": count, "days": days})
    if as_json:
        print_json(found)
    elif person is not None:
        for item in found["items"]:
            typer.echo(item["code"])
    else:
        rows = [
            [item["id"], item["person"], clock(item["expires_at"]),
             f"used {clock(item['used_at'])}" if item["used_at"] else "revoked" if item["revoked_at"] else ""]
            for item in found["items"]
        ]  # fmt: skip
        table(["id", "person", "expires", ""], rows, "no codes")


@access_app.command("revoke-code")
def revoke_code(
    code: Annotated[str, typer.Argument(metavar="ID", help="The code's id, as `access codes` has it.")],
    as_json: AsJson = False,
) -> None:
    """A code, or a link, lets nobody in any more."""
    ended = remote().post(f"/api/v1/access/codes/{code}/revoke")
    if as_json:
        print_json(ended)
    else:
        whose = f"{ended['id']} of {ended['person'] or 'owner'}"
        used = ended["used_at"]
        typer.echo(f"{whose} was used already, {clock(used)}" if used else f"revoked {whose}")


@access_app.command()
def sessions(as_json: AsJson = False) -> None:
    """Who is logged in with a browser."""
    found = remote().get("/api/v1/access/sessions")
    if as_json:
        print_json(found)
        return
    rows = [
        [item["id"], item["person"] or "owner", item["method"], clock(item["seen_at"]), clock(item["expires_at"])]
        for item in found["items"]
    ]
    table(["id", "person", "by", "seen", "ends"], rows, "nobody is logged in")


@access_app.command("log-out")
def log_out(
    session: Annotated[str, typer.Argument(metavar="ID", help="The session's id, as `access sessions` has it.")],
    as_json: AsJson = False,
) -> None:
    """End a browser's session at once."""
    ended = remote().post(f"/api/v1/access/sessions/{session}/end")
    if as_json:
        print_json(ended)
    else:
        typer.echo(f"ended {session}")


@access_app.command("signing-keys")
def signing_keys(as_json: AsJson = False) -> None:
    """Keys that decisions are signed with."""
    found = remote().get("/api/v1/access/signing-keys")
    if as_json:
        print_json(found)
    else:
        table(["id", "since"], [[item["id"], clock(item["created_at"])] for item in found["items"]], "no keys")


@access_app.command("rotate-key")
def rotate_key(as_json: AsJson = False) -> None:
    """Sign decisions with a new key too; incidents opened from now on know it."""
    made = remote().post("/api/v1/access/signing-keys")
    if as_json:
        print_json(made)
    else:
        typer.echo(made["id"])


@access_app.command("retire-key")
def retire_key(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `access signing-keys` has it.")],
    as_json: AsJson = False,
) -> None:
    """Sign with a key no more. Refused while an open incident may know no other."""
    ended = remote().post(f"/api/v1/access/signing-keys/{key}/retire")
    if as_json:
        print_json(ended)
    else:
        typer.echo(f"retired {key}")
