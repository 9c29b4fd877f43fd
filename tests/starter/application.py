"""The starter's application for tests: FastAPI reads the signatures of all routes once, not once for each test."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import BaseRoute

from starter.app import create_app
from starter.parts import Parts

__all__ = ["application"]

_READ: list[BaseRoute] = []


def application(parts: Parts) -> FastAPI:
    """As `create_app` makes it. Routes know nothing of an application but what the request brings, so all share those
    of the first: what FastAPI has found out about them (a quarter of a second) stays with them."""
    app = create_app(parts)
    if _READ:
        app.router.routes[:] = _READ
    else:
        _READ.extend(app.router.routes)
    return app
