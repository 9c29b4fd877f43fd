"""Archives made of the stored histories: each incident with its runs, and the timeline that they make again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import WorkflowHistory

from mayday.archive.collecting import history_document, timeline_document
from mayday.archive.dossier import Document, Dossier, dossier_of
from mayday.archive.plain_history import plain_history
from mayday.archive.tape import Player, listen
from mayday.domain.timeline import Entry
from mayday.temporal.histories import load_history
from mayday.temporal.plugin import data_converter

HISTORIES = Path(__file__).parents[1] / "replay" / "histories"
AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
_PLAYED: dict[str, tuple[Document, ...]] = {}


def recorded(name: str) -> list[WorkflowHistory]:
    """The runs of a stored history, in order."""
    return [load_history(path) for path in sorted(HISTORIES.glob(f"{name}_[0-9].json"))]


async def archived(name: str) -> Dossier:
    """As the archiver would have made it. The runs of a name are played once for all tests of a process."""
    if name not in _PLAYED:
        _PLAYED[name] = tuple(await documents(recorded(name)))
    return dossier_of("INC-1", AT, "0.1.0", list(_PLAYED[name]))


async def documents(histories: list[WorkflowHistory]) -> list[Document]:
    codec = data_converter().payload_codec
    assert codec is not None
    found: list[Document] = []
    entries: dict[int, Entry] = {}
    for history in histories:
        plain = await plain_history(history, codec)
        found.append(history_document(plain))
        player = Player(await listen(plain))
        player.until()
        entries |= {entry.seq: entry for entry in player.entries}
    return [*found, timeline_document([entries[seq] for seq in sorted(entries)])]
