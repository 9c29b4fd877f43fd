"""`mayday report`: trends over many incidents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.printing import AsJson, print_json, table
from mayday.cli.remote import remote
from mayday.domain.plain_words import spoken

report_app = typer.Typer(no_args_is_help=True, help="Trends over many incidents.")

GROUPS = ("month", "service", "severity", "all")


@report_app.callback()
def trends() -> None:
    """Trends over many incidents."""


@report_app.command()
def kpi(
    by: Annotated[str, typer.Option(help="month, service, severity or all.")] = "month",
    since: Annotated[str | None, typer.Option("--from", help="Opened on this day or later: 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Opened before this day.")] = None,
    service: Annotated[str | None, typer.Option(help="Only incidents of this service.")] = None,
    severity: Annotated[str | None, typer.Option(help="Only incidents that ended with this severity.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV: a row a number.")] = False,
    chart: Annotated[Path | None, typer.Option(help="Draw them into this SVG file.")] = None,
    as_json: AsJson = False,
) -> None:
    """MTTD, MTTA, MTRS, MTTR and the rest, each with n and what it is. Drills do not count."""
    if by not in GROUPS:
        raise CliError(f"--by {by}: month, service, severity or all", status=WRONG_USAGE)
    path = "/api/v1/reports/kpi"
    severity = severity.upper() if severity else None
    query = {"by": by, "from": since, "to": until, "service": service, "severity": severity}
    if csv:
        typer.echo(remote().download(path, accept="text/csv", **query).decode(), nl=False)
        return
    found = remote().get(path, **query)
    if chart is not None:
        _draw(found, chart)
    if as_json:
        print_json(found)
    elif chart is None:
        narrowed = any((since, until, service, severity))
        _print(found, "no incident that has ended fits" if narrowed else "no incident has ended yet")


def _print(found: dict[str, Any], none: str) -> None:
    groups = [*found["groups"], found["total"]]
    names = list(dict.fromkeys(each["name"] for group in groups for each in group["measures"] if each["n"]))
    rows = []
    for name in names:
        cells = [next((each for each in group["measures"] if each["name"] == name), None) for group in groups]
        rows.append([name, *(_shown(cell) for cell in cells)])
    heads = [f"{group['key']} ({group['incidents']})" for group in groups]
    table(["", *heads], rows, none)
    for title, key in (("again", "services"), ("causes", "causes"), ("pages per team", "pages_per_team")):
        if found[key]:
            counted = [f"{spoken(each['what'])} {each['incidents']}" for each in found[key][:8]]
            typer.echo(f"{title}: {', '.join(counted)}")
    if rows:
        typer.echo("")
        table(["what it is", "", "from the entries"], _meanings(found["total"]["measures"], names), "")


def _meanings(measures: list[dict[str, Any]], names: list[str]) -> list[list[str]]:
    """What each number of the table is, and which entries it comes from. All phases have one meaning."""
    told = {
        "Phase ..." if each["name"].startswith("Phase ") else each["name"]: [each["definition"], spoken(each["source"])]
        for each in measures
        if each["name"] in names
    }
    return [[name, *meaning] for name, meaning in told.items()]


def _shown(cell: dict[str, Any] | None) -> str:
    if cell is None or cell["value"] is None:
        return "-"
    value = float(cell["value"])
    if cell["unit"] == "s":
        text = (
            f"{value / 3600:.1f} h" if value >= 7200 else f"{value / 60:.0f} min" if value >= 120 else f"{value:.0f} s"
        )
    else:
        text = f"{value:.0f} %" if cell["unit"] == "%" else f"{value:.1f}"
    return f"{text} n={cell['n']}"


def _draw(found: dict[str, Any], path: Path) -> None:
    from mayday.domain.report.charts_svg import drawn
    from mayday.domain.report.kpis import Kpis

    try:
        path.write_text(drawn(Kpis.model_validate(found)), encoding="utf-8")
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}") from None
    typer.echo(f"{path}: {len(found['groups'])} groups", err=True)


__all__ = ["kpi", "report_app"]
