"""Who may come in, and at which level, as the catalog's files are now.

Runbooks, routes and services are those of the start. Whoever is taken out of the catalog, or given less, is out, or has
less, within seconds: an incident must not wait for a restart to be rid of somebody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import structlog

from mayday.catalogs import CatalogFolder
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import load_catalog

__all__ = ["DoorList"]

log = structlog.get_logger(__name__)


class DoorList:
    """People, groups, schedules and `access` of a folder. Files that do not load change nothing: the last good ones
    count, and the log says why."""

    def __init__(self, folder: Path, began_with: Catalog) -> None:
        self._access = began_with.access
        self._files = CatalogFolder(folder / "catalog", self._read, known=began_with)

    def current(self) -> Catalog:
        return self._files.current()

    def _read(self, folder: Path) -> Catalog:
        loaded = load_catalog(folder)
        if loaded.catalog is None:
            raise ValueError("; ".join(str(finding) for finding in loaded.findings[:5]))
        found = loaded.catalog
        unknown = sorted(_unknown(found))
        if unknown:  # a slip of the pen there gives somebody more than was meant; who left is out all the same
            log.error("access_not_taken", unknown=unknown[:20], reason="access names what the catalog does not have")
            return found.model_copy(update={"access": self._access})
        self._access = found.access
        return found


def _unknown(catalog: Catalog) -> Iterator[str]:
    there: dict[str, Collection[str]] = {
        "person": catalog.people,
        "group": catalog.groups,
        "schedule": catalog.schedules,
    }
    for refs in catalog.access.values():
        for ref in refs:
            kind, _, name = ref.partition(".")
            if name not in there.get(kind, ()):
                yield ref
