"""Patches: names of changes that open histories have to be told about (`workflow.patched`).

A change of the shell that would make an open history issue other commands gets a constant here, with the release that
brought it and what it guards; it goes once no run older than that release is open. Changes of the walker need the same
care: they change which effects are asked for."""

from __future__ import annotations

UNREADABLE_REFUSED = "unreadable-refused"

PATCHES: dict[str, str] = {
    UNREADABLE_REFUSED: "0.1.0: a signal that cannot be read leaves an entry; before, a line in the log",
}
