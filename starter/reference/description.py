"""The OpenAPI document, completed: what the framework cannot know about answers, refusals, keys and who may.

every operation below /api    problem details (RFC 9457) for each way in which it refuses; bearer token or session
POST                          `Idempotency-Key`, where the route keeps answers
decisions                     200 applied, 202 pending, 409 refused by the incident
GET                           lists are `{items, next}`; `ETag`, and 304 for `If-None-Match`
"""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from starter.once import OnceRoute
from starter.reference.answers import ALSO, ANSWERS, INSTEAD
from starter.reference.answers import schemas as described_answers

__all__ = ["every_route", "install"]

ABOUT = """The actor is whoever the token or the session belongs to, never a field.

A request without a valid token is 401. What the token's level or scopes do not allow is 403. What the incident refuses
is 409 with a code and the reason. Every refusal is a problem document; `code` is for programs, `detail` for people.

The same Idempotency-Key with the same request gives the first answer again, with `Idempotent-Replayed: true`.

Lists are `{"items": [...], "next": cursor or null}`: give `next` as `cursor` (`after` for timelines) for the next page.
"""
PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457)",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "urn:mayday:problem:CODE"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people"},
        "code": {"type": "string", "description": "For programs"},
        "hint": {"type": "string", "description": "What to do instead"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}
DECIDED = {
    "type": "object",
    "required": ["state", "command"],
    "properties": {
        "state": {"type": "string", "enum": ["applied", "pending"]},
        "command": {"type": "string", "description": "The command's id: the same key gives the same id"},
        "entry": {"type": ["integer", "null"], "description": "The number of the timeline's entry about it"},
        "detail": {"type": "object"},
    },
}
LISTED = {
    "type": "object",
    "required": ["items", "next"],
    "properties": {
        "items": {"type": "array", "items": {"type": "object"}},
        "next": {"type": ["string", "null"], "description": "Where the next page begins; null: this was the last"},
    },
}
MEANINGS = {
    "400": "malformed: no JSON, a field or header twice, or an Idempotency-Key that cannot be one",
    "401": "no token or session, or one that is unknown, expired or revoked",
    "403": "the level, the scopes or the missing proof of a form do not allow it",
    "404": "there is no such thing",
    "408": "the body did not come to an end in time",
    "409": "refused as things are now; `code` says why",
    "413": "the body is too large",
    "415": "the body is of another kind than `application/json`",
    "422": "a field is missing or wrong or a parameter unknown (see `errors`), or the Idempotency-Key was another's",
    "429": "wrong credentials again and again; Retry-After says when to come back",
    "503": "the records store or Temporal does not answer; Retry-After says when to come back",
}
KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes a repeated request count once",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
MATCH_PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the answer at hand: 304 while it is still this one",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]*$"},
}
CHANNEL_PARAMETER = {
    "name": "Mayday-Channel",
    "in": "header",
    "required": False,
    "description": "Through which door the decision came: api, cli, console, chat, phone",
    "schema": {"type": "string", "enum": ["api", "cli", "console", "chat", "phone"]},
}


def install(app: FastAPI) -> None:
    """`/openapi.json` and `/docs` say all of this from now on."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def complete(app: FastAPI) -> dict[str, Any]:
    """The framework's document with what it lacks."""
    document: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=ABOUT, routes=app.routes
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {**described_answers(), "Problem": PROBLEM, "Decided": DECIDED, "List": LISTED}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "mayday token create"},
        "session": {
            "type": "apiKey", "in": "cookie", "name": "mayday_session",
            "description": "A browser's login; whatever changes something needs X-CSRF-Token as well",
        },
    }  # fmt: skip
    once = {
        (method, _plain(route.path)) for route in every_route(app) for method in route.methods or () if _keeps(route)
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(path, method, operation, keeps_answers=(method.upper(), path) in once)
            if (method, path) in ANSWERS:
                _describe(operation["responses"], *ANSWERS[method, path])
    return document


def _describe(answers: dict[str, Any], status: str, schema: dict[str, Any]) -> None:
    """The fields of an answer; one that says the same with another status has the same."""
    for code in {status, "200", "503"} & set(answers):
        said = answers[code].get("content", {}).get("application/json")
        if said is not None:
            said["schema"] = schema


def every_route(app: FastAPI) -> list[APIRoute]:
    """All routes, those of included routers too: the framework keeps these one level down."""
    found: list[APIRoute] = []
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        inner = getattr(route, "original_router", None)
        if inner is not None:
            waiting += inner.routes
        elif isinstance(route, APIRoute):
            found.append(route)
    return found


def _keeps(route: APIRoute) -> bool:
    return isinstance(route, OnceRoute)


def _plain(path: str) -> str:
    return re.sub(r":path}", "}", path)


def _complete(path: str, method: str, operation: dict[str, Any], *, keeps_answers: bool) -> None:
    answers: dict[str, Any] = operation["responses"]
    answers.pop("422", None)
    api = path.startswith("/api/")
    has_body = "requestBody" in operation
    parameters = operation.setdefault("parameters", [])
    codes: list[str] = []
    if api:
        operation["security"] = [{"token": []}, {"session": []}]
        codes += ["401", "403", "404", "429", "503"]
    elif "{" in path:
        codes.append("404")
    if api or parameters or has_body:
        codes.append("422")
    if method != "get":
        codes += ["400", "408", "409", "413"] if api else ["400", "401", "408", "413", "429", "503"]
        if api and has_body:
            codes.append("415")
        if api and keeps_answers and method == "post":
            parameters.append(KEY_PARAMETER)
    elif api:
        codes += ["400", "409"] if "{incident}" in path else ["400"]  # a short id may mean two incidents
        if not path.endswith("/stream"):
            parameters.append(MATCH_PARAMETER)
            answers.setdefault("304", {"description": "It is still what `If-None-Match` says"})
            _with_tag(answers)
    if method == "get" and path in INSTEAD:
        answers["200"] = _file(answers["200"]["description"], INSTEAD[path])
    elif path.endswith("/archive"):
        pass  # it tells of the archive, and is no decision
    elif {"decisions", "drills"} & set(operation.get("tags", [])) or path.startswith("/api/v1/reviews/"):
        if method in ("post", "put"):
            parameters.append(CHANNEL_PARAMETER)
            answers["200"] = _json("Applied", "Decided")
            answers["202"] = _json("The incident has not answered yet: it is applied once, when it does", "Decided")
    if path == "/api/v1/incidents" and method == "post":
        answers["200"] = {**answers["201"], "description": "The open incident of this cause"}
    if method == "get" and api and _lists(operation):
        answers["200"] = {**answers["200"], **_json(answers["200"]["description"], "List")}
    for code in codes:
        answers[code] = {
            "description": MEANINGS[code],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    for media in ALSO.get(path, ()) if method == "get" else ():
        answers["200"]["content"][media] = {"schema": {"type": "string"}}
    if path == "/readyz":
        answers["503"] = {**answers["200"], "description": "Neither the store nor Temporal answers, or it is stopping"}
    operation["responses"] = dict(sorted(answers.items()))


def _file(description: str, media: str) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": {"type": "string", "format": "binary"}}}}


def _with_tag(answers: dict[str, Any]) -> None:
    if "application/json" in answers.get("200", {}).get("content", {}):
        answers["200"] = {
            **answers["200"],
            "headers": {"ETag": {"description": "Changes with the answer", "schema": {"type": "string"}}},
        }


def _lists(operation: dict[str, Any]) -> bool:
    return str(operation.get("operationId", "")).startswith("list_") or bool(
        {"limit"} & {parameter["name"] for parameter in operation["parameters"]}
    )


def _json(description: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}
