"""What rehearsal tests share: the library of this checkout, and small runbooks written in the test."""

from __future__ import annotations

import pathlib
import textwrap
from collections.abc import Callable

import pytest

from mayday.language.library import Library
from mayday.simulator.files import ScenarioFile

RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load(RUNBOOKS)


@pytest.fixture
def written(tmp_path: pathlib.Path, library: Library) -> Callable[[str, str], ScenarioFile]:
    """A scenario written beside its runbook, both given as text, with the catalog of this checkout."""

    def write(runbook: str, scenario: str) -> ScenarioFile:
        (tmp_path / "runbook.yaml").write_text(textwrap.dedent(runbook))
        path = tmp_path / "scenario.yaml"
        path.write_text(textwrap.dedent(scenario))
        return ScenarioFile(path, Library(library.catalog_files, list(library.files), {}, []))

    return write
