"""The checks of levels 3 to 5, and of the catalog. Levels 1 and 2 are `documents` and `shape`.

Importing this package fills `mayday.language.findings.CODES` with every code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mayday.language import library_codes, shape_codes, yaml_codes  # noqa: F401 - their codes
from mayday.language.catalog_files import CatalogFiles
from mayday.language.checks.arguments import argument_findings
from mayday.language.checks.catalogs import catalog_findings
from mayday.language.checks.endings import ending_findings
from mayday.language.checks.gates import gate_findings
from mayday.language.checks.irreversible import irreversible_findings
from mayday.language.checks.kinds import EXTRA, INCIDENT, Kind
from mayday.language.checks.layout import Layout
from mayday.language.checks.obligations import obligation_findings
from mayday.language.checks.references import ReferenceChecks
from mayday.language.checks.resolving import resolve_findings
from mayday.language.checks.results import result_findings
from mayday.language.checks.scenarios import scenario_findings
from mayday.language.checks.talking import talking_findings
from mayday.language.checks.types import Typed, type_findings
from mayday.language.documents import Document
from mayday.language.findings import Finding, has_errors, in_order
from mayday.language.runbook import Runbook, TemplateText

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["check_catalog", "check_runbook", "check_template", "scenario_findings"]


def check_runbook(runbook: Runbook, document: Document, library: Library) -> list[Finding]:
    """Levels 3 to 5. Flow is only looked at when every reference and type is right."""
    layout = Layout(runbook)
    typed = Typed(runbook, layout, library.actions, document)
    found = [
        *ReferenceChecks(runbook, layout, document, library).findings(),
        *typed.findings(),
        *argument_findings(runbook, layout, typed, document, library),
        *obligation_findings(runbook, layout, typed, document),
    ]
    if not has_errors(found):
        found += _flow(runbook, layout, typed, document, library)
    return in_order(found)


def _flow(runbook: Runbook, layout: Layout, typed: Typed, document: Document, library: Library) -> Iterator[Finding]:
    yield from result_findings(runbook, layout, typed, document, library)
    yield from gate_findings(runbook, layout, document, library)
    yield from irreversible_findings(layout, document, library)
    yield from ending_findings(runbook, layout, document)
    yield from talking_findings(runbook, layout, document, library)
    yield from resolve_findings(layout, document)


def check_catalog(files: CatalogFiles, library: Library) -> list[Finding]:
    """References and rules of the catalog."""
    return in_order(catalog_findings(files, library))


def check_template(document: Document, template: TemplateText) -> Iterator[Finding]:
    """Level 4 for a file of `runbooks/templates/`: names that exist everywhere, whatever runbook sends it."""
    names = {
        "incident": Kind("mapping", INCIDENT),
        **dict.fromkeys(("inputs", "vars", "roles", "steps", "decisions"), Kind("mapping")),
        "bridge": Kind("mapping", {"url": Kind("string"), "phone": Kind("string")}),
        "now": Kind("datetime"),
        **{name: EXTRA[name] for name in ("update", "next_update_at", "audience", "pending")},
    }
    yield from type_findings(document, ("text",), template.text, names)
    if template.subject is not None:
        yield from type_findings(document, ("subject",), template.subject, names)
