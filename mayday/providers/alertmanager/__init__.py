"""Prometheus Alertmanager: alerts in."""
