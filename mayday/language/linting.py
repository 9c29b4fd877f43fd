"""What `mayday runbook lint` looks at: files of every kind, each checked within the library it belongs to."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence

from mayday.language import shape_codes as codes
from mayday.language.catalog_files import read_documents
from mayday.language.documents import load_document
from mayday.language.findings import Finding, in_order
from mayday.language.library import Library, read_runbook
from mayday.language.scenario import Scenario
from mayday.language.shape import read_model

__all__ = ["lint", "library_folder"]


def lint(paths: Sequence[pathlib.Path], default: pathlib.Path) -> list[Finding]:
    """Everything that is wrong or doubtful in these files and folders, in order.

    A folder with `library/` or `catalog/` is checked whole. Any other file is checked with the catalog of the folder of
    runbooks that it stands in, or else of `default`. `FileNotFoundError` for a path that does not exist.
    """
    libraries: dict[pathlib.Path, Library] = {}

    def library_of(folder: pathlib.Path) -> Library:
        return libraries.setdefault(folder.resolve(), Library.load(folder))

    found: list[Finding] = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(str(path))
        if path.is_dir() and (_is_library(path) or path.resolve() == default.resolve()):
            found += library_of(path).findings
            found += [item for file in _yaml_files(path / "scenarios") for item in _file(file, library_of(path))]
            continue
        for file in _yaml_files(path) if path.is_dir() else [path]:
            found += _file(file, library_of(library_folder(file, default)))
    return in_order(found)


def library_folder(path: pathlib.Path, default: pathlib.Path) -> pathlib.Path:
    """The folder of runbooks that a file stands in, or `default`."""
    return next((parent for parent in path.resolve().parents if _is_library(parent)), default)


def _is_library(folder: pathlib.Path) -> bool:
    return (folder / "library").is_dir() or (folder / "catalog").is_dir()


def _yaml_files(folder: pathlib.Path) -> list[pathlib.Path]:
    return [pathlib.Path(document.file) for document in read_documents(folder)]


def _file(path: pathlib.Path, library: Library) -> Iterator[Finding]:
    document = load_document(path.read_bytes(), str(path))
    kind = document.data.get("kind") if isinstance(document.data, dict) else None
    if document.data is None:
        yield from document.findings
    elif kind == "Runbook":
        known = (entry for entry in library.files if _same(entry.document.file, path))
        yield from library.check(next(known, None) or read_runbook(document))
    elif kind in ("Catalog", "Template"):
        yield from (finding for finding in library.findings if _same(finding.file, path))
    elif kind == "Scenario":
        read_model(document, Scenario)
        yield from document.findings
    else:
        yield document.find(
            codes.NO_KIND, ("kind",), f"{kind} is no kind of file", "Runbook, Catalog, Scenario or Template"
        )


def _same(one: str, other: pathlib.Path) -> bool:
    return pathlib.Path(one).resolve() == other.resolve()
