"""Datadog: alerts in."""
