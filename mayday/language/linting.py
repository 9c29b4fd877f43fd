"""What `mayday runbook lint` looks at: files of every kind, each checked within the library it belongs to."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pydantic import BaseModel

from mayday.language import shape_codes as codes
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import yaml_files
from mayday.language.checks import check_template, scenario_findings
from mayday.language.checks.scenario_codes import RUNBOOK
from mayday.language.checks.scenarios import called_by
from mayday.language.documents import Document, load_document
from mayday.language.findings import Finding, in_order
from mayday.language.library import Library, RunbookFile, TemplateFile, load_runbook, read_runbook
from mayday.language.library_codes import SAME_RUNBOOK, TWICE
from mayday.language.runbook import Runbook
from mayday.language.scenario import Scenario
from mayday.language.shape import read_model

__all__ = ["findings_of", "lint", "library_folder"]


KINDS = ("Runbook", "Catalog", "Scenario", "Template")


def lint(paths: Sequence[pathlib.Path], default: pathlib.Path) -> list[Finding]:
    """Everything that is wrong or doubtful in these files and folders, in order.

    A folder with `library/` or `catalog/` is checked whole, also where it lies deeper. Any other file is checked with
    the catalog of the folder of runbooks that it stands in, or else of `default`; what a folder holds that is plainly
    another program's is passed over. `FileNotFoundError` for a path that does not exist, `OSError` for one that cannot
    be read.
    """
    libraries: dict[pathlib.Path, Library] = {}

    def library_of(folder: pathlib.Path) -> Library:
        return libraries.setdefault(folder.resolve(), Library.load(folder))

    found: list[Finding] = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(str(path))
        if not path.is_dir():
            found += _file(path, library_of(library_folder(path, default)))
            continue
        whole = [path] if path.resolve() == default.resolve() else list(_libraries(path))
        for folder in whole:
            found += library_of(folder).findings
            found += [
                item
                for file in yaml_files(folder / "scenarios")
                for item in _file(file, library_of(folder), beside=True)
            ]
        for file in yaml_files(path):
            if not any(file.is_relative_to(folder) for folder in whole):
                document = load_document(file.read_bytes(), str(file))
                inside = library_folder(file, default)
                if inside in file.resolve().parents or not _is_foreign(document):
                    found += findings_of(file, document, library_of(inside))
    return in_order(found)


def has_yaml(folder: pathlib.Path) -> bool:
    """Whether there is anything in a folder that `lint` looks at."""
    return bool(yaml_files(folder))


def library_folder(path: pathlib.Path, default: pathlib.Path) -> pathlib.Path:
    """The folder of runbooks that a file stands in, or `default`."""
    return next((parent for parent in path.resolve().parents if _is_library(parent)), default)


def _is_library(folder: pathlib.Path) -> bool:
    return (folder / "library").is_dir() or (folder / "catalog").is_dir()


def _libraries(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """The folders of runbooks here and below, none inside another; hidden folders are not looked into."""
    if _is_library(folder):
        yield folder
        return
    for below in sorted(folder.iterdir()):
        if below.is_dir() and not below.is_symlink() and not below.name.startswith("."):
            yield from _libraries(below)


def _is_foreign(document: Document) -> bool:
    """Whether a file that a folder happens to hold is another program's: nothing in it looks as if it were for us."""
    data = document.data
    if not isinstance(data, dict):
        return False  # it is for nobody as it stands: better told than passed over
    family = str(data.get("apiVersion", "")).partition("/")[0]
    if family in ("runbook", "catalog", "template") or get_close_matches(str(data.get("kind", "")), KINDS, n=1):
        return False
    return "kind" in data or not get_close_matches("kind", [str(key) for key in data], n=1)


def _file(path: pathlib.Path, library: Library, *, beside: bool = False) -> Iterator[Finding]:
    return findings_of(path, load_document(path.read_bytes(), str(path)), library, beside=beside)


def findings_of(path: pathlib.Path, document: Document, library: Library, *, beside: bool = False) -> Iterator[Finding]:
    """What is wrong or doubtful in a file that was read already, within a library.

    `beside`: what is wrong in the library's runbooks is told beside it, and not once more for each of their scenarios.
    """
    kind = document.data.get("kind") if isinstance(document.data, dict) else None
    if document.data is None:
        yield from document.findings
    elif kind == "Runbook":
        known = (entry for entry in library.files if _same(entry.document.file, path))
        yield from library.check(next(known, None) or read_runbook(document))
        yield from (one for one in library.findings if one.code == SAME_RUNBOOK.code and _same(one.file, path))
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
        if scenario is not None and _is_broken(path, scenario.runbook, library):
            message, hint = f"the runbook {scenario.runbook} has errors of its own", "put them right first"
            yield from () if beside else (document.find(RUNBOOK, ("runbook",), message, hint),)
        elif scenario is not None:
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


def _is_broken(path: pathlib.Path, runbook: str, library: Library) -> bool:
    """Whether the runbook that a scenario names is there, and has no shape."""
    if not runbook.endswith((".yaml", ".yml")):
        return runbook not in library.names and runbook in library.broken
    return any(entry.runbook is None and _same(entry.document.file, path.parent / runbook) for entry in library.files)


def _entry(path: pathlib.Path, library: Library) -> RunbookFile | None:
    """A runbook of the library by its file, or one that lies elsewhere; None when it is not there."""
    known = (entry for entry in library.files if _same(entry.document.file, path))
    return next(known, None) or (load_runbook(path) if path.is_file() else None)


def _no_kind(document: Document, kind: object) -> Finding:
    kinds = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
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
