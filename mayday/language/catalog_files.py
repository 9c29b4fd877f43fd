"""One catalog out of several files (`runbooks/catalog/*.yaml`), with the place of every entry."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass, field
from typing import Any

from mayday.language import library_codes as codes
from mayday.language.catalog import Catalog
from mayday.language.documents import Document, Path, load_document
from mayday.language.findings import Code, Finding, has_errors, in_order
from mayday.language.shape import read_model

__all__ = ["CatalogFiles", "load_catalog", "read_documents", "yaml_files"]


@dataclass(slots=True)
class CatalogFiles:
    """The merged catalog (None when a file has an error) and where each entry came from."""

    catalog: Catalog | None
    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _origins: dict[Path, Document] = field(default_factory=dict)

    def find(self, code: Code, path: Path, message: str, hint: str = "", *, key: bool = False) -> Finding:
        """A finding at an entry of the catalog: `("groups", "night", 0)`."""
        document = self.document_of(path)
        return document.find(code, path, message, hint, key=key)

    def document_of(self, path: Path) -> Document:
        """The file that an entry stands in."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._origins:
                return self._origins[path[:length]]
        return self.documents[0] if self.documents else Document("catalog")


def load_catalog(folder: pathlib.Path) -> CatalogFiles:
    """Read and merge all files of a catalog folder; what is wrong is in `findings`, checks of level 3 on come later."""
    return merge_catalog(read_documents(folder), str(folder))


def merge_catalog(documents: list[Document], place: str) -> CatalogFiles:
    """One catalog from documents already read; `place` names the folder where there is none."""
    loaded = CatalogFiles(None, documents)
    merged: dict[str, Any] = {"apiVersion": "catalog/v1", "kind": "Catalog"}
    for document in documents:
        if read_model(document, Catalog) is not None:
            _merge(loaded, merged, document)
        loaded.findings += document.findings
    if not documents:
        message = "no catalog: the folder holds no .yaml file"
        loaded.findings.append(
            Finding(place, 1, 1, codes.NOTHING.code, "error", message, "write people, schedules and routes there")
        )
    if not has_errors(loaded.findings):
        # Every file is a valid catalog and no entry stands twice, so the union is one.
        loaded.catalog = Catalog.model_validate(merged)
    loaded.findings = in_order(loaded.findings)
    return loaded


def _merge(loaded: CatalogFiles, merged: dict[str, Any], document: Document) -> None:
    for kind, entries in document.data.items():
        if kind in ("apiVersion", "kind") or entries is None:
            continue
        if not isinstance(entries, dict):
            if kind in merged:
                _twice(loaded, document, (kind,))
                continue
            merged[kind] = entries
            loaded._origins[(kind,)] = document
            continue
        target = merged.setdefault(kind, {})
        for name, entry in entries.items():
            if name in target:
                _twice(loaded, document, (kind, name))
                continue
            target[name] = entry
            loaded._origins[(kind, name)] = document


def _twice(loaded: CatalogFiles, document: Document, path: Path) -> None:
    other = loaded._origins[path].file
    message = f"`{'.'.join(map(str, path))}` stands in {other} too"
    loaded.findings.append(document.find(codes.TWICE, path, message, "delete one of them", key=True))


def read_documents(folder: pathlib.Path) -> list[Document]:
    """Every `.yaml` and `.yml` file below a folder, in order of its path; none when there is no such folder."""
    return [load_document(path.read_bytes(), str(path)) for path in yaml_files(folder)]


def yaml_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Their paths. What is hidden (`.git`, `.venv`, `.github`) is not looked into."""
    found: list[pathlib.Path] = []
    for top, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        found += [pathlib.Path(top, name) for name in names if name.endswith((".yaml", ".yml")) and name[0] != "."]
    return sorted(path for path in found if path.is_file())
