"""The folder of runbooks: `library/`, `catalog/`, `templates/`, read, checked, and ready to compile.

    library = Library.load(Path("runbooks"))
    library.require()                                   # raises `LibraryRefused` with every finding
    name = library.choose_runbook("payments", "SEV1")
    plan = library.plan(name, service="payments")

Reading files belongs to processes that start incidents, and to the CLI; a workflow gets the plan.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from mayday.language import library_codes as codes
from mayday.language.actions import BUILT_IN
from mayday.language.builtin_templates import BUILT_IN_TEMPLATES
from mayday.language.catalog import ActionSpec, Catalog
from mayday.language.catalog_files import CatalogFiles, load_catalog, read_documents
from mayday.language.checks import check_catalog, check_runbook, check_template
from mayday.language.compile import called_runbooks, compile_plan
from mayday.language.documents import Document, load_document
from mayday.language.findings import Finding, has_errors, in_order
from mayday.language.plan import Plan
from mayday.language.runbook import Identifier, Runbook, Shape, TemplateText
from mayday.language.shape import read_model

__all__ = ["DEFAULT_RUNBOOK", "Library", "LibraryRefused", "RunbookFile", "UnknownRunbook", "load_runbook"]

DEFAULT_RUNBOOK = "major_incident"
"""Walked when no route, service or `applies_to` names another."""


class LibraryRefused(ValueError):
    """The runbooks do not compile. `findings` holds every error with its file and line."""

    def __init__(self, findings: list[Finding]) -> None:
        shown = [f"{finding}" + (f" ({finding.hint})" if finding.hint else "") for finding in findings[:20]]
        more = f"\n... and {len(findings) - 20} more" if len(findings) > 20 else ""
        super().__init__("the runbooks do not compile:\n" + "\n".join(shown) + more)
        self.findings = findings


class UnknownRunbook(LookupError):
    """No runbook of that name, or name@version, in the library."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"no runbook {name}; there are {', '.join(known) or 'none'}")
        self.name = name
        self.known = known


class TemplateMetadata(Shape):
    name: Identifier
    description: str | None = None


class TemplateFile(TemplateText):
    """A file of `runbooks/templates/`; its text replaces the built-in one of the same name."""

    apiVersion: Literal["template/v1"]
    kind: Literal["Template"]
    metadata: TemplateMetadata

    def as_text(self) -> TemplateText:
        return TemplateText(**self.model_dump(exclude={"apiVersion", "kind", "metadata"}))


@dataclass(slots=True)
class RunbookFile:
    """A runbook as read (None when it has no shape) with its document and, once checked, all its findings."""

    runbook: Runbook | None
    document: Document
    findings: list[Finding] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.runbook.metadata.name if self.runbook else ""

    @property
    def version(self) -> str:
        return self.runbook.metadata.version if self.runbook else ""

    @property
    def claimed(self) -> str:
        """`name@version` as the file says it, also where the rest of it has no shape; empty where it says nothing."""
        data = self.document.data
        metadata = data.get("metadata") if isinstance(data, dict) else None
        if not isinstance(metadata, dict) or not metadata.get("name"):
            return ""
        return f"{metadata['name']}@{metadata.get('version', '')}"


def load_runbook(path: pathlib.Path) -> RunbookFile:
    """Read one runbook file: levels 1 and 2 of the checks. `OSError` when it cannot be read at all."""
    return read_runbook(load_document(path.read_bytes(), str(path)))


def read_runbook(document: Document) -> RunbookFile:
    runbook = read_model(document, Runbook)
    return RunbookFile(runbook, document, list(document.findings))


class Library:
    """Everything of a folder of runbooks. Make it with `Library.load`."""

    def __init__(
        self,
        catalog_files: CatalogFiles,
        runbooks: list[RunbookFile],
        templates: dict[str, TemplateText],
        findings: list[Finding],
    ) -> None:
        self.catalog_files = catalog_files
        self.files = runbooks
        self.templates = {**BUILT_IN_TEMPLATES, **templates}
        """Message texts by name: the built-in ones, replaced by those of the folder."""
        self._own = findings
        self._plans: dict[tuple[str, str | None], Plan] = {}

    @classmethod
    def load(cls, folder: pathlib.Path) -> Library:
        """Read, and check on first use of `findings`. Never raises for what is in the files."""
        folder = pathlib.Path(folder)
        findings: list[Finding] = []
        runbooks = [read_runbook(document) for document in read_documents(folder / "library")]
        if not runbooks:
            message = "no runbook: the folder holds no .yaml file"
            findings.append(
                Finding(str(folder / "library"), 1, 1, codes.NOTHING.code, "error", message, "write one there")
            )
        seen: dict[tuple[str, str], RunbookFile] = {}
        for entry in runbooks:
            if entry.runbook is None:
                continue
            first = seen.setdefault((entry.name, entry.version), entry)
            if first is not entry:
                message = f"{entry.name}@{entry.version} stands in {first.document.file} too"
                where = ("metadata", "version")
                findings.append(
                    entry.document.find(codes.SAME_RUNBOOK, where, message, "raise the version, or delete one")
                )
        return cls(load_catalog(folder / "catalog"), runbooks, *_load_templates(folder / "templates", findings))

    def with_catalog(self, catalog: Catalog) -> Library:
        """The same runbooks and templates over another catalog: a scenario's own entries, a what-if."""
        files = CatalogFiles(catalog, self.catalog_files.documents, self.catalog_files.findings)
        return Library(files, list(self.files), self.templates, self._own)

    @property
    def catalog(self) -> Catalog:
        """The catalog; an empty one when its files have errors."""
        return self.catalog_files.catalog or Catalog()

    @cached_property
    def actions(self) -> dict[str, ActionSpec]:
        """What `do` can call: the built-in actions, and those of the house."""
        return {**BUILT_IN, **self.catalog.actions}

    @cached_property
    def findings(self) -> list[Finding]:
        """Everything that is wrong or doubtful in all files, in order."""
        found = [*self._own, *self.catalog_findings]
        for entry in self.files:
            found += self.check(entry)
        return in_order(found)

    @cached_property
    def catalog_findings(self) -> list[Finding]:
        """What is wrong or doubtful in the catalog."""
        return in_order([*self.catalog_files.findings, *check_catalog(self.catalog_files, self)])

    def check(self, entry: RunbookFile) -> list[Finding]:
        """Levels 1 to 5 for one runbook, of this library or beside it."""
        found = list(entry.findings)
        if entry.runbook is not None and self.catalog_files.catalog is not None:
            found += check_runbook(entry.runbook, entry.document, self)
            if not has_errors(found):
                found += compile_plan(entry.runbook, self.catalog, self, document=entry.document).findings
        return in_order(found)

    def require(self) -> Library:
        """This library, when it compiles; else `LibraryRefused` with every error. Warnings do not stop anybody."""
        errors = [finding for finding in self.findings if finding.level == "error"]
        if errors:
            raise LibraryRefused(errors)
        return self

    @property
    def names(self) -> list[str]:
        """Names of the runbooks, each once, sorted."""
        return sorted({entry.name for entry in self.files if entry.runbook})

    @property
    def broken(self) -> set[str]:
        """What stands in files that have errors of their own, by name and by name@version: it is there, and no news."""
        claimed = {entry.claimed for entry in self.files if entry.runbook is None}
        return {name for each in claimed for name in (each, each.partition("@")[0]) if name}

    def file(self, name: str) -> RunbookFile:
        """By `name`, the newest version, or by `name@version`; `UnknownRunbook` says which there are."""
        wanted, _, version = name.partition("@")
        readable = [entry for entry in self.files if entry.runbook is not None]
        found = [entry for entry in readable if entry.name == wanted and version in ("", entry.version)]
        if not found:
            versions = [f"{entry.name}@{entry.version}" for entry in self.files if entry.name == wanted and version]
            raise UnknownRunbook(name, sorted(versions) or self.names)
        return max(found, key=lambda entry: _version_order(entry.version))

    def runbook(self, name: str) -> Runbook:
        """By `name` or `name@version`; `UnknownRunbook` when there is none."""
        found = self.file(name).runbook
        assert found is not None
        return found

    def plan(self, name: str, *, service: str | None = None) -> Plan:
        """The pinned plan, compiled once for each service; `LibraryRefused` when the runbook has errors."""
        entry = self.file(name)
        key = (f"{entry.name}@{entry.version}", service)
        if key not in self._plans:
            errors = self._errors(entry)
            if errors or self.catalog_files.catalog is None:
                raise LibraryRefused(errors or self.catalog_files.findings)
            self._plans[key] = compile_plan(self.runbook(name), self.catalog, self, service=service).plan
        return self._plans[key]

    def _errors(self, entry: RunbookFile) -> list[Finding]:
        """What keeps a runbook from being walked: its own errors, else those of the runbooks that it calls."""
        found = [finding for finding in self.check(entry) if finding.level == "error"]
        if found or entry.runbook is None:
            return found
        called = [self.file(name) for name in called_runbooks(entry.runbook, self)]
        return [finding for each in called for finding in self.check(each) if finding.level == "error"]

    def choose_runbook(self, service: str, severity: str, route_runbook: str | None = None) -> str:
        """Which runbook an incident walks: the route's, then the service's, then `applies_to`, then `major_incident`.

        A runbook that names service and severity goes before one that names only one of them. `UnknownRunbook` when
        the one that is named does not exist.
        """
        entry = self.catalog.services.get(service)
        named = route_runbook or (entry.runbooks.get(severity) if entry else None)  # type: ignore[call-overload]
        if named:
            return self.file(named).name
        fits = [(-_fit(self.runbook(name), service, severity), name) for name in self.names]
        best = min((fit for fit in fits if fit[0] < 0), default=(0, DEFAULT_RUNBOOK))
        return self.file(best[1]).name


def _fit(runbook: Runbook, service: str, severity: str) -> int:
    """0 where `applies_to` excludes it or says nothing, else how much of it fits."""
    severities, services = runbook.applies_to.severity, runbook.applies_to.service
    if (severities and severity not in severities) or (services and service not in services):
        return 0
    return (2 if services else 0) + (1 if severities else 0)


def _version_order(version: str) -> tuple[list[int], bool, str]:
    """Semver: numbers first; a pre-release goes before its release. https://semver.org/#spec-item-11"""
    numbers, _, rest = version.partition("-")
    return [int(part) for part in numbers.partition("+")[0].split(".")], not rest, rest


def _load_templates(folder: pathlib.Path, findings: list[Finding]) -> tuple[dict[str, TemplateText], list[Finding]]:
    texts: dict[str, TemplateText] = {}
    for document in read_documents(folder):
        template = read_model(document, TemplateFile)
        findings += document.findings
        if template is None:
            continue
        name = template.metadata.name
        if name in texts:
            where = ("metadata", "name")
            findings.append(document.find(codes.TWICE, where, f"template `{name}` stands in two files", "delete one"))
        texts[name] = template.as_text()
        findings += check_template(document, texts[name])
    return texts, findings
