"""The stylesheet and the script, under addresses that change with their content."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response

from starter.problems import Problem

__all__ = ["address", "router"]

router = APIRouter()

_TYPES = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "time.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
}


@cache
def _content(name: str) -> bytes:
    return files("starter.console").joinpath("assets", name).read_bytes()


def address(name: str) -> str:
    """Where a page finds this file; browsers keep it until it changes."""
    return f"/assets/{hashlib.sha256(_content(name)).hexdigest()[:12]}/{name}"


@router.get("/assets/{version}/{name}", include_in_schema=False)
async def asset(version: str, name: str) -> Response:
    """Public: they say nothing of any incident."""
    if name not in _TYPES:
        raise Problem(404, "not_found", "there is nothing at this address")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(_content(name), media_type=_TYPES[name], headers=headers)


@router.get("/favicon.ico", include_in_schema=False)
async def icon() -> Response:
    """Browsers ask for it on pages that name none."""
    headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(_content("mark.svg"), media_type=_TYPES["mark.svg"], headers=headers)
