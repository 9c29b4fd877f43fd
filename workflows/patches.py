"""Patches: names of changes that open histories have to be told about (`workflow.patched`).

A change of the shell that would make an open history issue other commands gets a constant here, with the release that
brought it and what it guards; it goes once no run older than that release is open. Changes of the walker need the same
care: they change which effects are asked for. There is none yet: the first release has no older histories.
"""

from __future__ import annotations

PATCHES: dict[str, str] = {}
