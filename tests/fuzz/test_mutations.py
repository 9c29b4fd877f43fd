"""A small mistake in any file of the library: a finding, an equal plan, or a change told in words; never a crash.

A misspelt key is never overlooked: where the keys are known it is a finding, and a name that an author chose is another
name in the plan.
"""

from __future__ import annotations

import pathlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from mayday.language.catalog import Catalog
from mayday.language.catalog_files import merge_catalog
from mayday.language.comparison import compare_plans
from mayday.language.compile import compile_plan
from mayday.language.documents import load_document
from mayday.language.findings import Finding
from mayday.language.library import Library, TemplateFile, read_runbook
from mayday.language.linting import findings_of
from mayday.language.plan import Plan
from mayday.language.runbook import Runbook
from mayday.language.scenario import Scenario
from tests.fuzz.chance import Dice
from tests.fuzz.mutations import Mutation, mutated, written

RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"
MODELS = {"Runbook": Runbook, "Catalog": Catalog, "Template": TemplateFile, "Scenario": Scenario}
FILES = sorted(path for path in RUNBOOKS.rglob("*.yaml"))


@cache
def library() -> Library:
    return Library.load(RUNBOOKS)


@cache
def content(path: pathlib.Path) -> dict[str, Any]:
    data = load_document(path.read_bytes(), str(path)).data
    assert isinstance(data, dict)
    return data


class Verdict:
    """What is said about a text that stands in the place of a file."""

    def __init__(self, path: pathlib.Path, text: str) -> None:
        self.plan: Plan | None = None
        self.findings: list[Finding] = []
        document = load_document(text, str(path))
        kind = content(path)["kind"]
        if kind == "Runbook":
            entry = read_runbook(document)
            self.findings = library().check(entry)
            if entry.runbook is not None and not self.errors:
                self.plan = compile_plan(entry.runbook, library().catalog, library(), service="payments").plan
        elif kind == "Catalog":
            others = [known for known in library().catalog_files.documents if pathlib.Path(known.file) != path]
            fresh = [load_document(written(content(pathlib.Path(known.file))), known.file) for known in others]
            files = merge_catalog([*fresh, document], "catalog")
            changed = Library(files, library().files, library().templates, [])
            self.findings = changed.findings
            if not self.errors:
                self.plan = changed.plan("payments_sev1", service="payments")
        else:
            self.findings = list(findings_of(path, document, library()))
        self.data = document.data

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == "error"]

    def said(self) -> Counter[tuple[str, str]]:
        return Counter((finding.code, finding.message) for finding in self.findings)


@cache
def before(path: pathlib.Path) -> Verdict:
    return Verdict(path, written(content(path)))


def overlooked(path: pathlib.Path, mistake: Mutation) -> str | None:
    """In what way a mistake goes unnoticed; None when it does not."""
    was, now = before(path), Verdict(path, mistake.text)
    fresh = now.said() - was.said()
    if mistake.kind == "misspell" and mistake.closed:
        named = any(mistake.key in f"{finding.message} {finding.hint}" for finding in now.errors)
        return None if named else f"no word about `{mistake.key}`; {dict(fresh)}"
    if fresh:
        return None
    if was.plan is not None and now.plan is not None and was.plan.digest != now.plan.digest:
        change = compare_plans(was.plan, now.plan)
        moved = [each for each in change.changes if each.path == "plan"]
        if moved and sorted_tree(was.plan.canonical()) != sorted_tree(now.plan.canonical()):
            return "the plans differ, and nobody says in what"
    return None


def sorted_tree(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_tree(value[key]) for key in sorted(value)}
    return sorted(map(sorted_tree, value), key=repr) if isinstance(value, list) else value


def mistakes(numbers: range) -> Iterator[tuple[int, pathlib.Path, Mutation]]:
    for number in numbers:
        path = FILES[number % len(FILES)]
        data = content(path)
        yield number, path, mutated(data, MODELS[data["kind"]], Dice(number))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_written_in_braces_means_the_same(path: pathlib.Path) -> None:
    assert before(path).errors == []
    assert before(path).data == content(path)


SOAK = [pytest.param(range(first, first + 2500), marks=[pytest.mark.soak]) for first in range(0, 10_000, 2500)]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("numbers", [range(400), *SOAK], ids=lambda numbers: f"{numbers.start}-{numbers.stop}")
def test_a_small_mistake_is_never_overlooked(numbers: range) -> None:
    found = [
        f"{number}: {mistake} in {path.name}: {words}"
        for number, path, mistake in mistakes(numbers)
        if (words := overlooked(path, mistake))
    ]
    assert not found, "\n".join(found[:20])
