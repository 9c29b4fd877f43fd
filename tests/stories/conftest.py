"""The nights of the stories, told with the words of the walker's own tests."""

from __future__ import annotations

from tests.walker.conftest import library, open_night

__all__ = ["library", "open_night"]
