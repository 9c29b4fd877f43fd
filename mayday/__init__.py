"""mayday: each major incident is one durable Temporal workflow that walks a YAML runbook."""

__version__ = "0.1.0"
