"""Requests to endpoints of the house: `http.request`, and the actions that the catalog maps to one.

An action of the house has `http: {url, method?, headers?, body?, outputs?}` in the catalog. In `url`, `headers` and
`body`, `{name}` stands for an input, `{effect_key}`, `{incident.id}`, `{approval}` for what they say; `outputs` maps
output names to paths in the JSON answer (`ticket.id`), default: the answer's keys of the same names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from temporalio import activity
from temporalio.common import RawValue

from activities.actions import receipt, text_of
from activities.chain import first_that_works
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import ActionReceipt, ActionRequest
from mayday.domain.errors import Refused
from mayday.domain.ports import HttpCall
from mayday.language.catalog import ActionSpec

_NAME = re.compile(r"\{([a-z][a-z0-9_.]*)\}")


class HttpActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name="http.request")
    async def request(self, request: ActionRequest) -> ActionReceipt:
        with reported():
            headers = request.inputs.get("headers") or {}
            call = HttpCall(
                effect_key=request.effect_key, method=str(request.inputs.get("method") or "POST").upper(),
                url=text_of(request, "url"), headers={str(name): str(value) for name, value in headers.items()},
                body=request.inputs.get("body"),
            )  # fmt: skip
            callers = self._given.ports_for(request.incident).http
            return receipt(await first_that_works(callers, lambda caller: caller.request(call), port="http"))

    @activity.defn(dynamic=True)
    async def house(self, args: Sequence[RawValue]) -> ActionReceipt:
        """Any action that the catalog defines by an HTTP request."""
        name = activity.info().activity_type
        request = activity.payload_converter().from_payload(args[0].payload, ActionRequest)
        with reported():
            spec = self._given.catalog.current().actions.get(name)
            if spec is None or spec.http is None:
                raise Refused(f"the catalog has no action {name} with an `http` request")
            call = _call(request, spec.http)
            callers = self._given.ports_for(request.incident).http
            answer = await first_that_works(callers, lambda caller: caller.request(call), port="http")
        return receipt(_outputs(spec, answer.body))


def _call(request: ActionRequest, http: dict[str, Any]) -> HttpCall:
    values: dict[str, Any] = {
        **request.inputs, "effect_key": request.effect_key, "approval": request.approval,
        **{f"incident.{name}": value for name, value in request.incident.model_dump(mode="json").items()},
    }  # fmt: skip
    if "url" not in http:
        raise Refused(f"{request.action}: its `http` has no url")
    return HttpCall(
        effect_key=request.effect_key, method=str(http.get("method", "POST")).upper(),
        url=_filled(str(http["url"]), values, in_url=True),
        headers={name: _filled(str(value), values) for name, value in (http.get("headers") or {}).items()},
        body=_body(http["body"], values) if "body" in http else request.inputs,
    )  # fmt: skip


def _body(template: Any, values: dict[str, Any]) -> Any:
    """A whole `"{name}"` keeps the input's type."""
    if isinstance(template, dict):
        return {key: _body(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_body(value, values) for value in template]
    if isinstance(template, str):
        whole = _NAME.fullmatch(template)
        return values.get(whole[1]) if whole else _filled(template, values)
    return template


def _filled(template: str, values: dict[str, Any], *, in_url: bool = False) -> str:
    def value(found: re.Match[str]) -> str:
        text = "" if values.get(found[1]) is None else str(values[found[1]])
        return quote(text, safe="") if in_url else text

    return _NAME.sub(value, template)


def _outputs(spec: ActionSpec, body: Any) -> dict[str, Any]:
    paths = (spec.http or {}).get("outputs") or {}
    return {name: _at(body, str(paths.get(name, name))) for name in spec.outputs}


def _at(body: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, dict):
            body = body.get(part)
        else:
            return None
    return body
