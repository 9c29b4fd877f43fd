"""Fixtures of the language's tests."""

from __future__ import annotations

import pathlib

import pytest

from tests.language.folders import Folder


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> Folder:
    """An empty folder of runbooks."""
    return Folder(tmp_path / "runbooks")
