"""How a case is opened at each vendor: `MAYDAY_VENDOR_CASE_RULES`, YAML, by the vendor's name in the catalog.

    gateway_co: { via: mail, to: p1@gateway.example }
    dns_co: { via: servicenow, url: "https://dns.service-now.example", username: us }
    cloud_co: { via: jira, url: "https://cloud.atlassian.example", username: us@example.com, service_desk: "4",
                request_type: "17" }
    wms_co: { via: http, url: "https://pallet.example/api/cases", case: data.number,
              body: { title: "{summary}", urgency: "{priority}", reference: "{key}" } }

Passwords and tokens stand apart, in `MAYDAY_VENDOR_CASE_<VENDOR>_TOKEN`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

__all__ = ["HttpCase", "JiraCase", "MailCase", "Rule", "ServiceNowCase", "read_rules"]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MailCase(_Rule):
    """A mail; the number is ours, because the vendor's comes with its answer."""

    via: Literal["mail"]
    to: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")


class ServiceNowCase(_Rule):
    """A record in the vendor's instance; `fields` go along."""

    via: Literal["servicenow"]
    url: str
    username: str
    table: str = "sn_customerservice_case"
    fields: dict[str, str] = {}


class JiraCase(_Rule):
    """A request in the vendor's service desk (Jira Service Management)."""

    via: Literal["jira"]
    url: str
    username: str
    service_desk: str
    request_type: str


class HttpCase(_Rule):
    """A request with a mapping. `{summary}`, `{priority}`, `{contract}`, `{incident}`, `{key}` in texts of `body` are
    filled in; `case` is the path to the number in the answer. The effect key is sent as `Idempotency-Key`."""

    via: Literal["http"]
    url: str
    body: dict[str, Any]
    case: str
    headers: dict[str, str] = {}
    auth_header: str = "Authorization"
    auth_scheme: str = "Bearer"


Rule = Annotated[MailCase | ServiceNowCase | JiraCase | HttpCase, Field(discriminator="via")]
_RULES = TypeAdapter(dict[str, Rule])


def read_rules(text: str) -> dict[str, Rule]:
    """Raises ValueError that names the vendor and the key, and shows no value."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError("is no YAML") from error
    try:
        return _RULES.validate_python(data)
    except ValidationError as refused:
        first = refused.errors()[0]
        raise ValueError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
