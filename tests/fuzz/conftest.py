"""What the tests of chance share with those of the language."""

from __future__ import annotations

from tests.language.conftest import folder

__all__ = ["folder"]
