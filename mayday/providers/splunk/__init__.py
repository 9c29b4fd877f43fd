"""Splunk: alerts in."""
