"""Logging in with a browser: the pages, and the ways in."""

from __future__ import annotations

from fastapi import APIRouter

from starter.login import oidc, routes

__all__ = ["router"]

router = APIRouter()
router.include_router(oidc.router)
router.include_router(routes.router)
