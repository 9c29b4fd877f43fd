"""The catalog as running processes see it: read from the runbooks folder, read again when a file changes.

A catalog that does not load any more never takes a process down in the middle of an incident: the last good one stays,
and `error` says what is wrong with the new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from mayday.language.catalog import Catalog

log = structlog.get_logger(__name__)

#: how often the files are looked at, at most, seconds
LOOK_EVERY_S = 2.0

Signature = tuple[tuple[str, int, int], ...]


class CatalogSource(Protocol):
    """Hands out the catalog of this moment."""

    def current(self) -> Catalog: ...


class FixedCatalog:
    """A catalog that never changes: in tests, in rehearsals."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def current(self) -> Catalog:
        return self._catalog


class CatalogFolder:
    """The catalog in `folder` (`runbooks/catalog`), by way of `load`, which raises when it finds errors."""

    def __init__(self, folder: Path, load: Callable[[Path], Catalog], known: Catalog | None = None) -> None:
        """`known` is what the files hold now, for whoever has read them already."""
        self._folder = folder
        self._load = load
        self._signature = _signature(folder)
        self._catalog = known or load(folder)
        self._looked_at = time.monotonic()
        self.error: str | None = None

    def current(self) -> Catalog:
        """The newest catalog that loads."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            self.reload()
        return self._catalog

    def reload(self) -> None:
        """Read the files again if any of them changed."""
        signature = _signature(self._folder)
        if signature == self._signature:
            return
        self._signature = signature
        try:
            self._catalog = self._load(self._folder)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new files, the last good catalog goes on
            self.error = str(error)
            log.error("catalog_reload_failed", folder=str(self._folder), reason=self.error)
        else:
            self.error = None
            log.info("catalog_reloaded", folder=str(self._folder))


def _signature(folder: Path) -> Signature:
    """What changes when a file does: names, times, sizes. A folder that is away for a moment has none."""
    found = []
    for path in sorted(folder.glob("*.y*ml")):
        try:
            known = path.stat()
        except OSError:
            continue
        found.append((path.name, known.st_mtime_ns, known.st_size))
    return tuple(found)
