"""Dynatrace: problems in."""
