"""Logging in with a browser: the pages, and the ways in."""

from __future__ import annotations

from starter.login.routes import router

__all__ = ["router"]
