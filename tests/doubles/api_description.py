"""Requests held against a vendor's own API description (OpenAPI 3 or Swagger 2), read from the samples folder."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

SAMPLES = Path(os.environ.get("MAYDAY_PROVIDER_DATA") or Path(__file__).parents[2] / "../shared/providers")
_METHODS = ("get", "put", "post", "patch", "delete")
_ROOT = "urn:api"
#: said by every client, or by nobody, whatever a description demands
_NOT_ASKED = frozenset({"accept", "content-type", "authorization"})


def described_by(path: str) -> ApiDescription | None:
    """The description at `specs/{path}`, or None where the samples are not on this machine."""
    file = SAMPLES / "specs" / path
    return _load(file) if file.is_file() else None


class ApiDescription:
    """`problems` says what is wrong with a request; nothing, when nothing is."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._registry: Registry[Any] = Registry().with_resource(
            _ROOT, Resource.from_contents(document, default_specification=DRAFT4)
        )
        self._paths = sorted(
            ((_pattern(path), path) for path in document["paths"]), key=lambda each: (each[1].count("{"), each[1])
        )

    def problems(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any) -> list[str]:
        """`body` is JSON data, a form's fields or None. The path is below the description's base."""
        template = next((name for pattern, name in self._paths if pattern.fullmatch(path)), None)
        operation = self._document["paths"].get(template, {}).get(method.lower()) if template else None
        if operation is None:
            return [f"the description has no {method} {path}"]
        assert template is not None
        shared = self._document["paths"][template].get("parameters", [])
        parameters = [self._resolved(each) for each in [*shared, *operation.get("parameters", [])]]
        found = self._missing(parameters, query, headers)
        schema = self._schema(operation, parameters, headers.get("content-type", ""))
        if schema is None or body is None:
            if body not in (None, {}) and schema is None:
                found.append("the description takes no body here")
            elif body is None and operation.get("requestBody", {}).get("required"):
                found.append("the description wants a body")
            return found
        validator = _Validator(schema, registry=self._registry)
        return found + [f"{'.'.join(map(str, e.path))}: {e.message[:200]}" for e in validator.iter_errors(body)]

    def _missing(self, parameters: list[dict[str, Any]], query: dict[str, str], headers: dict[str, str]) -> list[str]:
        found = []
        for parameter in parameters:
            name, place = parameter["name"], parameter["in"]
            there = {"query": query, "header": headers}.get(place)
            if there is None or not parameter.get("required") or name.lower() in _NOT_ASKED:
                continue
            if (name if place == "query" else name.lower()) not in there:
                found.append(f"{place} {name} is missing")
        return found

    def _schema(self, operation: dict[str, Any], parameters: list[dict[str, Any]], kind: str) -> Any:
        for parameter in parameters:
            if parameter["in"] == "body":
                return self._absolute(parameter["schema"])
        content = self._resolved(operation.get("requestBody", {})).get("content", {})
        wanted = content.get(kind.partition(";")[0].strip()) or next(iter(content.values()), None)
        return self._absolute(wanted["schema"]) if wanted and "schema" in wanted else None

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            found: Any = self._document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def _absolute(self, schema: Any) -> Any:
        """The schema with references that are found from outside of the document."""
        if isinstance(schema, dict):
            return {
                key: _ROOT + value if key == "$ref" and isinstance(value, str) else self._absolute(value)
                for key, value in schema.items()
            }
        return [self._absolute(each) for each in schema] if isinstance(schema, list) else schema


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("/".join("[^/]+" if "{" in part else re.escape(part) for part in path.split("/")))


def _type(validator: Any, types: Any, instance: Any, schema: Any) -> Any:
    if instance is None and schema.get("nullable"):
        return
    yield from jsonschema.Draft4Validator.VALIDATORS["type"](validator, types, instance, schema)


def _enum(validator: Any, enums: Any, instance: Any, schema: Any) -> Any:
    if instance is None and schema.get("nullable"):
        return
    yield from jsonschema.Draft4Validator.VALIDATORS["enum"](validator, enums, instance, schema)


def _required(validator: Any, required: Any, instance: Any, schema: Any) -> Any:
    """What only answers carry (readOnly) is not asked of requests."""
    if not isinstance(instance, dict) or not isinstance(required, list):
        return
    for name in required:
        if name not in instance and not schema.get("properties", {}).get(name, {}).get("readOnly"):
            yield ValidationError(f"{name!r} is missing")


_Validator = extend(jsonschema.Draft4Validator, {"type": _type, "enum": _enum, "required": _required})


@cache
def _load(file: Path) -> ApiDescription:
    text = file.read_text(encoding="utf-8")
    document = json.loads(text) if file.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
    return ApiDescription(document)
