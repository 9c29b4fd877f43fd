"""Refusals over HTTP: problem details (RFC 9457), one shape for everything that is not done.

    {"type": "urn:mayday:problem:excluded", "title": "Conflict", "status": 409, "detail": "...", "code": "excluded"}

`code` is for programs, `detail` for people; `errors` lists places in a body, `hint` says what to do instead.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from mayday.records.errors import KeyReused, RecordsUnavailable
from starter.gateway import TemporalSilent

__all__ = ["PROBLEM_JSON", "Problem", "install", "problem_response"]

PROBLEM_JSON = "application/problem+json"
_CODES = {413: "too_large"}  # Python's own phrase for it changes from version to version
_UNREAD = "There was an error parsing the body"  # FastAPI's words for whatever comes up while it reads one
log = structlog.get_logger(__name__)


class Problem(Exception):
    """Raise it anywhere below a request: it becomes the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: list[dict[str, str]] | None = None,
        hint: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.hint = hint
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "type": f"urn:mayday:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            shown["errors"] = self.errors
        if self.hint:
            shown["hint"] = self.hint
        return shown


def problem_response(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.body(), problem.status, headers=problem.headers, media_type=PROBLEM_JSON)


def install(app: FastAPI) -> None:
    """Every error leaves as problem details, those of the framework too."""

    @app.exception_handler(Problem)
    async def refused(request: Request, problem: Problem) -> JSONResponse:
        request.state.refusal = problem.code  # for the audit
        return problem_response(problem)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        broken = next((item for item in error.errors() if item["type"] == "json_invalid"), None)
        if broken is not None:
            said = str(broken.get("ctx", {}).get("error", "")).rstrip(".").lower()
            where = f" at character {broken['loc'][-1]}" if broken["loc"][-1] else ""
            return problem_response(Problem(400, "malformed", f"the body is not JSON: {said}{where}"))
        errors = [{"field": _place(item["loc"]), "reason": _reason(item)} for item in error.errors()]
        if "json" not in request.headers.get("content-type", "") and any(item["field"] == "body" for item in errors):
            told = Problem(415, "unsupported_media_type", "the body is JSON", hint="Content-Type: application/json")
            return problem_response(told)
        detail = "; ".join(f"{item['field']}: {item['reason']}" for item in errors)
        return problem_response(Problem(422, "invalid", detail, errors=errors))

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> JSONResponse:
        status, detail, headers = error.status_code, str(error.detail), dict(error.headers or {})
        code = _CODES.get(status) or HTTPStatus(status).phrase.lower().replace(" ", "_")
        hint = None
        if status == 405:
            headers["Allow"] = ", ".join(_methods_at(request))
            hint = f"this address takes {headers['Allow']}"
        elif status == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
            detail, hint = "there is nothing at this address", "/docs lists all addresses of the API"
        elif status == 400 and detail == _UNREAD:
            if request.headers.get("content-encoding", "identity") != "identity":
                told = Problem(415, "unsupported_media_type", "a body is sent as it is, without Content-Encoding")
                return problem_response(told)
            code, detail = "malformed", "the body is not JSON: no UTF-8 text, or nested without end"
        return problem_response(Problem(status, code, detail, hint=hint, headers=headers))

    @app.exception_handler(RecordsUnavailable)
    async def no_records(request: Request, error: RecordsUnavailable) -> JSONResponse:
        log.error("records_unavailable", path=request.url.path, reason=str(error))
        return problem_response(
            Problem(503, "records_unavailable", f"the records store {error.said}", headers={"Retry-After": "5"})
        )

    @app.exception_handler(TemporalSilent)
    async def no_temporal(request: Request, error: TemporalSilent) -> JSONResponse:
        log.error("temporal_silent", path=request.url.path, reason=str(error))
        return problem_response(
            Problem(503, "temporal_silent", "Temporal does not answer", headers={"Retry-After": "5"})
        )

    @app.exception_handler(KeyReused)
    async def reused(request: Request, error: KeyReused) -> JSONResponse:
        return problem_response(Problem(422, "idempotency_key_reused", str(error)))

    @app.exception_handler(ClientDisconnect)
    async def left(request: Request, error: ClientDisconnect) -> JSONResponse:
        log.info("client_left", path=request.url.path)  # before its body was whole: nothing was taken in
        return problem_response(Problem(400, "malformed", "the body broke off"))

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", path=request.url.path, exc_info=error)
        return problem_response(Problem(500, "internal", "mayday failed on this request; its log says why"))


def _methods_at(request: Request) -> list[str]:
    """All that may be asked of an address; the framework names those of the first route that has it."""
    found: set[str] = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            found |= {method} | ({"HEAD"} if method == "GET" else set())
    return sorted(found)


def _place(loc: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in loc if part not in ("body", "query", "path")]
    return ".".join(parts) or "body"


def _reason(item: dict[str, Any]) -> str:
    if item["type"] in ("model_attributes_type", "dict_type"):
        return "expected an object"
    return str(item["msg"]).removeprefix("Value error, ")
