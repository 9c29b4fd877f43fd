"""What all pieces of a runbook file are made of: closed shapes, names, references, typed fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Ref = Annotated[str, Field(min_length=1, max_length=200, description="person.X, role.X, group.X, schedule.X")]
Via = Literal["push", "sms", "voice", "email", "chat", "status_page", "calendar"]


class Shape(BaseModel):
    """A closed piece of YAML: a misspelt key is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=False, str_strip_whitespace=False)


class FieldSpec(Shape):
    """One typed value: of an input, of a form, of an action's parameters."""

    type: Literal["string", "integer", "number", "boolean", "list", "datetime", "person"] = "string"
    enum: list[str | int] | None = None
    default: Any = None
    required: bool = True
    description: str | None = None
    visibility: Literal["public", "internal", "restricted"] = "internal"


class Notify(Shape):
    notify: Ref | list[Ref]
    via: list[Via] = ["push", "voice"]

    @property
    def targets(self) -> list[str]:
        return [self.notify] if isinstance(self.notify, str) else list(self.notify)
