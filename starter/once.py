"""`Idempotency-Key` on every POST of the API: the same request sent twice is answered twice and done once.

A stored answer is replayed with `Idempotent-Replayed: true`. Answers that a retry may cure (5xx, a body that is wrong)
are not kept. While the store is down keys are not kept either: the command ids that are made from them still are.

An answer that holds a secret (a token, a login code) is stored sealed: the key to it is made of the caller's own
credential and Idempotency-Key, which the store does not have (`SealedOnceRoute`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Request, Response
from fastapi.responses import JSONResponse

from mayday.records.errors import RecordsUnavailable
from mayday.records.idempotency import IdempotencyKeys
from starter.access import Principal, caller
from starter.asked import AskedRoute
from starter.problems import PROBLEM_JSON, Problem, problem_response

__all__ = ["OnceRoute", "SealedOnceRoute", "idempotency_key"]

LONGEST_KEY = 255
KEPT = frozenset({200, 201, 202, 409})

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def idempotency_key(request: Request) -> str | None:
    """The caller's key; a 400 `Problem` when it cannot be one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Problem(400, "invalid_idempotency_key", f"an Idempotency-Key has 1 to {LONGEST_KEY} printable characters")
    return key


class PlainRequest(Request):
    """A request whose JSON is JSON, and has one meaning: Python's reader would also take `NaN`, half of a surrogate
    pair, and the last of two fields of one name."""

    async def json(self) -> Any:
        text = (await self.body()).decode()
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_each_once)
        if "\\u" in text:
            try:
                json.dumps(found, ensure_ascii=False).encode()
            except UnicodeEncodeError as error:
                raise json.JSONDecodeError("half of a surrogate pair", text, error.start) from None
        return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise json.JSONDecodeError(f"{twice[:60]!r} twice in one object", "", 0)
    return found


def _no_number(word: str) -> Any:
    raise json.JSONDecodeError(f"{word} is no number in JSON", word, 0)


class OnceRoute(AskedRoute):
    """A route whose POSTs are done once a key."""

    def kept(self, request: Request, key: str, body: Any) -> Any:
        """What is stored of an answer."""
        return body

    def shown(self, request: Request, key: str, stored: Any) -> Any:
        """The answer again, from what was stored; a 409 `Problem` when this caller may not have it."""
        return stored

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            request = PlainRequest(request.scope, request.receive)
            key = idempotency_key(request) if request.method == "POST" else None
            if key is None:
                return await handle(request)
            principal = await caller(request)
            keys: IdempotencyKeys = request.app.state.parts.records.idempotency
            try:
                stored = await keys.begin(principal.token_id, key, await _fingerprint(request))
            except RecordsUnavailable:
                return await handle(request)
            if stored is None:
                return await self._first(request, principal, key, keys, handle)
            if stored.status is None:
                raise Problem(
                    409, "in_progress", "the same request is being worked on", headers={"Retry-After": "1"}
                )  # fmt: skip
            media = PROBLEM_JSON if stored.status >= 400 else "application/json"
            body = self.shown(request, key, stored.body)
            return JSONResponse(body, stored.status, headers={"Idempotent-Replayed": "true"}, media_type=media)

        return once

    async def _first(
        self, request: Request, principal: Principal, key: str, keys: IdempotencyKeys, handle: Handler
    ) -> Response:
        try:
            response = await handle(request)
        except Problem as problem:
            if problem.status not in KEPT:
                await _release(keys, principal, key)
                raise
            response = problem_response(problem)
        except BaseException:  # also a caller that hung up: the key must not stay taken
            await _release(keys, principal, key)
            raise
        if response.status_code not in KEPT:
            await _release(keys, principal, key)
            return response
        try:
            body = self.kept(request, key, json.loads(bytes(response.body) or b"null"))
            await keys.finish(principal.token_id, key, response.status_code, body)
        except RecordsUnavailable:
            pass  # the answer stands; the same key again meets the same command id in the workflow
        return response


class SealedOnceRoute(OnceRoute):
    """A route whose answers may hold a secret: what is stored can be read only by who knows credential and key."""

    def kept(self, request: Request, key: str, body: Any) -> Any:
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(_sealing_key(request, key)).encrypt(nonce, json.dumps(body).encode(), None)
        return {"sealed": base64.b64encode(nonce + sealed).decode()}

    def shown(self, request: Request, key: str, stored: Any) -> Any:
        raw = base64.b64decode(stored["sealed"])
        try:
            return json.loads(AESGCM(_sealing_key(request, key)).decrypt(raw[:12], raw[12:], None))
        except InvalidTag:  # another cookie of the same session: it was made anew meanwhile
            raise Problem(
                409, "answered_before", "this was done; its answer can be read only as it was asked"
            ) from None


def _sealing_key(request: Request, key: str) -> bytes:
    """From what only the caller has: the bearer token or the cookie, and the key of the request."""
    sessions = request.app.state.parts.sessions
    shown = request.headers.get("authorization") or request.cookies.get(sessions.name, "")
    return hmac.new(shown.encode(), f"idempotent answer {key}".encode(), hashlib.sha256).digest()


async def _release(keys: IdempotencyKeys, principal: Principal, key: str) -> None:
    try:
        await keys.release(principal.token_id, key)
    except RecordsUnavailable:
        pass  # it is abandoned by itself after a minute


async def _fingerprint(request: Request) -> str:
    body = await request.body()
    return hashlib.sha256(b"\n".join((request.method.encode(), request.url.path.encode(), body))).hexdigest()
