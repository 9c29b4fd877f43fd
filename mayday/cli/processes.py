"""`mayday worker` and `mayday starter`: one process each, for production."""

from __future__ import annotations

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.remote import described
from mayday.settings import load_settings

__all__ = ["starter", "worker"]


def worker() -> None:
    """Run a worker: workflows and activities. Needs the records store, and Temporal (`TEMPORAL_ADDRESS`, else the one
    of `mayday up` on this machine)."""
    settings = load_settings()
    from worker.main import run

    raise typer.Exit(run(settings, address=embedded_address()))


def starter() -> None:
    """Run a starter: webhooks, API and console. Needs the records store, and Temporal (`TEMPORAL_ADDRESS`, else the one
    of `mayday up` on this machine)."""
    settings = load_settings()
    from starter.main import run

    raise typer.Exit(run(settings, address=embedded_address()))


def embedded_address() -> str | None:
    """The server of `mayday up`, where the environment names no cluster."""
    from mayday.temporal.connection import TemporalRefused, configured_profile

    try:
        if configured_profile() is not None:
            return None
    except TemporalRefused as error:
        raise CliError(str(error), status=WRONG_USAGE) from None
    address = described().get("temporal_address")
    return str(address) if address else None
