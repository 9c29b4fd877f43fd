"""Grafana: alerts in."""
