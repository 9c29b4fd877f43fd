"""The systems that may post to `/webhooks/{source}`: one line each, loaded when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import cast

from mayday.language.catalog import SourceMapping
from mayday.providers.generic.inbound import Generic
from mayday.providers.inbound import InboundSource

__all__ = ["GENERIC", "MAPPED", "NAMES", "inbound_source"]

#: source -> module and class of its inbound side
NAMES: dict[str, str] = {
    "alertmanager": "mayday.providers.alertmanager.inbound:Alertmanager",
    "grafana": "mayday.providers.grafana.inbound:Grafana",
    "datadog": "mayday.providers.datadog.inbound:Datadog",
    "splunk": "mayday.providers.splunk.inbound:Splunk",
    "newrelic": "mayday.providers.newrelic.inbound:NewRelic",
    "dynatrace": "mayday.providers.dynatrace.inbound:Dynatrace",
    "aws": "mayday.providers.aws.inbound:Aws",
    "azure": "mayday.providers.azure.inbound:Azure",
    "gcp": "mayday.providers.gcp.inbound:GoogleCloud",
    "pagerduty": "mayday.providers.pagerduty.inbound:PagerDuty",
    "servicenow": "mayday.providers.servicenow.inbound:ServiceNow",
    "opsgenie": "mayday.providers.opsgenie.inbound:Opsgenie",
    "jira": "mayday.providers.jira.inbound:Jira",
    "bmc": "mayday.providers.bmc.inbound:Bmc",
    "zoom": "mayday.providers.zoom.inbound:Zoom",
    "twilio": "mayday.providers.twilio.inbound:Twilio",
}
#: what the catalog describes: this one, and every name in its `sources`
GENERIC = "generic"
#: served without a mapping too, by the plain form. Everbridge has no message of its own to post: what its workflows and
#: alert rules send is worded by whoever sets them up, and who confirmed a call is asked for (providers/everbridge).
MAPPED: dict[str, str] = {"everbridge": "Everbridge: what its workflows post", GENERIC: Generic.title}


def inbound_source(name: str, mappings: Mapping[str, SourceMapping] | None = None) -> InboundSource | None:
    """The source called `name`, or None: nobody of that name posts here. `mappings` are the catalog's `sources`."""
    if name in NAMES:
        return _vendor(name)
    given = (mappings or {}).get(name)
    return Generic(name, given, MAPPED.get(name)) if given is not None or name in MAPPED else None


@cache
def _vendor(name: str) -> InboundSource:
    module, _, cls = NAMES[name].partition(":")
    return cast(InboundSource, getattr(import_module(module), cls)())
