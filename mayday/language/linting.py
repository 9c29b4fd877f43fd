"""What `mayday runbook lint` looks at: files of every kind, each checked within the library it belongs to."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pydantic import BaseModel

from mayday.language import shape_codes as codes
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import read_documents
from mayday.language.checks import check_template, scenario_findings
from mayday.language.checks.scenarios import called_by
from mayday.language.documents import Document, load_document
from mayday.language.findings import Finding, in_order
from mayday.language.library import Library, RunbookFile, TemplateFile, load_runbook, read_runbook
from mayday.language.library_codes import TWICE
from mayday.language.runbook import Runbook
from mayday.language.scenario import Scenario
from mayday.language.shape import read_model

__all__ = ["findings_of", "lint", "library_folder"]


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
    return findings_of(path, load_document(path.read_bytes(), str(path)), library)


def findings_of(path: pathlib.Path, document: Document, library: Library) -> Iterator[Finding]:
    """What is wrong or doubtful in a file that was read already, within a library."""
    kind = document.data.get("kind") if isinstance(document.data, dict) else None
    if document.data is None:
        yield from document.findings
    elif kind == "Runbook":
        known = (entry for entry in library.files if _same(entry.document.file, path))
        yield from library.check(next(known, None) or read_runbook(document))
    elif kind == "Catalog":
        own = [finding for finding in library.findings if _same(finding.file, path)]
        yield from own if _is_part(path, library.catalog_files.documents) else _shape(document, Catalog)
    elif kind == "Template":
        template = read_model(document, TemplateFile)
        yield from document.findings
        yield from check_template(document, template.as_text()) if template is not None else ()
        yield from (finding for finding in library.findings if finding.code == TWICE.code and _same(finding.file, path))
    elif kind == "Scenario":
        scenario = read_model(document, Scenario)
        yield from document.findings
        if scenario is not None:
            yield from scenario_findings(scenario, document, _runbooks_of(path, scenario.runbook, library), library)
    else:
        yield _no_kind(document, kind)


def _runbooks_of(path: pathlib.Path, runbook: str, library: Library) -> list[Runbook]:
    """The runbook that a scenario names, by its file or by its name, and all that it calls; none: it is not there."""
    if not runbook.endswith((".yaml", ".yml")):
        first = library.file(runbook) if runbook.partition("@")[0] in library.names else None
    else:
        first = _entry(path.parent / runbook, library)
    books: list[Runbook] = []
    entries = [first] if first is not None else []
    while entries:
        entry = entries.pop()
        if entry.runbook is None or entry.runbook in books:
            continue
        books.append(entry.runbook)
        for name in called_by(entry.runbook):
            beside = pathlib.Path(entry.document.file).parent / f"{name.partition('@')[0]}.yaml"
            known = (other for other in library.files if f"{other.name}@{other.version}" == name)
            found = next(known, None) or _entry(beside, library)
            entries += [found] if found is not None else []
    return books


def _entry(path: pathlib.Path, library: Library) -> RunbookFile | None:
    """A runbook of the library by its file, or one that lies elsewhere; None when it is not there."""
    known = (entry for entry in library.files if _same(entry.document.file, path))
    return next(known, None) or (load_runbook(path) if path.is_file() else None)


def _no_kind(document: Document, kind: object) -> Finding:
    kinds = "Runbook, Catalog, Scenario or Template"
    if kind is not None:
        return document.find(codes.NO_KIND, ("kind",), f"{kind} is no kind of file", kinds)
    near = get_close_matches("kind", list(document.data), n=1) if isinstance(document.data, dict) else []
    hint = f"write kind where it says {near[0]}" if near else f"kind: {kinds}"
    return document.find(codes.NO_KIND, (near[0],) if near else (), "the file does not say its kind", hint, key=True)


def _shape(document: Document, model: type[BaseModel]) -> list[Finding]:
    read_model(document, model)
    return document.findings


def _is_part(path: pathlib.Path, documents: Sequence[Document]) -> bool:
    return any(_same(document.file, path) for document in documents)


def _same(one: str, other: pathlib.Path) -> bool:
    return pathlib.Path(one).resolve() == other.resolve()
