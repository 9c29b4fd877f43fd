"""Pages are tested over the same house as the API."""

from __future__ import annotations

from tests.starter.conftest import house, playbooks

__all__ = ["house", "playbooks"]
